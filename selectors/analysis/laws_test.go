package analysis_test

import (
	"math/rand"
	"os"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/analysis"
	"github.com/musterfleet/muster/selectors/selectorstest"
)

func parameters() *gopter.TestParameters {
	p := gopter.DefaultTestParametersWithSeed(20261125)
	p.MinSuccessfulTests = 300
	if os.Getenv("MUSTER_SOAK") != "" {
		p.MinSuccessfulTests = 20_000
	}
	return p
}

func check(t *testing.T, p gopter.Prop) {
	t.Helper()
	result := p.Check(parameters())
	if !result.Passed() {
		t.Fatalf("%v\n%v", result, result.Args)
	}
}

// seen fails unless the property does: a law that cannot fail says nothing.
func seen(t *testing.T, bug string, p gopter.Prop) {
	t.Helper()
	if p.Check(parameters()).Passed() {
		t.Errorf("the law does not see %s", bug)
	}
}

// vocabulary is what random expressions speak of.
func vocabulary() selectorstest.Vocabulary {
	v := selectorstest.Small()
	v.Observed = true
	return v
}

var now = selectorstest.Now

// pool are random devices, as far as they are possible: what runs has an app and counts restarts.
func pool(v selectorstest.Vocabulary, n int) []selectorstest.Device {
	p := gopter.DefaultGenParameters()
	p.Rng = rand.New(rand.NewSource(1))
	var out []selectorstest.Device
	for range n {
		d, _ := v.Devices()(p).Retrieve()
		device := d.(selectorstest.Device)
		apps := map[string]bool{}
		possible := device["name"] != ""
		for i := range 4 {
			prefix := "deploy[" + string(rune('0'+i)) + "]."
			app, ok := device[prefix+"app"]
			if !ok {
				break
			}
			if device[prefix+"restarts"] == "" {
				device[prefix+"restarts"] = "0"
			}
			possible = possible && !apps[app]
			apps[app] = true
		}
		if possible {
			out = append(out, device)
		}
	}
	return out
}

// verdicts are what an engine says of two selectors: what may be wrong in it is a field.
type engine struct {
	space   func(o analysis.Options, of ...analysis.Predicate) (*analysis.Space, error)
	within  func(a, b analysis.Set) (bool, error)
	witness func(a analysis.Set) (analysis.Device, bool, error)
}

func right() engine {
	return engine{analysis.NewSpace, analysis.Set.Within, analysis.Set.Witness}
}

// agrees is the law: what the engine says of the sets of two selectors is true of devices.
func (e engine) agrees(v selectorstest.Vocabulary, devices []selectorstest.Device, told map[string]int) gopter.Prop {
	return prop.ForAll(func(x, y selectors.Expr) bool {
		a, b := v.Bind(x), v.Bind(y)
		s, err := e.space(analysis.Options{Now: now}, analysis.Of(a), analysis.Of(b))
		if err != nil {
			return false
		}
		in, err := e.within(s.Set(0), s.Set(1))
		if err != nil {
			return false
		}
		w, some, err := e.witness(s.Set(0).Minus(s.Set(1)))
		if err != nil || some == in {
			return false
		}
		if some && (!a.Matches(w) || b.Matches(w)) {
			return false
		}
		if in {
			told["within"]++
		} else {
			told["not within"]++
		}
		for _, d := range devices {
			if in && a.Matches(d) && !b.Matches(d) {
				return false
			}
		}
		return true
	}, v.Selectors(), v.Selectors())
}

// TestVerdictsAreTrueOfDevices: a implies b iff no device is in a and not in b; where it does not
// the witness is one, and where it does none of ten thousand random devices is.
func TestVerdictsAreTrueOfDevices(t *testing.T) {
	v, told := vocabulary(), map[string]int{}
	devices := pool(v, 24_000)
	if len(devices) < 10_000 {
		t.Fatalf("only %d of them are possible devices", len(devices))
	}
	check(t, right().agrees(v, devices, told))
	for _, verdict := range []string{"within", "not within"} {
		if told[verdict] < 10 {
			t.Errorf("only %d pairs are %s", told[verdict], verdict)
		}
	}
}

// TestVerdictLawSeesWrongEngines plants engines that are wrong in one way each.
func TestVerdictLawSeesWrongEngines(t *testing.T) {
	v := vocabulary()
	devices := pool(v, 300)
	for bug, break_ := range map[string]func(*engine){
		"an implication the wrong way round": func(e *engine) {
			e.within = func(a, b analysis.Set) (bool, error) { return b.Within(a) }
		},
		"disjoint taken for not within": func(e *engine) {
			e.within = func(a, b analysis.Set) (bool, error) { apart, err := a.Disjoint(b); return !apart, err }
		},
		"a witness without its labels": func(e *engine) {
			e.witness = func(a analysis.Set) (analysis.Device, bool, error) {
				d, ok, err := a.Witness()
				d.Labels = nil
				return d, ok, err
			}
		},
		"assumptions nobody made": func(e *engine) {
			e.space = func(o analysis.Options, of ...analysis.Predicate) (*analysis.Space, error) {
				o.Assume = append(o.Assume, analysis.Of(v.MustBind(`label("ring") = "1"`)))
				return analysis.NewSpace(o, of...)
			}
		},
	} {
		e := right()
		break_(&e)
		seen(t, bug, e.agrees(v, devices, map[string]int{}))
	}
}
