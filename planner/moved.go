package planner

import (
	"maps"
	"slices"

	"github.com/musterfleet/muster/algebra"
)

// Move is a device that is not any more as a plan took it to be.
type Move struct {
	Device algebra.DeviceID
	Why    string
}

// Moved lists the devices that moved since the plan was made, by id: whose registry entry or
// desired state has another revision in r, or on which the rules of w read something else. On a
// device that did not, and with the World the plan was made for, a new plan does the same but
// for what is blocked since.
func (p Plan) Moved(w algebra.World, r algebra.Reality) []Move {
	roster, _ := w.Relabel(r.Roster)
	m := &making{world: w, reality: r, roster: roster, demand: w.On(r.Of(roster))}
	base, now := m.bases(), map[algebra.DeviceID]Base{}
	var out []Move
	for _, id := range slices.SortedFunc(maps.Keys(p.Base), algebra.DeviceID.Compare) {
		base(now, id)
		if why := p.Base[id].since(now[id]); why != "" {
			out = append(out, Move{id, why})
		}
	}
	return out
}

// since says what moved between two standings of a device.
func (b Base) since(now Base) string {
	switch {
	case b.Registry != now.Registry:
		return "its labels or its standing were changed"
	case b.Desired != now.Desired:
		return "it was published to"
	case b.Read != now.Read:
		return "it reports other facts, or runs something else, and a rule reads that"
	}
	return ""
}

// Still is what of p the newer plan does too, with the waves of p: what may be carried out of
// a plan that was saved, on the devices that did not move.
func (p Plan) Still(newer Plan, moved []Move) Plan {
	gone := map[algebra.DeviceID]bool{}
	for _, m := range moved {
		gone[m.Device] = true
	}
	saved, relabels := map[Target]Change{}, map[algebra.DeviceID]bool{}
	for _, c := range p.Changes {
		saved[c.Action.Target()] = c
	}
	for _, c := range p.Registry {
		relabels[c.Device] = true
	}
	out := newer.Of(func(t Target) bool { return !gone[t.Device] })
	out.Registry = kept(out.Registry, func(c algebra.Relabelling) bool { return relabels[c.Device] })
	out.Changes = kept(out.Changes, func(c Change) bool { return saved[c.Action.Target()].does(c) })
	for i, c := range out.Changes {
		out.Changes[i].Batch, out.Changes[i].Rollout = saved[c.Action.Target()].Batch, saved[c.Action.Target()].Rollout
	}
	slices.SortStableFunc(out.Changes, func(a, b Change) int { return a.Batch - b.Batch })
	out.Courses = narrowed(p.Courses, out.Changes)
	out.Unchanged = newer.Unchanged
	out.Partial = p.Partial || len(out.Changes) < len(p.Changes) || len(out.Registry) < len(p.Registry)
	return out
}

// Covers reports whether all that q does p does too, for the same World: who approved of p has
// approved of it.
func (p Plan) Covers(q Plan) bool {
	if p.World != q.World {
		return false
	}
	own, relabels := map[Target]Change{}, map[algebra.DeviceID]algebra.Relabelling{}
	for _, c := range p.Changes {
		own[c.Action.Target()] = c
	}
	for _, c := range p.Registry {
		relabels[c.Device] = c
	}
	for _, c := range q.Changes {
		if !own[c.Action.Target()].does(c) {
			return false
		}
	}
	for _, c := range q.Registry {
		have, ok := relabels[c.Device]
		if !ok || have.Decommissioned != c.Decommissioned || !maps.Equal(have.After, c.After) {
			return false
		}
	}
	return true
}

// does reports whether a saved change does what the other does. What a release in place took
// from its device no file says.
func (c Change) does(o Change) bool {
	if c.Action == nil {
		return false
	}
	have, want := ends(c.Action)
	haveToo, wantToo := ends(o.Action)
	return want == wantToo && have.Version == haveToo.Version && have.Deployment == haveToo.Deployment
}

// Done reports whether every slot that the plan changes is published as it wants it.
func (p Plan) Done(r algebra.Reality) bool {
	for _, c := range p.Changes {
		at := c.Action.Target()
		_, want := ends(c.Action)
		i, known := r.Roster.Ordinal(at.Device)
		if !known || r.Published.Release(i, at.App) != want {
			return false
		}
	}
	return true
}

// ends is what fills the slot before and after the action.
func ends(a Action) (have, want algebra.Release) {
	switch a := a.(type) {
	case Start:
		return algebra.Release{}, a.Want
	case Replace:
		return a.Have, a.Want
	case Stop:
		return a.Have, algebra.Release{}
	}
	panic("planner: unknown action")
}
