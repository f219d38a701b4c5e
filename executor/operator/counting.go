package operator

import (
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/operator/rota"
)

// summarize counts the devices of each shard of these. It costs time in proportion to the fleet.
func (l *loop) summarize(shards [rota.Shards]bool) [rota.Shards]Summary {
	live, now := l.mirror.Live, l.Now()
	r := live.Reality()
	w := live.World()
	roster, _ := w.Relabel(r.Roster)
	w.Assignments = nil // only fleets are asked for
	demand := w.On(r.Of(roster))
	type members struct {
		name string
		algebra.Fleet
	}
	var named []members
	for _, def := range w.Fleets {
		named = append(named, members{def.Name, demand.Fleet(def.Expr)})
	}
	var out [rota.Shards]Summary
	deployments := [rota.Shards]map[string]*DeploymentCount{}
	fleets := [rota.Shards]map[string]*FleetCount{}
	digest := w.Digest()
	for n := range out {
		out[n].World = digest
		deployments[n], fleets[n] = map[string]*DeploymentCount{}, map[string]*FleetCount{}
		for _, f := range named {
			at(fleets[n], f.name).Fleet = f.name
		}
	}
	names := map[algebra.App]map[algebra.Version]string{}
	for i := range uint32(r.Roster.Len()) {
		id := r.Roster.ID(i)
		n := rota.ShardOf(id.String())
		if !shards[n] {
			continue
		}
		here := FleetCount{Devices: 1}
		if r.Records[id].Online(now) {
			here.Online = 1
		}
		healthy := here.Online == 1
		for app, rel := range r.Published.At(i) {
			have := r.Slots[algebra.Slot{Device: id, App: app}]
			c := at(deployments[n], nameOf(names, app, rel.Version))
			failed := c.Failed
			c.Count(rel, have)
			if c.Failed > failed {
				here.Failed = 1
			}
			healthy = healthy && have.Release == rel && (have.Phase == algebra.Running || have.Phase == algebra.Completed)
		}
		if healthy {
			here.Healthy = 1
		}
		if l.pending[id] {
			here.Pending = 1
		}
		if len(live.Part(id).Blocked) > 0 {
			here.Blocked = 1
		}
		s := &out[n]
		s.Devices, s.Online, s.Pending, s.Blocked = s.Devices+1, s.Online+here.Online, s.Pending+here.Pending, s.Blocked+here.Blocked
		ordinal, known := roster.Ordinal(id)
		for _, f := range named {
			if known && f.Contains(ordinal) {
				fleets[n][f.name].add(here)
			}
		}
	}
	for n := range out {
		for name, c := range deployments[n] {
			c.Deployment = name
		}
		out[n].Deployments, out[n].Fleets = sorted(deployments[n]), sorted(fleets[n])
	}
	return out
}

func (c *FleetCount) add(o FleetCount) {
	c.Devices, c.Online, c.Healthy = c.Devices+o.Devices, c.Online+o.Online, c.Healthy+o.Healthy
	c.Failed, c.Pending, c.Blocked = c.Failed+o.Failed, c.Pending+o.Pending, c.Blocked+o.Blocked
}

// nameOf is app@version, made once.
func nameOf(names map[algebra.App]map[algebra.Version]string, app algebra.App, v algebra.Version) string {
	if names[app] == nil {
		names[app] = map[algebra.Version]string{}
	}
	name, ok := names[app][v]
	if !ok {
		name = algebra.DeploymentRef{App: app, Version: v}.String()
		names[app][v] = name
	}
	return name
}
