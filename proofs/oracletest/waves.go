package oracletest

import (
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
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

	courses := e.Make(r.world, r.reality).Courses
	if len(courses) != 1 {
		panic("oracletest: a new app for all is more than one course")
	}
	return L(waveNodes(courses[0]))
}

// readWaves reads the parts of a rollout: (fleet (ids)), (of selector), (share n), rest.
func readWaves(n Node) []algebra.Wave {
	var out []algebra.Wave
	for _, w := range n.all() {
		if a, ok := w.args("fleet", 1); ok {
			out = append(out, algebra.FleetWave{Fleet: bind(fleetOf(a[0].texts()), nil)})
		} else if a, ok := w.args("of", 1); ok {
			out = append(out, algebra.FleetWave{Fleet: bind(reading{}.fleet(a[0]), nil)})
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
