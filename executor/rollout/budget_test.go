package rollout_test

import (
	"slices"
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/selectors"
)

// TestWhoHasNotSaidMayBeUp: a device whose last report is from before it was published to counts as
// down, and is not taken down for nothing all the same: it may still run what it ran.
func TestWhoHasNotSaidMayBeUp(t *testing.T) {
	web := algebra.MustApp("web")
	release := func(version string) algebra.Release {
		return algebra.Release{Version: algebra.MustVersion(version), Deployment: algebra.DigestOf([]byte(version))}
	}
	wave := planner.Wave{Name: "rest", Kind: planner.OfRest, Batch: 1}
	plan := planner.Plan{}
	for _, name := range []string{"d0", "d1", "d2", "d3"} {
		id := algebra.MustDeviceID(name)
		wave.Devices = append(wave.Devices, id)
		plan.Changes = append(plan.Changes, planner.Change{ID: name, Batch: 1, Rollout: "web",
			Action: planner.Replace{At: planner.Target{Device: id, App: web}, Have: release("1"), Want: release("2")}})
	}
	plan.Courses = []planner.Course{{Name: "web", For: "web", Waves: []planner.Wave{wave}, Budget: algebra.Budget{Max: selectors.Amount{Count: 1}},
		Gate: algebra.Gate{Healthy: 10_000}, Deadline: time.Hour}}
	script := rollout.NewScript(plan, func(string) bool { return true })

	const says, fails, saysNothing = "says that it runs", "says that it failed", "has not said"
	for _, c := range []struct {
		name    string
		devices []string // d0 and on
		want    []string
	}{
		{"all are up: one is taken down", []string{says, says, says, says}, []string{"d0"}},
		{"one is down: it is mended for nothing", []string{says, fails, says, says}, []string{"d1"}},
		{"one may be down: it is the one that may be", []string{says, saysNothing, says, says}, []string{"d1"}},
		{"two may be down: that is one too many", []string{saysNothing, saysNothing, says, says}, nil},
		{"one is down, and another may be", []string{saysNothing, fails, says, says}, []string{"d1"}},
	} {
		scene := rollout.Scene{At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Devices: map[algebra.DeviceID]*rollout.Sight{}, Zone: time.LoadLocation}
		for i, id := range wave.Devices {
			a := rollout.AppSight{App: web, Published: release("1"), Running: release("1"), Phase: algebra.Running, Current: true}
			switch c.devices[i] {
			case fails:
				a.Phase = algebra.Failed
			case saysNothing:
				a.Current, a.Old = false, true
			}
			scene.Devices[id] = &rollout.Sight{Device: algebra.Device{ID: id}, Online: true, Apps: []rollout.AppSight{a}}
		}
		run := script.Begin("r-1", algebra.DigestOf(nil), algebra.DigestOf(nil), "ana", scene.At)
		_, effects := script.Step(run, rollout.Seen{View: rollout.Survey(script, run, scene)})
		var have []string
		for _, e := range effects {
			if p, is := e.(rollout.Publish); is {
				for _, id := range p.Devices {
					have = append(have, id.String())
				}
			}
		}
		if !slices.Equal(have, c.want) {
			t.Errorf("%s: publishes to %q, want %q", c.name, have, c.want)
		}
	}
}
