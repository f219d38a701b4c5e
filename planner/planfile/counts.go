package planfile

import (
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
)

func summary(changes []Change, p planner.Plan) Summary {
	s := Summary{NoOp: p.Unchanged, Blocked: len(p.Blocked)}
	for _, c := range changes {
		switch {
		case c.ActionReason == atRest: // counted by Unchanged
		case len(c.Change.Actions) == 2:
			s.Replace++
		case c.Change.Actions[0] == "create":
			s.Create++
		case c.Change.Actions[0] == "update":
			s.Update++
		default:
			s.Delete++
		}
	}
	return s
}

// standing is what a device, or one app on it, adds to each group it is in.
type standing struct{ reachable, down, disrupted, stopped, changed bool }

func (s standing) after(a planner.Action) standing {
	s.changed = true
	switch a.(type) {
	case planner.Start:
	case planner.Replace:
		s.disrupted = true
	case planner.Stop:
		s.disrupted, s.stopped = true, true
	}
	return s
}

// aggregates counts by ordinal and by column: no device is looked up by its id for each
// label, nor copied out of the roster.
func aggregates(p planner.Plan, r algebra.Reality) Aggregates {
	devices := standings(p.Roster, r)
	apps := map[algebra.App][]standing{}
	published := r.Published.On(p.Roster)
	for _, app := range published.Apps() {
		apps[app] = slices.Clone(devices)
	}
	changed := slices.Clone(devices)
	for _, c := range p.Changes {
		at := c.Action.Target()
		i, _ := p.Roster.Ordinal(at.Device)
		if apps[at.App] == nil {
			apps[at.App] = slices.Clone(devices)
		}
		changed[i], apps[at.App][i] = changed[i].after(c.Action), apps[at.App][i].after(c.Action)
	}
	out := Aggregates{ByLabel: map[string]map[string]Group{}, ByDeployment: map[string]Group{}}
	b := boundOf(p, r, changed)
	for _, s := range changed {
		out.Fleet = out.Fleet.with(s)
	}
	together := disruptions(p)
	out.Fleet.MaxConcurrent = together.most()
	byApp := together.byApp()
	out.Fleet.MaxDown -= b.spared(1, func(int) int { return 0 })[0]
	for c := range p.Roster.Columns() {
		if !c.Key.Label {
			break // labels come first
		}
		groups := make([]Group, len(c.Values)+1)
		for i, code := range c.Codes {
			groups[code] = groups[code].with(changed[i])
		}
		for code, n := range together.byCode(c.Codes) {
			groups[code].MaxConcurrent = n
		}
		out.ByLabel[c.Key.Name] = make(map[string]Group, len(c.Values))
		spared := b.spared(len(groups), func(i int) int { return int(c.Codes[i]) })
		for i, v := range c.Values {
			groups[i+1].MaxDown -= spared[i+1]
			out.ByLabel[c.Key.Name][v] = groups[i+1]
		}
	}
	for app, column := range apps {
		var g Group
		for i, s := range column {
			if s.changed || !published.Release(uint32(i), app).IsZero() {
				g = g.with(s)
			}
		}
		g.MaxConcurrent = byApp[app]
		g.MaxDown -= b.spared(1, func(i int) int {
			if column[i].disrupted {
				return 0
			}
			return -1
		})[0]
		if g.Devices > 0 {
			out.ByDeployment[app.String()] = g
		}
	}
	return out
}

// standings is how each device stands before the plan.
func standings(roster *algebra.Roster, r algebra.Reality) []standing {
	list := make([]standing, roster.Len())
	for i := range list {
		list[i].reachable = r.Records[roster.ID(uint32(i))].Online(r.ObservedAt)
	}
	for at, s := range r.Slots {
		if s.Phase != algebra.Running && s.Phase != algebra.Completed {
			if i, ok := roster.Ordinal(at.Device); ok {
				list[i].down = true
			}
		}
	}
	return list
}

func (g Group) with(s standing) Group {
	g.Devices++
	if s.reachable {
		g.Reachable++
	}
	if s.down {
		g.DownBefore++
	}
	if s.disrupted {
		g.Disrupted++
	}
	if s.stopped {
		g.Stopped++
	}
	if s.disrupted || s.down {
		g.MaxDown++
	}
	return g
}
