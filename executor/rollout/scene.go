package rollout

import (
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
)

// SceneOf is the scene a plan was made in: what is published and reported, as of when it was
// observed, on the devices as the plan's registry changes leave them.
func SceneOf(p planner.Plan, r algebra.Reality) Scene {
	s := Scene{At: r.ObservedAt, Devices: map[algebra.DeviceID]Sight{}, Zone: time.LoadLocation}
	published := r.Published.On(p.Roster)
	for i := range uint32(p.Roster.Len()) {
		id := p.Roster.ID(i)
		sight := Sight{Device: p.Roster.Device(i), Online: len(r.Records) == 0 || r.Records[id].Online(r.ObservedAt),
			Apps: map[algebra.App]AppSight{}}
		for app, rel := range published.At(i) {
			sight.Apps[app] = AppSight{Published: rel}
		}
		s.Devices[id] = sight
	}
	for at, state := range r.Slots {
		if sight, ok := s.Devices[at.Device]; ok {
			a := sight.Apps[at.App]
			a.Running, a.Phase, a.Current, a.Error = state.Release, state.Phase, true, state.Detail
			sight.Apps[at.App] = a
		}
	}
	return s
}
