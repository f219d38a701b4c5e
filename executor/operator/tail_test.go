package operator_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/operator"
	"github.com/musterfleet/muster/executor/wire"
)

// canaries is a rollout whose first wave is two devices. Who joins later is none of them, so a
// wave of theirs shows nothing.
const canaries = "---\napiVersion: muster.fleet/v1alpha1\nkind: Rollout\nmetadata: {name: web}\n" +
	"spec: {for: web, waves: [{fleet: '{a, b}'}, {rest: true}], gate: {healthy: 100%, minimum: 2}, onFailure: rollback}\n"

// newest is the run that began last.
func (r *rig) newest() wire.Run {
	var last wire.Run
	for _, run := range r.records().Runs {
		if run.Value.Began.After(last.Began) {
			last = run.Value
		}
	}
	return last
}

// TestWhoJoinsAfterARolloutIsItsTail: one at a time devices join, and none waits for a canary or
// for somebody's word.
func TestWhoJoinsAfterARolloutIsItsTail(t *testing.T) {
	r := newRig(t, "a", "b", "c")
	s := r.serve("one")
	s.declare(t, web("1", canaries))
	r.runs("1", "a", "b", "c")
	s.stands(t, operator.InSync)
	for _, name := range []string{"d", "e", "f"} {
		r.join(name)
		r.runs("1", name)
		s.stands(t, operator.InSync)
		if run := r.newest(); len(run.Lanes) != 1 || len(run.Lanes[0].Verdicts) != 1 || run.Lanes[0].Verdicts[0].Healthy != 1 {
			t.Errorf("%s joined by %+v", name, run)
		}
	}
}

// TestWhoJoinsDuringARolloutIsItsTail: its waves are frozen, and the device comes after them.
func TestWhoJoinsDuringARolloutIsItsTail(t *testing.T) {
	r := newRig(t)
	underWay, goesOn := make(chan struct{}), make(chan struct{})
	r.begins = func(device, version string) {
		if device == "a" && version == "2" {
			close(underWay)
			<-goesOn
		}
	}
	for _, name := range []string{"a", "b", "c", "d"} {
		r.join(name)
	}
	s := r.serve("one")
	s.declare(t, web("1", canaries))
	r.runs("1", "a", "b", "c", "d")
	s.stands(t, operator.InSync)
	s.declare(t, web("2", canaries))
	<-underWay
	first := s.stands(t, operator.Running).Standing.Run
	r.join("new")
	eventually(t, func() bool { return s.Status().Pending > 0 }, func() any { return s.Status() })
	close(goesOn)
	r.runs("2", "a", "b", "c", "d", "new")
	s.stands(t, operator.InSync)
	healthy := 0
	for _, v := range r.newest().Lanes[0].Verdicts {
		healthy += v.Healthy
	}
	if r.newest().ID == first || healthy != 1 {
		t.Errorf("who joined came by %+v, the rollout was %s", r.newest(), first)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if have := r.published["new"]; !slices.Equal(have, []string{"2"}) {
		t.Errorf("who joined was told to run %v", have)
	}
}

// TestWhoJoinsAndFailsIsKeptApart: the gate of the tail does not pass, and that is all: the
// others run on, and the next that joins is in the tail again.
func TestWhoJoinsAndFailsIsKeptApart(t *testing.T) {
	r := newRig(t)
	bad := algebra.MustDeviceID("bad")
	r.fails = func(id algebra.DeviceID, _ algebra.Release) bool { return id == bad }
	for _, name := range []string{"a", "b", "c"} {
		r.join(name)
	}
	s := r.serve("one")
	s.declare(t, web("1", canaries))
	r.runs("1", "a", "b", "c")
	s.stands(t, operator.InSync)
	r.join("bad")
	eventually(t, func() bool { return len(r.records().Quarantine) == 1 }, func() any { return s.Status() })
	for _, q := range r.records().Quarantine {
		if q.Value.Devices != "bad" || !strings.Contains(q.Value.Reason, "wave tail: 0 of 1 healthy, 1 failed") {
			t.Errorf("%+v", q.Value)
		}
	}
	r.join("good")
	r.runs("1", "good")
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range []string{"a", "b", "c"} {
		if have := r.published[name]; !slices.Equal(have, []string{"1"}) {
			t.Errorf("%s was told to run %v", name, have)
		}
	}
}

// TestACrowdThatJoinsGoesInWaves: more than the rollout has shown to run are not let in at once.
func TestACrowdThatJoinsGoesInWaves(t *testing.T) {
	r := newRig(t, "a", "b", "c")
	s := r.serve("one")
	s.declare(t, web("1", canaries))
	r.runs("1", "a", "b", "c")
	s.stands(t, operator.InSync)
	s.stop()
	for _, name := range []string{"d", "e", "f", "g"} {
		r.join(name)
	}
	s = r.serve("two")
	s.declare(t, web("1", canaries))
	if why := s.stands(t, operator.Held).Standing.Why; !strings.Contains(why, "wave {a, b} has no devices, so it shows nothing") {
		t.Errorf("held as %s", why)
	}
}
