package agent_test

import (
	"errors"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
)

// settleAt is an agent that runs version 1 of app a, and has been offered another set.
func settleAt(t *testing.T, m agent.Memory) (agent.State, []agent.Effect) {
	t.Helper()
	sets := chain(2)
	a := algebra.MustApp("a")
	one, two := specOf(sets[0]), specOf(sets[1])
	m.Accepted, m.Specs = sets[0], []algebra.Deployment{one, two}
	s, _ := agent.Begin(simDevice, simRing, m)
	run := algebra.Release{Version: one.Version(), Deployment: one.Digest(), Values: algebra.Values{}.Digest()}
	runs := map[algebra.App]agent.Observed{a: {Release: run, Phase: algebra.Running}}
	s, _ = agent.Step(s, agent.Looked{Number: 1, Have: runs}, time.Now())
	s, _ = agent.Step(s, agent.Offered{Raw: sets[1].Raw()}, time.Now())
	s, _ = agent.Step(s, agent.Saved{State: sets[1]}, time.Now())
	s, effects := agent.Step(s, agent.Looked{Number: 2, Have: runs}, time.Now())
	for _, e := range effects {
		if p, is := e.(agent.Prepare); is {
			return agent.Step(s, agent.Prepared{App: p.App, Release: p.Release}, time.Now())
		}
	}
	return s, effects
}

func count[E agent.Effect](effects []agent.Effect) (n int, last E) {
	for _, e := range effects {
		if x, is := e.(E); is {
			n, last = n+1, x
		}
	}
	return n, last
}

// TestHoldChangesNothing, but is told; and what was held goes on when it is released.
func TestHoldChangesNothing(t *testing.T) {
	s, effects := settleAt(t, agent.Memory{Held: "repair"})
	if n, _ := count[agent.Stop](effects); n > 0 {
		t.Error("a held device stops")
	}
	if n, tell := count[agent.Tell](effects); n == 0 || tell.State.LastError != "held on the device: repair" {
		t.Errorf("told %d times, last %+v", n, tell.State)
	}
	s, effects = agent.Step(s, agent.Held{}, time.Now())
	if n, _ := count[agent.Prepare](effects); n != 1 {
		t.Errorf("released, it prepares %d times", n)
	}
	_ = s
}

// TestVetoComesBeforeTheStop, is told, and is asked again later.
func TestVetoComesBeforeTheStop(t *testing.T) {
	s, effects := settleAt(t, agent.Memory{Veto: true})
	n, ask := count[agent.Consult](effects)
	if stops, _ := count[agent.Stop](effects); n != 1 || stops > 0 {
		t.Fatalf("%d questions, %d stops", n, stops)
	}
	no := agent.Consulted{App: ask.App, Have: ask.Have, Want: ask.Want, Err: errors.New("not now")}
	s, effects = agent.Step(s, no, time.Now())
	stops, _ := count[agent.Stop](effects)
	_, tell := count[agent.Tell](effects)
	if stops > 0 || tell.State.Phase != algebra.Running || tell.State.LastError != ask.Want.Version.String()+": refused by the device: not now" {
		t.Errorf("%d stops, told %+v", stops, tell.State)
	}
	later := time.Now().Add(time.Hour)
	s, effects = agent.Step(s, agent.Woke{}, later)
	if n, _ := count[agent.Consult](effects); n != 1 {
		t.Fatalf("asked again %d times", n)
	}
	no.Err = nil
	_, effects = agent.Step(s, no, later)
	if n, _ := count[agent.Stop](effects); n != 1 {
		t.Errorf("%d stops after it was allowed", n)
	}
}
