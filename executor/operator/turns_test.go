package operator_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/operator"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
)

// logs is an app beside web that no rollout is declared for, on all devices; tools is one that
// devices of a label have.
const (
	logs = "---\napiVersion: muster.fleet/v1alpha1\nkind: Deployment\nmetadata: {name: log}\nspec: {app: log, version: L, podman: {containers: [{name: log, image: 'localhost/log:1'}]}}\n" +
		"---\napiVersion: muster.fleet/v1alpha1\nkind: Assignment\nmetadata: {name: log}\nspec: {expression: 'all -> {log}'}\n"
	tools = "---\napiVersion: muster.fleet/v1alpha1\nkind: Deployment\nmetadata: {name: tools}\nspec: {app: tools, version: T, podman: {containers: [{name: tools, image: 'localhost/tools:1'}]}}\n" +
		"---\napiVersion: muster.fleet/v1alpha1\nkind: Assignment\nmetadata: {name: tools}\nspec: {expression: 'label(\"moved\") = \"yes\" || label(\"name\") = \"a\" -> {tools}'}\n"
)

func quickTurns(o *operator.Operator) { o.Turn = 50 * time.Millisecond }

// told is what devices were told to run, in order.
func (r *rig) told(device string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.published[device])
}

func (r *rig) tells(device string, want ...string) {
	r.t.Helper()
	eventually(r.t, func() bool { return slices.Equal(r.told(device), want) }, func() any { return r.told(device) })
}

// TestWhoComesDoesNotWaitForARunThatIsHeld: what no run has to do with is published at once; the
// app that is held, and the devices of the run, wait until it is decided.
func TestWhoComesDoesNotWaitForARunThatIsHeld(t *testing.T) {
	r := newRig(t, "a", "b", "c", "d")
	s := r.serve("one", quickTurns)
	s.declare(t, web("1", gated, logs, tools))
	r.runs("1", "a", "b", "c", "d")
	s.stands(t, operator.InSync)
	r.fails = func(_ algebra.DeviceID, rel algebra.Release) bool { return rel.Version.String() == "2" }
	s.declare(t, web("2", gated, logs, tools))
	held := s.stands(t, operator.Held)
	r.join("new")
	r.tells("new", "L")
	if now := s.stands(t, operator.Held); now.Standing.Run != held.Standing.Run {
		t.Errorf("held is %+v, was %+v", now.Standing, held.Standing)
	}
	was := len(r.told("c"))
	r.relabel(algebra.MustDeviceID("c")) // one of the run's
	r.join("newer")
	r.tells("newer", "L")
	if have := r.told("c"); len(have) != was {
		t.Errorf("a device of the run was told %v", have)
	}
	r.fails = func(algebra.DeviceID, algebra.Release) bool { return false }
	_, err := executor.Order(t.Context(), r.fleet, held.Standing.Run, rollout.Approve{By: "ana"})
	must(t, err)
	s.stands(t, operator.InSync)
	for _, name := range []string{"new", "newer"} {
		if have := r.told(name); !slices.Equal(have, []string{"L", "2"}) {
			t.Errorf("%s was told %v", name, have)
		}
	}
	if have := r.told("c"); !slices.Contains(have, "T") {
		t.Errorf("c has its label, and was told %v", have)
	}
	for id, run := range r.records().Runs {
		if run.Value.Status != wire.RunSucceeded {
			t.Errorf("run %s %s: %s", id, run.Value.Status, run.Value.Reason)
		}
	}
}

// TestRunsTakeTurns: neither a rollout that is on its way nor somebody who takes long to come in
// holds up the other.
func TestRunsTakeTurns(t *testing.T) {
	r := newRig(t)
	goesOn, slow := make(chan struct{}), make(chan struct{})
	r.begins = func(device, version string) {
		switch {
		case device == "a" && version == "2":
			<-goesOn
		case device == "slow" && version == "L":
			<-slow
		}
	}
	for _, name := range []string{"a", "b"} {
		r.join(name)
	}
	s := r.serve("one", quickTurns)
	s.declare(t, web("1", canaries, logs))
	r.runs("1", "a", "b")
	s.stands(t, operator.InSync)
	s.declare(t, web("2", canaries, logs))
	eventually(t, func() bool { return len(underWay(r)) == 1 }, func() any { return s.Status() })
	first := underWay(r)[0]
	r.join("new")
	r.tells("new", "L")
	r.join("slow")
	r.tells("slow", "L")
	close(goesOn) // the rollout comes to its end while slow is still on its way
	eventually(t, func() bool { return r.records().Runs[first].Value.Status == wire.RunSucceeded }, func() any { return underWay(r) })
	if have := underWay(r); len(have) == 0 {
		t.Error("nobody was on their way")
	}
	close(slow)
	s.stands(t, operator.InSync)
	r.runs("2", "a", "b", "new", "slow")
}

func underWay(r *rig) (ids []string) {
	for id, run := range r.records().Runs {
		if !run.Value.Status.Ended() {
			ids = append(ids, id)
		}
	}
	return ids
}

// TestWhoCancelsARunIsObeyedWhoeverCame: a run that began while the cancelled one was under way
// takes nothing back.
func TestWhoCancelsARunIsObeyedWhoeverCame(t *testing.T) {
	r := newRig(t, "a", "b", "c", "d")
	s := r.serve("one", quickTurns)
	s.declare(t, web("1", gated, logs))
	r.runs("1", "a", "b", "c", "d")
	s.stands(t, operator.InSync)
	r.fails = func(_ algebra.DeviceID, rel algebra.Release) bool { return rel.Version.String() == "2" }
	s.declare(t, web("2", gated, logs))
	held := s.stands(t, operator.Held)
	r.join("new")
	r.tells("new", "L")
	_, err := executor.Order(context.Background(), r.fleet, held.Standing.Run, rollout.Cancel{By: "ana"})
	must(t, err)
	if now := s.stands(t, operator.Cancelled); now.Standing.Run != held.Standing.Run {
		t.Errorf("%+v", now.Standing)
	}
}
