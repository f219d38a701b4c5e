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
	resting := make(map[algebra.App]algebra.Fleet, len(p.resting))
	n := 0
	for app, on := range p.resting {
		resting[app] = on.Intersect(f)
		n += resting[app].Len()
	}
	p = p.Of(func(t Target) bool {
		i, ok := p.Roster.Ordinal(t.Device)
		return ok && f.Contains(i)
	})
	p.resting, p.Unchanged = resting, n
	return p
}

// Of is the part of the plan that is about some slots, and about the registry where the target
// without an app is among them. It says that it is partial. Unchanged counts AtRest only.
func (p Plan) Of(in func(Target) bool) Plan {
	device := func(id algebra.DeviceID) bool { return in(Target{Device: id}) }
	p.Partial = true
	p.Registry = kept(p.Registry, func(c algebra.Relabelling) bool { return device(c.Device) })
	p.Changes = kept(p.Changes, func(c Change) bool { return in(c.Action.Target()) })
	p.Courses = narrowed(p.Courses, p.Changes)
	p.Blocked = kept(p.Blocked, func(b Blocked) bool { return in(b.At) })
	p.InFlight = kept(p.InFlight, func(s InFlight) bool { return in(s.At) })
	p.Drift = kept(p.Drift, func(d Drift) bool { return in(d.At) })
	p.AtRest = kept(p.AtRest, func(s AtRest) bool { return in(s.At) })
	p.Base = maps.Clone(p.Base)
	maps.DeleteFunc(p.Base, func(id algebra.DeviceID, _ Base) bool { return !device(id) })
	p.resting, p.Unchanged = nil, len(p.AtRest)
	return p
}

// Targets are the slots that the plan says something of, those at rest only if they are listed.
func (p Plan) Targets() []Target {
	var out []Target
	for _, c := range p.Changes {
		out = append(out, c.Action.Target())
	}
	for _, b := range p.Blocked {
		out = append(out, b.At)
	}
	for _, s := range p.InFlight {
		out = append(out, s.At)
	}
	for _, d := range p.Drift {
		out = append(out, d.At)
	}
	for _, s := range p.AtRest {
		out = append(out, s.At)
	}
	slices.SortFunc(out, Target.Compare)
	return slices.Compact(out)
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
