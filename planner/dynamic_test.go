package planner_test

import (
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/selectors"
)

// A dynamic rule is planned on what devices report: whoever fell silent gets the deployment,
// at the time the reality was observed, on the labels the World gives.
func TestMakeFollowsWhatIsObserved(t *testing.T) {
	v := algebratest.FullVocabulary()
	rescue := algebratest.MustDeployment("rescue", "1", algebra.Container{Name: "rescue", Image: "rescue"})
	v.Versions = map[string][]string{"rescue": {"1"}}
	silent := v.MustBind(`label("ring") = "1" & !(heartbeat within 5m) & !any(deploy: phase = Running) -> {rescue@1}`)
	edge := algebra.MustDeviceID("edge001")
	w := algebra.World{
		Devices:     []algebra.DeclaredDevice{{ID: edge, Labels: map[string]string{"ring": "1"}}},
		Deployments: []algebra.DeclaredDeployment{{Name: "rescue", Deployment: rescue}},
		Assignments: []algebra.Definition{{Name: "mend", Expr: silent, Dynamic: true}},
	}
	if silent.Effect() != selectors.Clock {
		t.Fatalf("the rule is %s", silent.Effect())
	}
	r := algebra.NewReality(algebratest.MustRoster([]algebra.Device{{ID: edge}}), algebratest.Now)
	r.Records[edge] = algebra.Record{Heard: algebratest.Now, Lifecycle: algebra.Enrolled}
	if p := planner.Make(w, r); len(p.Changes) != 0 {
		t.Errorf("a device that was just heard gets %v", p.Changes)
	}
	r.ObservedAt = r.ObservedAt.Add(6 * time.Minute)
	if p := planner.Make(w, r); len(p.Changes) != 1 {
		t.Errorf("a device that fell silent gets %v", p.Changes)
	}
	r.Slots[algebra.Slot{Device: edge, App: algebra.MustApp("web")}] = algebra.SlotState{Phase: algebra.Running}
	if p := planner.Make(w, r); len(p.Changes) != 0 {
		t.Errorf("a silent device that runs something gets %v", p.Changes)
	}
}
