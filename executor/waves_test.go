package executor_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/policies"
)

// TestAWaveThatIsDeniedHoldsTheRollout: a freeze that begins between two waves stops the second,
// whoever approves of it, until it is over.
func TestAWaveThatIsDeniedHoldsTheRollout(t *testing.T) {
	r := newRig(t, "a", "b", "c", "d")
	var asked []int
	frozen := true
	a := r.applier()
	a.Waves = func(plan policies.Approved, batch int, _ time.Time) []policies.Result {
		asked = append(asked, batch)
		if frozen && plan.File().Batches[1].Index == batch {
			return []policies.Result{{Rule: "freeze", Msg: "nothing moves today"}}
		}
		return nil
	}
	w := worldOf(t, "1", `
---
apiVersion: muster.fleet/v1alpha1
kind: Rollout
metadata: {name: web}
spec: {for: web, waves: [{percent: 50}, {rest: true}]}
`)
	held := func(out executor.Outcome, err error) {
		t.Helper()
		must(t, err)
		lane := out.Run.Lanes[0]
		if lane.State != wire.LaneHeld || lane.Wave != 1 || !strings.Contains(lane.Reason, "wave rest is denied: freeze: nothing moves today") || out.Count.Published != 2 {
			t.Fatalf("%d are published, and the lane is %+v", out.Count.Published, lane)
		}
	}
	ctx := context.Background()
	out, err := a.Apply(ctx, approve(t, w, r.observe()))
	held(out, err)
	if len(asked) != 2 {
		t.Errorf("the gates were asked of %v: once of each wave is enough", asked)
	}
	_, err = executor.Order(ctx, r.fleet, out.Run.ID, rollout.Approve{By: "ana"})
	must(t, err)
	held(a.Attach(ctx, out.Run.ID))

	frozen = false
	_, err = executor.Order(ctx, r.fleet, out.Run.ID, rollout.Resume{By: "ana"})
	must(t, err)
	out, err = a.Attach(ctx, out.Run.ID)
	must(t, err)
	if out.Run.Status != wire.RunSucceeded || out.Count.Healthy != 4 {
		t.Errorf("after the freeze: %v with %d healthy", out.Run.Status, out.Count.Healthy)
	}
}
