package oracletest

import (
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner"
)

func (e Engine) make(r *worldReader) Node {
	plan := e.Make(r.world, r.reality)
	r.learn(plan.Roster)
	if e.Met != nil {
		e.met(plan)
	}
	at := func(t planner.Target) Node { return Words(t.Device.String(), t.App.String()) }
	var actions, blocked []Node
	for _, c := range plan.Changes {
		actions = append(actions, action(c.Action, at(c.Action.Target()), r.said))
	}
	for _, b := range plan.Blocked {
		blocked = append(blocked, at(b.At))
	}
	return L(sorted(actions), sorted(blocked))
}

func (e Engine) met(p planner.Plan) {
	classes := map[string]bool{"nothing to do": p.IsEmpty(), "relabel": len(p.Registry) > 0}
	for _, c := range p.Changes {
		classes[c.Reason.String()] = true
		if len(c.Values) > 0 {
			classes["takes values"] = true
		}
	}
	for _, b := range p.Blocked {
		classes["blocked: "+b.Why.String()] = true
	}
	for class, is := range classes {
		if is {
			e.Met(class)
		}
	}
}

// claims answers what an assignment claims at each device, and what wins in each slot.
func claims(roster, rule Node) Node {
	r := newWorldReader()
	r.declare(rule)
	r.rules(rule)
	list := devices(roster)
	r.reality = algebra.NewReality(algebratest.MustRoster(list), algebratest.Now)
	made := r.world.On(r.reality).Assignment()
	won := made.Resolve()
	var all, slots []Node
	for i := range uint32(r.reality.Roster.Len()) {
		id := r.reality.Roster.ID(i).String()
		for _, c := range made.At(i) {
			all = append(all, L(W(id), W(c.Deployment.App().String()), Num(c.Priority), W(c.Deployment.String())))
		}
		for _, app := range won.Apps() {
			var top []Node
			priority := 0
			for _, c := range won.At(i, app) {
				top, priority = append(top, W(c.Deployment.String())), c.Priority
			}
			if len(top) > 0 {
				slots = append(slots, L(W(id), W(app.String()), Num(priority), sorted(top)))
			}
		}
	}
	return L(sorted(all), sorted(slots))
}
