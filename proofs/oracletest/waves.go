package oracletest

import (
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/selectors"
)

// waves plans one new app for the whole target, by a rollout with these waves.
func (e Engine) waves(online, target, waves Node) Node {
	var list []algebra.Device
	records := map[algebra.DeviceID]algebra.Record{}
	for _, id := range target.texts() {
		d := algebra.Device{ID: algebra.MustDeviceID(id)}
		list = append(list, d)
		records[d.ID] = algebra.Record{Lifecycle: algebra.Enrolled}
	}
	for _, id := range online.texts() {
		records[algebra.MustDeviceID(id)] = algebra.Record{Lifecycle: algebra.Enrolled, Heard: algebratest.Now}
	}
	r := newWorldReader()
	rule := Call("rule", W("all"), L(Words("web", "web@1")), Num(0))
	r.declare(rule)
	r.rules(rule)
	r.world.Rollouts = []algebra.Rollout{{Name: "web", App: algebra.MustApp("web"), Waves: readWaves(waves)}}
	r.reality = algebra.NewReality(algebratest.MustRoster(list), algebratest.Now)
	r.reality.Records = records

	parts, tail := L(), L()
	for _, course := range e.Make(r.world, r.reality).Courses {
		for _, w := range course.Waves {
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
	}
	return L(parts, tail)
}

func readWaves(n Node) []algebra.Wave {
	var out []algebra.Wave
	for _, w := range n.all() {
		if a, ok := w.args("fleet", 1); ok {
			out = append(out, algebra.FleetWave{Fleet: bind(fleetOf(a[0].texts()), nil)})
		} else if a, ok := w.args("share", 1); ok {
			out = append(out, algebra.ShareWave{Share: selectors.Percent(a[0].number())})
		} else if w.text() == "rest" {
			out = append(out, algebra.RestWave{})
		} else {
			w.fail("wave")
		}
	}
	return out
}

func fleetOf(ids []string) selectors.Expr {
	if len(ids) == 0 {
		return selectors.Universe{Empty: true}
	}
	slices.Sort(ids)
	return selectors.Nodes{Names: ids}
}
