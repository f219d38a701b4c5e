package possible_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/algebra/possible"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/analysis"
)

// winners are the deployments of one app at the highest priority on a device, found by evaluating
// the World there.
func winners(w algebra.World, d algebra.Device, app string) []string {
	demand := w.On(algebra.NewReality(algebratest.MustRoster([]algebra.Device{d}), time.Unix(0, 0)))
	var out []string
	most := 0
	for _, c := range demand.Assignment().At(0) {
		switch name := c.Deployment.String(); {
		case c.Deployment.App().String() != app || len(out) > 0 && c.Priority < most:
		case len(out) == 0 || c.Priority > most:
			out, most = []string{name}, c.Priority
		case !slices.Contains(out, name):
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

type coverer func(o analysis.Options, all []possible.Claim) ([]possible.Part, error)

// covers is the law: for each app every device is in the part that tells what it gets there, and
// in no other; the witness of a part is in it.
func covers(cover coverer, told *int) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation) bool {
		parts, err := cover(analysis.Options{}, possible.Claims(s.World))
		if err != nil {
			return false
		}
		known := map[string]bool{} // what comes out of an app is told once
		apps := map[string]bool{}
		for _, p := range parts {
			*told++
			d, ok := asDevice(p.Witness)
			key := p.App + fmt.Sprint(p.Deployments)
			if !ok || known[key] || !slices.Equal(winners(s.World, d, p.App), p.Deployments) {
				return false
			}
			known[key], apps[p.App] = true, true
		}
		for _, d := range s.Devices {
			for app := range apps {
				if !known[app+fmt.Sprint(winners(s.World, d, app))] {
					return false
				}
			}
		}
		return true
	}, algebratest.Situations())
}

func TestCoverIsWhoGetsWhat(t *testing.T) {
	told := 0
	algebratest.Law(t, 100)(covers(possible.Cover, &told))
	if told < 300 {
		t.Errorf("only %d parts", told)
	}
}

func TestCoverLawSeesWrongCovers(t *testing.T) {
	told := 0
	planted := algebratest.Planted(t, 100)
	planted("a part is lost", covers(func(o analysis.Options, all []possible.Claim) ([]possible.Part, error) {
		parts, err := possible.Cover(o, all)
		return parts[:max(len(parts)-1, 0)], err
	}, &told))
	planted("priorities are not looked at", covers(func(o analysis.Options, all []possible.Claim) ([]possible.Part, error) {
		all = slices.Clone(all)
		for i := range all {
			all[i].Priority = 0
		}
		return possible.Cover(o, all)
	}, &told))
	planted("a witness without labels", covers(func(o analysis.Options, all []possible.Claim) ([]possible.Part, error) {
		parts, err := possible.Cover(o, all)
		for i := range parts {
			parts[i].Witness.Labels = nil
		}
		return parts, err
	}, &told))
}

type checking func(w algebra.World) []possible.Finding

// proves is the law: that no device of a kind gets an app is refuted by one that does, or there is
// none.
func proves(check checking, told map[bool]int) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation, x selectors.Expr) bool {
		v := algebratest.Vocabulary()
		kind := v.Bind(x)
		app := s.World.Deployments[len(s.World.Deployments)-1].App().String()
		never, err := selectors.Parse(fmt.Sprintf("(%s) & any(deploy: app = %s)", selectors.Print(x), app))
		if err != nil {
			return false
		}
		s.World.Theorems = []algebra.Theorem{{Name: "t", Source: algebra.Source{File: "t"}, Never: v.Bind(never)}}
		is := func(d algebra.Device) bool { return kind.Matches(d) && len(winners(s.World, d, app)) > 0 }
		for _, f := range check(s.World) {
			if f.Unproved {
				told[false]++
				d, ok := asDevice(*f.Witness)
				return ok && is(d)
			}
		}
		told[true]++
		return !slices.ContainsFunc(s.Devices, is)
	}, algebratest.Situations(), algebratest.Vocabulary().Selectors())
}

func TestTheoremsAreProvedOrRefuted(t *testing.T) {
	told := map[bool]int{}
	algebratest.Law(t, 100)(proves(possible.Check, told))
	if told[true] < 10 || told[false] < 10 {
		t.Errorf("proved or not: %v", told)
	}
}

