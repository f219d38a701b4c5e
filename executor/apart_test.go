package executor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
)

// found is what some other run found to fail of what a plan places.
func found(plan planner.Plan, devices string) wire.Quarantined {
	at := plan.Changes[0].Action
	_, want := rollout.Ends(at)
	return wire.Quarantined{Run: "r-other", App: at.Target().App, Version: want.Version, Digest: want.Deployment, Devices: devices, Reason: "it failed"}
}

// TestApplySkipsWhatWasFoundToFailSince: nobody published to these devices since the plan was made,
// so that it is their quarantine alone which tells.
func TestApplySkipsWhatWasFoundToFailSince(t *testing.T) {
	r := newRig(t, "a", "b")
	w := world(t, "1")
	plan := approve(t, w, r.observe())
	r.write(executor.SetQuarantine{Record: found(plan.Plan(), "a")})
	out, err := r.applier().Apply(context.Background(), plan)
	must(t, err)
	if out.Run.Status != wire.RunSucceeded || out.Count.Left != 1 || out.Count.Healthy != 1 || len(out.Left) != 1 ||
		out.Left[0].Device.String() != "a" || !strings.Contains(out.Left[0].Why, "found to fail") {
		t.Fatalf("%s, %+v, left %v", out.Run.Status, out.Count, out.Left)
	}
}

func TestApplyRefusesWhatWasFoundToFailEverywhere(t *testing.T) {
	for lifted, want := range map[bool]error{false: executor.ErrStale, true: nil} {
		r := newRig(t, "a", "b")
		plan := approve(t, world(t, "1"), r.observe())
		q := found(plan.Plan(), "a,b")
		q.Lifted = lifted
		r.write(executor.SetQuarantine{Record: q})
		before := r.records()
		out, err := r.applier().Apply(context.Background(), plan)
		if !errors.Is(err, want) {
			t.Fatalf("lifted %t: %v, want %v", lifted, err, want)
		}
		if lifted && out.Count.Healthy != 2 {
			t.Errorf("of what was let in again %+v", out.Count)
		}
		if after := r.records(); !lifted && (len(after.Runs) > 0 || fmt.Sprint(before.Devices) != fmt.Sprint(after.Devices)) {
			t.Errorf("a refused apply began %d runs", len(after.Runs))
		}
	}
}

// TestARunStopsPlacingWhatAnotherFoundToFail: who was overtaken may tell of it late.
func TestARunStopsPlacingWhatAnotherFoundToFail(t *testing.T) {
	r := newRig(t, "a", "b")
	plan := approve(t, worldOf(t, "1", `
---
apiVersion: muster.fleet/v1alpha1
kind: Rollout
metadata: {name: web}
spec: {for: web, waves: [{percent: 50}, {rest: true}], gate: {healthy: 100%, minimum: 1}}
`), r.observe())
	var once sync.Once
	r.answer = func(_ algebra.DeviceID, _ algebra.App, s wire.AppState) *wire.AppState {
		once.Do(func() { r.write(executor.SetQuarantine{Record: found(plan.Plan(), "a,b")}) })
		return &s
	}
	out, err := r.applier().Apply(context.Background(), plan)
	must(t, err)
	if out.Run.Status != wire.RunSucceeded || out.Count.Healthy != 1 || out.Count.Left != 1 {
		t.Fatalf("%s, %+v, left %v", out.Run.Status, out.Count, out.Left)
	}
}
