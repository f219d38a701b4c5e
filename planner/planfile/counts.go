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

// batches lists the deployment changes by batch; changes come sorted by batch.
func batches(changes []Change) []Batch {
	out := []Batch{}
	disrupted := map[string]bool{}
	for _, c := range changes {
		if c.Type != "deployment" || c.ActionReason == atRest {
			continue
		}
		if len(out) == 0 || out[len(out)-1].Index != c.Batch {
			out = append(out, Batch{Index: c.Batch, Changes: []string{}})
			clear(disrupted)
		}
		b := &out[len(out)-1]
		b.Changes = append(b.Changes, c.ID)
		if c.Disruptive && !disrupted[c.Device.ID] {
			disrupted[c.Device.ID] = true
			b.Disrupted++
		}
	}
	return out
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
	for _, s := range changed {
		out.Fleet = out.Fleet.with(s)
	}
	together := disruptions(p)
	out.Fleet.MaxConcurrent = together.most()
	byApp := together.byApp()
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
		for i, v := range c.Values {
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
