package oracletest

import (
	"maps"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/selectors"
)

// budget plans a new version for the devices that wait, with a budget by the label group, and asks
// which of them the first survey of the run lets go. Beside the fleet there is, for each group, a
// device that is down and offline: who has left counts for nothing.
func (e Engine) budget(fleet, groups, b, down, waiting Node) Node {
	group := texts(groups)
	r := newWorldReader()
	var devices []Node
	ids := fleet.texts()
	gone := map[string]string{"gone": ""}
	for id, g := range group {
		gone["gone-"+id] = g
	}
	for _, id := range slices.Concat(ids, slices.Sorted(maps.Keys(gone))) {
		g, ok := group[id]
		if !ok {
			g, ok = gone[id], gone[id] != ""
		}
		labels := L()
		if ok {
			labels = L(Words("group", g))
		}
		devices = append(devices, L(W(id), labels, L()))
	}
	r.rules(r.two(waiting)...)
	r.world.Rollouts = []algebra.Rollout{{Name: "web", App: algebra.MustApp("web"), Waves: []algebra.Wave{algebra.RestWave{}}, Deadline: algebra.DefaultDeadline,
		Budget: algebra.Budget{Max: bound(b).Max, By: selectors.Key{Label: true, Name: "group"}}}}
	published := L()
	for _, d := range devices {
		published.list = append(published.list, L(L(d.list[0], W("web")), L(W("web@1"), L())))
	}
	r.read([]Node{L(devices...), published, L(), L(), L(), L(), L()})
	for _, d := range devices {
		id := algebra.MustDeviceID(d.list[0].word)
		at := algebra.Slot{Device: id, App: algebra.MustApp("web")}
		state := algebra.SlotState{Release: r.release(L(W("web@1"), L())), Phase: algebra.Running}
		rec := algebra.Record{Lifecycle: algebra.Enrolled, Heard: algebratest.Now}
		if _, left := gone[d.list[0].word]; left {
			rec.Heard, state.Phase = rec.Heard.AddDate(-1, 0, 0), algebra.Failed
		}
		if slices.Contains(down.texts(), d.list[0].word) {
			state.Phase = algebra.Failed
		}
		r.reality.Records[id], r.reality.Slots[at] = rec, state
	}
	plan := e.Make(r.world, r.reality)
	script := rollout.NewScript(plan, func(string) bool { return true })
	run := script.Begin("r1", algebra.DigestOf(nil), algebra.DigestOf(nil), "oracle", algebratest.Now)
	out := L()
	for _, l := range e.Survey(script, run, rollout.SceneOf(plan, r.reality)).Lanes {
		for _, id := range l.Ready {
			out.list = append(out.list, W(id.String()))
		}
	}
	return out
}

// two are rules that give those who wait web@2 and all others web@1.
func (r *worldReader) two(waiting Node) []Node {
	rules := []Node{
		Call("rule", Call("named", waiting), L(Words("web", "web@2")), Num(10)),
		Call("rule", W("all"), L(Words("web", "web@1")), Num(0)),
	}
	for _, rule := range rules {
		r.declare(rule)
	}
	return rules
}
