package planner

import (
	"maps"
	"slices"

	"github.com/musterfleet/muster/algebra"
)

// Only is the part of the plan that is about the devices of a fleet of p.Roster. It says that
// it is partial.
//
// Law: it is a part of the whole plan, ids and all, and one that stands by itself: what
// an action requires is on its own device.
func (p Plan) Only(f algebra.Fleet) Plan {
	in := func(id algebra.DeviceID) bool {
		i, ok := p.Roster.Ordinal(id)
		return ok && f.Contains(i)
	}
	p.Partial = true
	p.Registry = kept(p.Registry, func(c algebra.Relabelling) bool { return in(c.Device) })
	p.Changes = kept(p.Changes, func(c Change) bool { return in(c.Action.Target().Device) })
	p.Blocked = kept(p.Blocked, func(b Blocked) bool { return in(b.At.Device) })
	p.InFlight = kept(p.InFlight, func(s InFlight) bool { return in(s.At.Device) })
	p.Drift = kept(p.Drift, func(d Drift) bool { return in(d.At.Device) })
	p.AtRest = kept(p.AtRest, func(s AtRest) bool { return in(s.At.Device) })
	p.Base = maps.Clone(p.Base)
	maps.DeleteFunc(p.Base, func(id algebra.DeviceID, _ Base) bool { return !in(id) })
	p.Unchanged = 0
	resting := make(map[algebra.App]algebra.Fleet, len(p.resting))
	for app, on := range p.resting {
		resting[app] = on.Intersect(f)
		p.Unchanged += resting[app].Len()
	}
	p.resting = resting
	return p
}

func kept[T any](list []T, keep func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), func(v T) bool { return !keep(v) })
}

// Whole is the plan with AtRest filled.
func (p Plan) Whole() Plan {
	p.AtRest = nil
	apps := slices.SortedFunc(maps.Keys(p.resting), algebra.App.Compare)
	for i := range uint32(p.Roster.Len()) {
		for _, app := range apps {
			if p.resting[app].Contains(i) {
				p.AtRest = append(p.AtRest, AtRest{Target{p.Roster.ID(i), app}, p.published.Release(i, app), p.known[p.published.Release(i, app).Deployment]})
			}
		}
	}
	return p
}
