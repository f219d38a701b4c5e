package policies_test

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/policies"
	pt "github.com/musterfleet/muster/policies/policiestest"
)

const (
	seed = 20261123
	runs = 500
)

func parameters() *gopter.TestParameters {
	p := gopter.DefaultTestParametersWithSeed(seed)
	p.MinSuccessfulTests, p.MinSize, p.MaxSize = runs, 1, 6
	return p
}

// spec is a gate as a generator draws it: it objects to one question in six, and cannot tell
// of one in thirty, by the hash of its name and of what it is asked.
type spec struct {
	Name, Scope, Level string
	Mild               bool // objects to nothing
}

// answer is 0 for an objection, 1 for an error, 2 for a panic, else it holds.
func (s spec) answer(question string) int {
	h := fnv.New32a()
	fmt.Fprint(h, s.Name, s.Scope, question)
	n := int(h.Sum32()>>3) % 60
	if s.Mild && n != 1 && n != 2 {
		return 3
	}
	if n < 3 {
		return n
	}
	if n < 10 {
		return 0
	}
	return 3
}

func question(in policies.Input) string {
	switch {
	case in.Change != nil:
		return in.Change.Address + strings.Join(in.Change.Change.Actions, " ") + in.Change.ActionReason
	case in.Batch != nil:
		return fmt.Sprint("batch ", in.Batch.Index)
	}
	return "plan"
}

func (s spec) gate(t testing.TB) policies.Gate {
	return pt.Gate(t, s.Name, s.Scope, s.Level, func(in policies.Input) ([]policies.Finding, error) {
		switch s.answer(question(in)) {
		case 0:
			return []policies.Finding{{}}, nil
		case 1:
			return nil, errors.New("cannot tell")
		case 2:
			panic("fell over")
		}
		return nil, nil
	})
}

func gatesOf(t testing.TB, specs []spec) policies.Gates {
	var gates policies.Gates
	for _, s := range specs {
		gates = append(gates, s.gate(t))
	}
	return gates
}

// specs are sets of gates; one in ten is empty.
var specs = gen.Frequency(map[int]gopter.Gen{1: gen.Const([]spec{}), 9: some})

var some = gen.SliceOf(gopter.CombineGens(gen.IntRange(0, 999), gen.OneConstOf("action", "action", "batch", "plan", "aggregate"),
	gen.OneConstOf("deny", "warn", "info"), gen.Weighted([]gen.WeightedGen{{Weight: 5, Gen: gen.Const(true)}, {Weight: 1, Gen: gen.Const(false)}})).
	Map(func(v []any) spec {
		return spec{fmt.Sprintf("p%03d", v[0]), v[1].(string), v[2].(string), v[3].(bool)}
	}), reflect.TypeFor[spec]())

// waiversFor draws a waiver for every third gate: of edge001 or of no device, expired or not.
func waiversFor(t testing.TB, gates []spec, seed int64) []algebra.Waiver {
	random := rand.New(rand.NewSource(seed))
	var out []algebra.Waiver
	for _, g := range gates {
		w := algebra.Waiver{Name: "w-" + g.Name, Rule: g.Name, Expires: pt.At.Add(time.Duration(random.Intn(2)))}
		if random.Intn(2) == 0 {
			w.Match = pt.Bound(t, `name = "edge001"`)
		}
		if random.Intn(3) == 0 {
			out = append(out, w)
		}
	}
	return out
}

func sameResult(a, b policies.Result) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

// verdict is a Review, or a broken one.
type verdict func(policies.Proposal, []spec, policies.Options) (policies.Approved, policies.Report)

func honest(t testing.TB) verdict {
	return func(p policies.Proposal, s []spec, o policies.Options) (policies.Approved, policies.Report) {
		return policies.Review(p, gatesOf(t, s), o)
	}
}

// objections is the naive count of what a review must find at level deny, for the questions
// of the upgrade: each rule of policies.Review said once more, without cleverness.
func objections(p policies.Proposal, gates []spec, o policies.Options) int {
	file := func() policies.Report { _, r := policies.Review(p, nil, policies.Options{}); return r }().File
	n := 0
	if len(gates) == 0 && !o.NoGates {
		n++
	}
	for _, g := range gates {
		denies := func(question, device string) bool {
			a := g.answer(question)
			return a == 1 || a == 2 || a == 0 && g.Level == "deny" && !covered(o.Waivers, g.Name, device)
		}
		switch g.Scope {
		case "action":
			for _, c := range file.ResourceChanges {
				verbs := strings.Join(c.Change.Actions, " ")
				back := map[string]string{"create": "delete", "delete": "create", "delete create": "delete create"}[verbs]
				if denies(c.Address+verbs+c.ActionReason, c.Device.ID) || o.RollsBack && denies(c.Address+back+"rollback", c.Device.ID) {
					n++
				}
			}
		case "batch":
			for _, b := range file.Batches {
				if denies(fmt.Sprint("batch ", b.Index), "") {
					n++
				}
			}
		default:
			if denies("plan", "") {
				n++
			}
		}
	}
	return n
}

