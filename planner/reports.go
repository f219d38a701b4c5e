package planner

import (
	"fmt"
	"maps"
	"slices"

	"github.com/musterfleet/muster/algebra"
)

// reports holds what devices report against what is published and wanted: slots that no action
// touches run as wanted or are on their way, and any may have drifted.
func (m *making) reports(want algebra.Placement, plan *Plan) {
	resting := map[algebra.App][]algebra.DeviceID{}
	apps := m.reportedApps()
	for i := range uint32(m.roster.Len()) {
		for _, app := range apps {
			at := Target{m.roster.ID(i), app}
			s := m.reality.Slots[algebra.Slot(at)]
			have := m.have.Release(i, app)
			if d, drifted := drift(at, have, s); drifted {
				plan.Drift = append(plan.Drift, d)
			}
			rel := want.Release(i, app)
			if rel.IsZero() || have != rel {
				continue
			}
			if _, blocked := m.blocked[slot{i, app}]; blocked {
				continue
			}
			if s.Release == rel && (s.Phase == algebra.Running || s.Phase == algebra.Completed) {
				plan.Unchanged++
				resting[app] = append(resting[app], at.Device)
				continue
			}
			flight := InFlight{At: at, Want: rel, Phase: s.Phase, Since: s.Since, Detail: s.Detail}
			if s.Release != rel && s.Phase != 0 { // it speaks of another release
				flight = InFlight{At: at, Want: rel, Detail: fmt.Sprintf("last heard of %s: %s", s.Release.Version, s.Phase)}
			}
			plan.InFlight = append(plan.InFlight, flight)
		}
	}
	plan.resting = make(map[algebra.App]algebra.Fleet, len(resting))
	for app, ids := range resting {
		plan.resting[app], _ = m.roster.Fleet(slices.Values(ids))
	}
}

// reportedApps are the apps that are published or reported somewhere, in order.
func (m *making) reportedApps() []algebra.App {
	apps := map[algebra.App]bool{}
	for _, app := range m.have.Apps() {
		apps[app] = true
	}
	for at := range m.reality.Slots {
		apps[at.App] = true
	}
	return slices.SortedFunc(maps.Keys(apps), algebra.App.Compare)
}
