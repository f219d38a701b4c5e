package agent_test

import (
	"errors"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
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

// TestAVetoIsOfOneChange: that an app must not be taken away does not put off another release of it,
// nor is that told as refused.
func TestAVetoIsOfOneChange(t *testing.T) {
	a := algebra.MustApp("a")
	sets := chain(3) // each with another version
	none := sign(simKey, wire.DesiredState{Device: simDevice, Generation: 2, Previous: sets[0].Digest()})
	s, _ := agent.Begin(simDevice, simRing, agent.Memory{Veto: true, Accepted: sets[0], Specs: []algebra.Deployment{specOf(sets[0])}})
	runs := map[algebra.App]agent.Observed{a: {Release: sets[0].State().Releases()[a], Phase: algebra.Running}}
	now, looks := time.Now(), uint64(0)
	obeys := func(set wire.Verified) (effects []agent.Effect) {
		s, _ = agent.Step(s, agent.Offered{Raw: set.Raw()}, now)
		s, _ = agent.Step(s, agent.Saved{State: set}, now)
		looks++
		s, effects = agent.Step(s, agent.Looked{Number: looks, Have: runs}, now)
		return effects
	}
	looks++
	s, _ = agent.Step(s, agent.Looked{Number: looks, Have: runs}, now)
	effects := obeys(none)
	for range 8 {
		n, ask := count[agent.Consult](effects)
		if n != 1 {
			t.Fatalf("to take it away is asked for %d times", n)
		}
		s, _ = agent.Step(s, agent.Consulted{App: a, Have: ask.Have, Want: ask.Want, Err: errors.New("not now")}, now)
		now = now.Add(5 * time.Minute)
		s, effects = agent.Step(s, agent.Woke{}, now)
	}
	_, ask := count[agent.Consult](effects)
	s, _ = agent.Step(s, agent.Consulted{App: a, Have: ask.Have, Want: ask.Want, Err: errors.New("not now")}, now)
	effects = obeys(sets[2])
	if n, tell := count[agent.Tell](effects); n != 1 || tell.State.LastError != "" {
		t.Errorf("told %d times, last %+v", n, tell.State)
	}
	if n, _ := count[agent.Fetch](effects); n != 1 {
		t.Errorf("it does not begin at once, but %v", effects)
	}
}
