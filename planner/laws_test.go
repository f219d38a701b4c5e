package planner_test

import (
	"math/rand"
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner"
)

// cases is how many a law is tried on, planted how many a wrong variant is given to pass.
const (
	cases   = 600
	planted = 400
)

// diff is planner.Diff or a wrong variant.
type diff func(want, have algebra.Placement) []planner.Action

// apply does actions in the order given. It is total: an action says what its slot is to
// hold, so that doing it twice is doing it once.
func apply(have algebra.Placement, actions ...planner.Action) algebra.Placement {
	b := have.Placing()
	for _, a := range actions {
		i, ok := have.Roster().Ordinal(a.Target().Device)
		if !ok {
			panic("action on an unknown device")
		}
		switch a := a.(type) {
		case planner.Start:
			b.Put(i, a.At.App, a.Want)
		case planner.Replace:
			b.Put(i, a.At.App, a.Want)
		case planner.Stop:
			b.Put(i, a.At.App, algebra.Release{})
		}
	}
	return b.Placement()
}

// arrivalLaw: in any order and with any repetition the actions lead to want; the list is empty
// iff nothing differs; after any part of it, the Diff is the rest of it.
func arrivalLaw(diff diff, some *int) gopter.Prop {
	return prop.ForAll(func(two algebratest.Placements) bool {
		want, have := two.P, two.Q
		actions := diff(want, have)
		if len(actions) > 1 {
			*some++
		}
		r := rand.New(rand.NewSource(int64(len(actions))))
		messy := slices.Concat(actions, actions, actions[:len(actions)/2])
		r.Shuffle(len(messy), func(i, j int) { messy[i], messy[j] = messy[j], messy[i] })
		var done, rest []planner.Action
		for _, a := range actions {
			if r.Intn(2) == 0 {
				done = append(done, a)
			} else {
				rest = append(rest, a)
			}
		}
		return apply(have, actions...).Equal(want) && apply(have, messy...).Equal(want) &&
			want.Equal(have) == (len(actions) == 0) &&
			slices.Equal(diff(want, apply(have, done...)), rest) &&
			slices.IsSortedFunc(actions, func(x, y planner.Action) int { return x.Target().Compare(y.Target()) })
	}, algebratest.PlacementPairs())
}

func TestDiffArrivesInAnyOrder(t *testing.T) {
	some := 0
	algebratest.Law(t, cases)(arrivalLaw(planner.Diff, &some))
	if some < cases/5 {
		t.Errorf("several actions in %d of %d cases only", some, cases)
	}
}

// leastLaw: without any one of its actions the list does not arrive; and every correct list,
// here one made of detours, does to each slot of the list what the list does to it.
func leastLaw(diff diff, some *int) gopter.Prop {
	return prop.ForAll(func(two algebratest.Placements, detour algebra.Release) bool {
		want, have := two.P, two.Q
		actions := diff(want, have)
		if len(actions) > 0 {
			*some++
		}
		for i := range actions {
			if apply(have, slices.Delete(slices.Clone(actions), i, i+1)...).Equal(want) {
				return false
			}
		}
		final := map[planner.Target]algebra.Release{}
		correct := roundabout(want, have, detour)
		for _, a := range correct {
			final[a.Target()] = holds(a)
		}
		if !apply(have, correct...).Equal(want) {
			panic("the roundabout list is not correct")
		}
		for _, a := range actions {
			if rel, ok := final[a.Target()]; !ok || rel != holds(a) {
				return false
			}
		}
		return true
	}, algebratest.PlacementPairs(), algebratest.Releases())
}

// roundabout is a correct list that is far from least: every slot first gets another release,
// then what is wanted, changed or not.
func roundabout(want, have algebra.Placement, detour algebra.Release) []planner.Action {
	var out []planner.Action
	for i := range uint32(want.Roster().Len()) {
		for _, app := range slices.Compact(slices.SortedFunc(slices.Values(slices.Concat(want.Apps(), have.Apps())), algebra.App.Compare)) {
			at := planner.Target{Device: want.Roster().ID(i), App: app}
			if !detour.IsZero() {
				out = append(out, planner.Start{At: at, Want: detour})
			}
			if rel := want.Release(i, app); rel.IsZero() {
				out = append(out, planner.Stop{At: at})
			} else {
				out = append(out, planner.Start{At: at, Want: rel})
			}
		}
	}
	return out
}

// holds is what the slot holds after the action.
func holds(a planner.Action) algebra.Release {
	switch a := a.(type) {
	case planner.Start:
		return a.Want
	case planner.Replace:
		return a.Want
	case planner.Stop:
		return algebra.Release{}
	}
	panic("unknown action")
}

func TestDiffIsLeast(t *testing.T) {
	some := 0
	algebratest.Law(t, cases)(leastLaw(planner.Diff, &some))
	if some < cases/5 {
		t.Errorf("an action in %d of %d cases only", some, cases)
	}
}

// localityLaw: the Diff of the restrictions to a device is the restriction of the Diff.
func localityLaw(diff diff, some *int) gopter.Prop {
	return prop.ForAll(func(two algebratest.Placements) bool {
		all := diff(two.P, two.Q)
		for d := range two.P.Roster().Devices() {
			alone := algebratest.MustRoster([]algebra.Device{d})
			own := diff(two.P.On(alone), two.Q.On(alone))
			*some += len(own)
			if !slices.Equal(own, at(d.ID, all)) {
				return false
			}
		}
		return true
	}, algebratest.PlacementPairs())
}

// at is the actions on one device.
func at(id algebra.DeviceID, actions []planner.Action) []planner.Action {
	return slices.DeleteFunc(slices.Clone(actions), func(a planner.Action) bool { return a.Target().Device != id })
}

func TestDiffIsLocal(t *testing.T) {
	some := 0
	algebratest.Law(t, cases)(localityLaw(planner.Diff, &some))
	if some < cases {
		t.Errorf("%d actions in %d cases", some, cases)
	}
}

// TestDiffLawsSeeWrongDiffs plants one bug for each law and asks that very law.
func TestDiffLawsSeeWrongDiffs(t *testing.T) {
	n, check := 0, algebratest.Planted(t, planted)
	check("stops are forgotten, arrival", arrivalLaw(func(want, have algebra.Placement) []planner.Action {
		return slices.DeleteFunc(planner.Diff(want, have), func(a planner.Action) bool { _, stop := a.(planner.Stop); return stop })
	}, &n))
	check("a replace is a stop and a start, arrival in any order", arrivalLaw(func(want, have algebra.Placement) (out []planner.Action) {
		for _, a := range planner.Diff(want, have) {
			if r, ok := a.(planner.Replace); ok {
				out = append(out, planner.Stop{At: r.At, Have: r.Have}, planner.Start{At: r.At, Want: r.Want})
			} else {
				out = append(out, a)
			}
		}
		return out
	}, &n))
	check("what runs is replaced by itself, leastness", leastLaw(func(want, have algebra.Placement) []planner.Action {
		out := planner.Diff(want, have)
		for i := range uint32(want.Roster().Len()) {
			for app, rel := range want.At(i) {
				if have.Release(i, app) == rel {
					out = append(out, planner.Replace{At: planner.Target{Device: want.Roster().ID(i), App: app}, Have: rel, Want: rel})
				}
			}
		}
		return out
	}, &n))
	check("a slot is only changed where the first device wants the app too, locality", localityLaw(func(want, have algebra.Placement) []planner.Action {
		return slices.DeleteFunc(planner.Diff(want, have), func(a planner.Action) bool {
			return want.Roster().Len() > 1 && want.Release(0, a.Target().App).IsZero()
		})
	}, &n))
}