func TestTheoremLawSeesWrongProofs(t *testing.T) {
	planted := algebratest.Planted(t, 100)
	planted("all is proved", proves(func(algebra.World) []possible.Finding { return nil }, map[bool]int{}))
	planted("a witness without labels", proves(func(w algebra.World) []possible.Finding {
		found := possible.Check(w)
		for _, f := range found {
			if f.Unproved {
				f.Witness.Labels, f.Witness.Facts = nil, nil
			}
		}
		return found
	}, map[bool]int{}))
	planted("abstract assignments count", proves(func(w algebra.World) []possible.Finding {
		w.Assignments = slices.Clone(w.Assignments)
		for i := range w.Assignments {
			w.Assignments[i].Abstract = false
		}
		return possible.Check(w)
	}, map[bool]int{}))
}

// rings is every device that selectors on one label tell apart.
func rings() []algebra.Device {
	out := []algebra.Device{{ID: algebra.MustDeviceID("d")}}
	for _, value := range []string{"0", "1", "2", "other"} {
		out = append(out, algebra.Device{ID: algebra.MustDeviceID("d"), Labels: map[string]string{"ring": value}})
	}
	return out
}

// waves is the law: what is said of the waves of a rollout is what goes wrong with them on every
// device of a small domain.
func waves(check checking, told map[string]int) gopter.Prop {
	pool := []string{`label("ring") = "0"`, `label("ring") in ("0", "1")`, `label("ring") != "0"`, `label("ring") = "2"`, `has(label("ring"))`, `!has(label("ring"))`}
	some := gen.IntRange(0, len(pool)-1)
	return prop.ForAll(func(target, x, y, z int, rest bool) bool {
		bind := func(i int) *selectors.Bound {
			expr, err := selectors.Parse(pool[i])
			if err != nil {
				panic(err)
			}
			return algebratest.Vocabulary().Bind(expr)
		}
		all := bind(target)
		r := algebra.Rollout{Name: "r", Fleet: all}
		of := []*selectors.Bound{bind(x), bind(y), bind(z)}
		for _, b := range of {
			r.Waves = append(r.Waves, algebra.FleetWave{Fleet: b})
		}
		if rest {
			r.Waves = append(r.Waves, algebra.RestWave{})
		}
		var want []string
		seen := map[string]bool{}
		key := func(d algebra.Device) string { return fmt.Sprint(d.Labels) }
		for _, b := range of {
			some, fresh, again := false, false, false
			for _, d := range rings() {
				if all.Matches(d) && b.Matches(d) {
					some, fresh, again = true, fresh || !seen[key(d)], again || seen[key(d)]
				}
			}
			switch {
			case !some:
				want = append(want, "no device of its target can be in the wave")
			case !fresh:
				want = append(want, "the waves before it have every device")
			case again:
				want = append(want, "overlaps those before it")
			}
			for _, d := range rings() {
				seen[key(d)] = seen[key(d)] || all.Matches(d) && b.Matches(d)
			}
		}
		if !rest && slices.ContainsFunc(rings(), func(d algebra.Device) bool { return all.Matches(d) && !seen[key(d)] }) {
			want = append(want, "do not cover its target")
		}
		found := check(algebra.World{Rollouts: []algebra.Rollout{r}})
		if len(found) != len(want) {
			return false
		}
		for i, f := range found {
			told[want[i]]++
			if !strings.Contains(f.Message, want[i]) {
				return false
			}
		}
		return true
	}, some, some, some, some, gen.Bool())
}

func TestWavesAreToldWhatTheyReach(t *testing.T) {
	told := map[string]int{}
	algebratest.Law(t, 300)(waves(possible.Check, told))
	if len(told) != 4 {
		t.Errorf("told: %v", told)
	}
}

func TestWaveLawSeesWrongWaves(t *testing.T) {
	planted := algebratest.Planted(t, 300)
	planted("the last wave is lost", waves(func(w algebra.World) []possible.Finding {
		r := w.Rollouts[0]
		r.Waves = r.Waves[:len(r.Waves)-1]
		return possible.Check(algebra.World{Rollouts: []algebra.Rollout{r}})
	}, map[string]int{}))
	planted("the target is everyone", waves(func(w algebra.World) []possible.Finding {
		r := w.Rollouts[0]
		expr, _ := selectors.Parse("all")
		r.Fleet = algebratest.Vocabulary().Bind(expr)
		return possible.Check(algebra.World{Rollouts: []algebra.Rollout{r}})
	}, map[string]int{}))
}
