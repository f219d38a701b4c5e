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

// TestARunTellsItsOwnFailureApart: what it put in quarantine itself is no news to it, and its devices are
// told by what became of them.
func TestARunTellsItsOwnFailureApart(t *testing.T) {
	r := newRig(t, "a", "b")
	r.answer = func(_ algebra.DeviceID, _ algebra.App, s wire.AppState) *wire.AppState {
		s.Phase, s.Running = algebra.Failed, wire.Running{}
		return &s
	}
	out := r.apply(worldOf(t, "1", `
---
apiVersion: muster.fleet/v1alpha1
kind: Rollout
metadata: {name: web}
spec: {for: web, waves: [{percent: 50}, {rest: true}], gate: {healthy: 90%}, onFailure: rollback}
`))
	seen, err := r.applier().Look(context.Background(), r.fleet, out.Run.ID)
	must(t, err)
	why := map[string]int{}
	for _, l := range seen.Left {
		why[l.Why]++
	}
	if why["rolled back"] != 1 || why["not published to"] != 1 || seen.Count.Left != 0 {
		t.Errorf("%s: %+v, left %v", seen.Run.Status, seen.Count, seen.Left)
	}
}

// TestApplyGoesOnWithWhatDidNotFail: of a device of which one rollout is in quarantine the other goes out.
func TestApplyGoesOnWithWhatDidNotFail(t *testing.T) {
	r := newRig(t, "a")
	plan := approve(t, worldOf(t, "1", `
---
apiVersion: muster.fleet/v1alpha1
kind: Deployment
metadata: {name: log}
spec: {app: log, version: VERSION, podman: {containers: [{name: log, image: 'localhost/log:VERSION'}]}}
---
apiVersion: muster.fleet/v1alpha1
kind: Assignment
metadata: {name: log}
spec: {expression: 'all -> {log}'}
---
apiVersion: muster.fleet/v1alpha1
kind: Rollout
metadata: {name: log}
spec: {for: log, waves: [{rest: true}], gate: {healthy: 100%}}
---
apiVersion: muster.fleet/v1alpha1
kind: Rollout
metadata: {name: web}
spec: {for: web, waves: [{rest: true}], gate: {healthy: 100%}}
`), r.observe())
	failed := found(plan.Plan(), "a")
	r.write(executor.SetQuarantine{Record: failed})
	out, err := r.applier().Apply(context.Background(), plan)
	must(t, err)
	if out.Run.Status != wire.RunSucceeded || out.Count.Healthy != 1 || out.Count.Left != 1 {
		t.Fatalf("%s, %+v, left %v", out.Run.Status, out.Count, out.Left)
	}
	if rel := r.observe().Published.Release(0, failed.App); !rel.IsZero() {
		t.Errorf("%s is published all the same", failed.App)
	}
}
