package planfile

import (
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
)

func summary(changes []Change, p planner.Plan) Summary {
	s := Summary{NoOp: p.Unchanged, Blocked: len(p.Blocked)}
	for _, c := range changes {
		switch {
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
		if c.Type != "deployment" {
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

// drift is what devices report that differs from what was published to them.
func drift(p planner.Plan, r algebra.Reality) []Drift {
	out := []Drift{}
	for _, s := range p.InFlight {
		if s.Phase == algebra.Failed {
			out = append(out, Drift{s.At.String(), s.Phase.String(), s.Detail})
		}
	}
	return out
}

// standing is what a device adds to each group it is in.
type standing struct{ reachable, down, disrupted, stopped bool }

func aggregates(p planner.Plan, r algebra.Reality) Aggregates {
	touched := map[algebra.DeviceID]*standing{}
	apps := map[algebra.App]map[algebra.DeviceID]*standing{}
	for _, c := range p.Changes {
		at := c.Action.Target()
		s := touched[at.Device]
		if s == nil {
			s = &standing{}
			touched[at.Device] = s
		}
		if apps[at.App] == nil {
			apps[at.App] = map[algebra.DeviceID]*standing{}
		}
		one := &standing{}
		apps[at.App][at.Device] = one
		switch c.Action.(type) {
		case planner.Start:
		case planner.Replace:
			s.disrupted, one.disrupted = true, true
		case planner.Stop:
			s.disrupted, one.disrupted = true, true
			s.stopped, one.stopped = true, true
		}
	}
	down := map[algebra.DeviceID]bool{}
	for at, s := range r.Slots {
		if s.Phase != algebra.Running && s.Phase != algebra.Completed {
			down[at.Device] = true
		}
	}
	published := r.Published.On(p.Roster)
	out := Aggregates{ByLabel: map[string]map[string]Group{}, ByDeployment: map[string]Group{}}
	for i := range uint32(p.Roster.Len()) {
		id := p.Roster.ID(i)
		s := standing{}
		if t := touched[id]; t != nil {
			s = *t
		}
		s.reachable, s.down = r.Records[id].Online(r.ObservedAt), down[id]
		out.Fleet = out.Fleet.with(s)
		for _, k := range p.Roster.Keys() {
			v, ok := p.Roster.Value(i, k)
			if !ok || !k.Label {
				continue
			}
			if out.ByLabel[k.Name] == nil {
				out.ByLabel[k.Name] = map[string]Group{}
			}
			out.ByLabel[k.Name][v] = out.ByLabel[k.Name][v].with(s)
		}
		for app := range published.At(i) {
			if apps[app][id] == nil {
				out.ByDeployment[app.String()] = out.ByDeployment[app.String()].with(standing{reachable: s.reachable, down: s.down})
			}
		}
	}
	for app, devices := range apps {
		for id, one := range devices {
			one.reachable, one.down = r.Records[id].Online(r.ObservedAt), down[id]
			out.ByDeployment[app.String()] = out.ByDeployment[app.String()].with(*one)
		}
	}
	return out
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
