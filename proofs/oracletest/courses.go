package oracletest

import (
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner"
)

// byDefault is the course of what no rollout claims.
const byDefault = "-"

// courses answers, of a whole world, which rollout takes each change and in which wave each
// device is. The last of the rollouts is the default one, which the planner adds by itself.
func (e Engine) courses(world, reality, online, rollouts Node) Node {
	r := readWorld(world, reality)
	for _, n := range rollouts.all()[:len(rollouts.all())-1] {
		l := n.all()
		r.world.Rollouts = append(r.world.Rollouts, algebra.Rollout{Name: l[0].text(), App: algebra.MustApp(l[1].text()), Waves: readWaves(l[3])})
	}
	up := online.texts()
	for _, list := range []Node{reality.list[1], world.list[1]} {
		for _, d := range list.all() {
			id := algebra.MustDeviceID(d.list[0].text())
			rec, known := r.reality.Records[id]
			if !known {
				rec.Lifecycle = algebra.Enrolled
			}
			if slices.Contains(up, id.String()) {
				rec.Heard = algebratest.Now
			}
			r.reality.Records[id] = rec
		}
	}
	plan := e.Make(r.world, r.reality)
	if e.Met != nil {
		e.met(plan)
	}
	out := L()
	for i, c := range plan.Courses {
		name := c.Name
		if name == "" {
			name = byDefault
		}
		var slots []Node
		for _, change := range plan.Changes {
			if course, _, ok := plan.WaveOf(change.Batch); ok && course == i {
				at := change.Action.Target()
				slots = append(slots, Words(at.Device.String(), at.App.String()))
			}
		}
		parts, tail := waveNodes(c)
		out.list = append(out.list, L(W(name), sorted(slots), parts, tail))
	}
	return out
}

// waveNodes are the devices of each wave of a course, and of its tail.
func waveNodes(c planner.Course) (parts, tail Node) {
	for _, w := range c.Waves {
		var part []Node
		for _, id := range w.Devices {
			part = append(part, W(id.String()))
		}
		if w.Kind == planner.OfTail {
			tail = sorted(part)
		} else {
			parts.list = append(parts.list, sorted(part))
		}
	}
	return parts, tail
}
