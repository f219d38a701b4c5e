package main

import (
	"fmt"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
)

// applied is the reality of a fleet on which the World has been carried out in full: what it
// asks for is published and runs, all devices are there. What the World leaves blocked was
// never placed.
func applied(w algebra.World, r algebra.Reality) algebra.Reality {
	plan := planner.Make(w, algebra.NewReality(r.Roster, r.ObservedAt))
	out := algebra.NewReality(plan.Roster, r.ObservedAt)
	for id := range plan.Roster.All().IDs() {
		out.Records[id] = algebra.Record{Lifecycle: algebra.Enrolled, Heard: r.ObservedAt}
	}
	for _, d := range w.Devices {
		if d.Decommissioned {
			out.Records[d.ID] = algebra.Record{Lifecycle: algebra.Decommissioned}
		}
	}
	for _, d := range w.Deployments {
		out.Specs[d.Digest()] = d.Deployment
	}
	b := algebra.NewPlacing(plan.Roster)
	for _, a := range plan.Actions() {
		start, ok := a.(planner.Start)
		if !ok {
			panic(fmt.Sprintf("muster: %T on an empty fleet", a))
		}
		i, _ := plan.Roster.Ordinal(start.At.Device)
		b.Put(i, start.At.App, start.Want)
		out.Slots[algebra.Slot(start.At)] = algebra.SlotState{Release: start.Want, Phase: algebra.Running, Since: r.ObservedAt}
	}
	out.Published = b.Placement()
	return out
}