// covered says the rule of waivers once more; those of the law are for edge001 or for none.
func covered(list []algebra.Waiver, rule, device string) bool {
	return slices.ContainsFunc(list, func(w algebra.Waiver) bool {
		return w.Rule == rule && w.Expires.After(pt.At) && (w.Match == nil && device == "" || w.Match != nil && device == "edge001")
	})
}

// lawful reports whether a verdict keeps the laws, and how many of its plans were approved.
func lawful(t testing.TB, v verdict) (bool, int) {
	p := pt.Upgrade(t)
	approvals := 0
	law := prop.ForAll(func(gates []spec, noGates, rollsBack bool, waived, shuffle int64) string {
		opt := policies.Options{NoGates: noGates, RollsBack: rollsBack, AllowStop: 1, Waivers: waiversFor(t, gates, waived)}
		approved, report := v(p, gates, opt)
		if !approved.IsZero() {
			approvals++
		}
		if approved.IsZero() != report.Denied() {
			return "an Approved iff no result is at level deny"
		}
		if want := objections(p, gates, opt); report.Count(policies.Deny) != want {
			return fmt.Sprintf("%d denials, %d by the naive count", report.Count(policies.Deny), want)
		}
		if written, err := policies.Judge(report.File, gatesOf(t, gates), opt); err != nil || !slices.EqualFunc(written.Results, report.Results, sameResult) {
			return fmt.Sprint("the plan's file is judged otherwise ", err)
		}
		mixed := append([]spec{}, gates...)
		rand.New(rand.NewSource(shuffle)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		other, again := v(p, mixed, opt)
		if again.Text(false) != report.Text(false) || other.Digest() != approved.Digest() {
			return "the order of gates means something"
		}
		for i, c := range p.Plan.Changes {
			if approved.Reverses(c.ID) != other.Reverses(c.ID) {
				return fmt.Sprint("the order of gates decides what reverses: ", i)
			}
		}
		if len(gates) > 1 {
			fewer, _ := v(p, gates[1:], opt)
			if fewer.IsZero() && !approved.IsZero() {
				return "a further gate turned a denial into an approval"
			}
		}
		return ""
	}, specs, gen.Bool(), gen.Bool(), gen.Int64(), gen.Int64())
	result := law.Check(parameters())
	if !result.Passed() {
		t.Logf("seed %d: %v %v", seed, result.Labels, result.Args)
	}
	return result.Passed(), approvals
}

func TestReviewLaws(t *testing.T) {
	ok, approvals := lawful(t, honest(t))
	if !ok {
		t.Error("a law does not hold")
	}
	if approvals < runs/5 || approvals > runs*4/5 {
		t.Errorf("%d of %d plans were approved: the laws were tried on one side only", approvals, runs)
	}
}

func TestReviewLawsCatchPlantedBugs(t *testing.T) {
	review := honest(t)
	bugs := map[string]verdict{
		"the first gate decides": func(p policies.Proposal, s []spec, o policies.Options) (policies.Approved, policies.Report) {
			return review(p, s[:min(1, len(s))], o)
		},
		"an error passes": func(p policies.Proposal, s []spec, o policies.Options) (policies.Approved, policies.Report) {
			var gates policies.Gates
			for _, one := range s {
				gates = append(gates, pt.Gate(t, one.Name, one.Scope, one.Level, func(in policies.Input) ([]policies.Finding, error) {
					if one.answer(question(in)) == 0 {
						return []policies.Finding{{}}, nil
					}
					return nil, nil
				}))
			}
			return policies.Review(p, gates, o)
		},
		"no gates approve": func(p policies.Proposal, s []spec, o policies.Options) (policies.Approved, policies.Report) {
			o.NoGates = true
			return review(p, s, o)
		},
		"denied and approved": func(p policies.Proposal, s []spec, o policies.Options) (policies.Approved, policies.Report) {
			_, report := review(p, s, o)
			approved, _ := policies.Review(p, nil, policies.Options{NoGates: true, AllowStop: 1})
			return approved, report
		},
		"waivers never expire": func(p policies.Proposal, s []spec, o policies.Options) (policies.Approved, policies.Report) {
			for i := range o.Waivers {
				o.Waivers[i].Expires = pt.At.Add(1)
			}
			approved, report := review(p, s, o)
			for i := range o.Waivers {
				o.Waivers[i].Expires = pt.At
			}
			return approved, report
		},
		"rollbacks pass unseen": func(p policies.Proposal, s []spec, o policies.Options) (policies.Approved, policies.Report) {
			o.RollsBack = false
			return review(p, s, o)
		},
	}
	for name, bug := range bugs {
		if ok, _ := lawful(t, bug); ok {
			t.Errorf("not seen: %s", name)
		}
	}
}
