package planner_test

import (
	"math/rand"
	"reflect"
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner"
)

// orderLaw: there is an order that has each change after those it requires. In any such order
// a deployment comes when the apps it requires are as they shall be, and takes no port or name
// that another still holds, unless that other has to wait for it, or
// they exchange some.
func orderLaw(make planning, ordered *int) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation) bool {
		p := make(s.World, s.Reality())
		r := rand.New(rand.NewSource(int64(len(p.Changes))))
		want := map[planner.Target]algebra.Deployment{}
		for _, c := range p.Changes {
			want[c.Action.Target()] = c.Want
			if len(c.Requires) > 0 {
				*ordered++
			}
		}
		done, now := map[string]bool{}, map[planner.Target]algebra.Deployment{}
		for _, c := range p.Changes {
			now[c.Action.Target()] = c.Have
		}
		for left := slices.Clone(p.Changes); len(left) > 0; {
			r.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
			i := slices.IndexFunc(left, func(c planner.Change) bool {
				return !slices.ContainsFunc(c.Requires, func(id string) bool { return !done[id] })
			})
			if i < 0 || !fits(left[i], p.Changes, want, now) {
				return false
			}
			done[left[i].ID], now[left[i].Action.Target()] = true, left[i].Want
			left = slices.Delete(left, i, i+1)
		}
		return true
	}, algebratest.Situations())
}

// fits reports whether a change may be done now.
func fits(c planner.Change, all []planner.Change, want, now map[planner.Target]algebra.Deployment) bool {
	if c.Want.IsZero() {
		return true
	}
	at := c.Action.Target()
	for _, app := range c.Want.Requires() {
		other := planner.Target{Device: at.Device, App: app}
		if w, changes := want[other]; changes && (w.IsZero() || now[other].IsZero() || now[other].Digest() != w.Digest()) {
			return false
		}
	}
	for _, o := range all {
		t := o.Action.Target()
		if t.Device != at.Device || t == at || now[t].IsZero() || !o.Want.IsZero() && now[t].Digest() == o.Want.Digest() {
			continue
		}
		exchange := !c.Have.IsZero() && !o.Want.IsZero() && share(c.Have, o.Want)
		if share(c.Want, now[t]) && !exchange && !requires(all, o, c.ID) {
			return false
		}
	}
	return true
}

// requires reports whether a change must wait for another.
func requires(all []planner.Change, c planner.Change, id string) bool {
	return slices.ContainsFunc(c.Requires, func(r string) bool {
		i := slices.IndexFunc(all, func(o planner.Change) bool { return o.ID == r })
		return r == id || requires(all, all[i], id)
	})
}

func share(a, b algebra.Deployment) bool {
	return slices.ContainsFunc(a.Resources(), func(r algebra.Resource) bool { return slices.Contains(b.Resources(), r) })
}

func TestChangesComeAfterWhatTheyRequire(t *testing.T) {
	ordered := 0
	algebratest.Law(t, cases)(orderLaw(planner.Make, &ordered))
	if ordered < cases/5 {
		t.Errorf("%d changes require another in %d cases only", ordered, cases)
	}
}

// narrowLaw: the parts of a plan for a fleet and for all other devices make up the plan, and
// each has what is about its devices.
func narrowLaw(only func(planner.Plan, algebra.Fleet) planner.Plan, split *int) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation) bool {
		whole := planner.Make(s.World, s.Reality()).Whole()
		half, _ := whole.Roster.Fleet(func(yield func(algebra.DeviceID) bool) {
			for i := uint32(0); i < uint32(whole.Roster.Len()); i += 2 {
				if !yield(whole.Roster.ID(i)) {
					return
				}
			}
		})
		in, out := only(whole, half), only(whole, whole.Roster.All().Minus(half))
		if len(in.Changes) > 0 && len(out.Changes) > 0 {
			*split++
		}
		counts := func(p planner.Plan) []int {
			return []int{len(p.Changes), len(p.Registry), len(p.Blocked), len(p.InFlight), len(p.Drift), len(p.AtRest), p.Unchanged, len(p.Base)}
		}
		sum := counts(in)
		for i, n := range counts(out) {
			sum[i] += n
		}
		for _, c := range in.Changes {
			i, _ := whole.Roster.Ordinal(c.Action.Target().Device)
			if !half.Contains(i) || !slices.ContainsFunc(whole.Changes, func(o planner.Change) bool { return reflect.DeepEqual(o, c) }) {
				return false
			}
		}
		return slices.Equal(sum, counts(whole)) && in.Partial && len(in.AtRest) == in.Unchanged
	}, algebratest.Situations())
}

func TestPartsOfAPlanMakeItUp(t *testing.T) {
	split := 0
	algebratest.Law(t, cases)(narrowLaw(planner.Plan.Only, &split))
	if split < cases/5 {
		t.Errorf("changes in both parts in %d of %d cases only", split, cases)
	}
}

func TestOrderLawsSeeWrongPlans(t *testing.T) {
	n, check := 0, algebratest.Planted(t, planted)
	check("nothing is said of the order", orderLaw(func(w algebra.World, r algebra.Reality) planner.Plan {
		p := planner.Make(w, r)
		for i := range p.Changes {
			p.Changes[i].Requires = nil
		}
		return p
	}, &n))
	check("a part is the whole", narrowLaw(func(p planner.Plan, _ algebra.Fleet) planner.Plan {
		p.Partial = true
		return p
	}, &n))
	check("what runs is counted as before", narrowLaw(func(p planner.Plan, f algebra.Fleet) planner.Plan {
		n := p.Unchanged
		p = p.Only(f)
		p.Unchanged = n
		return p
	}, &n))
}
