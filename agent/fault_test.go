package agent_test

import (
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/agent/agenttest"
	"github.com/musterfleet/muster/agent/inprocess"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// poisoned is an agent whose release of app a fails as it starts, step by step: how long it waits
// after each failure, and what it remembers then.
func poisoned(t *testing.T, device algebra.DeviceID, failures int) (waits []time.Duration, m agent.Memory) {
	t.Helper()
	spec := simSpecs[appA][0]
	v, err := wire.Sign(simKey, wire.DesiredState{Device: device, Generation: 1, Apps: map[algebra.App]wire.App{appA: {Version: spec.Version(), Digest: spec.Digest()}}})
	must(t, err)
	m = agent.Memory{Accepted: v, Floor: 1, Specs: []algebra.Deployment{spec}}
	now := time.Unix(1e9, 0)
	s, effects := agent.Begin(device, simRing, m)
	for turns := 0; len(waits) < failures; turns++ {
		if turns > 100*failures {
			t.Fatalf("after %d turns it failed %d times", turns, len(waits))
		}
		var next agent.Event
		wait := time.Time{}
		for _, e := range effects {
			switch e := e.(type) {
			case agent.Look:
				next = agent.Looked{Number: e.Number}
			case agent.Prepare:
				next = agent.Prepared{App: e.App, Release: e.Release}
			case agent.Start:
				next = agent.Started{App: e.App, Release: e.Release, Err: errors.New("exec format error")}
			case agent.Remember:
				m.Faults = e.Faults
			case agent.Wake:
				wait = e.At
			}
		}
		if next == nil {
			waits = append(waits, wait.Sub(now))
			now, next = wait, agent.Woke{}
		}
		s, effects = agent.Step(s, next, now)
	}
	return waits, m
}

// TestBackoffGrows: what fails again and again is tried after waits that double up to minutes, and
// that differ between devices: a fleet that failed together does not come back together.
func TestBackoffGrows(t *testing.T) {
	first := map[time.Duration]bool{}
	for n := range 30 {
		waits, _ := poisoned(t, algebra.MustDeviceID("d"+strconv.Itoa(n)), 12)
		first[waits[6]] = true
		for i, w := range waits {
			most := min(5*time.Minute, time.Second<<i)
			if w > most || w < most*3/4 {
				t.Errorf("d%d waits %s after failure %d, want %s to %s", n, w, i+1, most*3/4, most)
			}
		}
	}
	if len(first) < 8 {
		t.Errorf("30 devices wait for %d different times only", len(first))
	}
}

// TestPoisonOutlivesTheAgent: an agent that starts anew leaves alone until its time what failed before.
func TestPoisonOutlivesTheAgent(t *testing.T) {
	_, m := poisoned(t, simDevice, 8)
	var failed, until time.Time
	for _, f := range m.Faults {
		failed, until = f.At, f.Retry
	}
	for name, c := range map[string]struct {
		now    time.Time
		faults agent.Faults
		starts bool
	}{
		"before its time":         {until.Add(-time.Second), m.Faults, false},
		"at its time":             {until, m.Faults, true},
		"with its clock set back": {failed.Add(-time.Minute), m.Faults, true},
		"with nothing told":       {until.Add(-time.Second), nil, true},
	} {
		again := m
		again.Faults = c.faults
		s, _ := agent.Begin(simDevice, simRing, again)
		_, effects := agent.Step(s, agent.Looked{Number: 1}, c.now)
		starts := false
		for _, e := range effects {
			_, prepares := e.(agent.Prepare)
			starts = starts || prepares
		}
		if starts != c.starts {
			t.Errorf("%s: it is tried: %t", name, starts)
		}
	}
}

// TestFactsAreToldAsTheyChange: a fact that changed goes out with the next heartbeat, and one that did
// not is not said again and again.
func TestFactsAreToldAsTheyChange(t *testing.T) {
	var disk atomic.Int64
	link := &agenttest.Link{}
	start(t, &agent.Agent{Device: simDevice, Runtime: &inprocess.Runtime{}, Link: link, Keys: simRing, Heartbeat: 10 * time.Millisecond,
		Facts: func() map[string]string { return map[string]string{"disk": strconv.FormatInt(disk.Load(), 10)} }})
	told := func() (values []string) {
		for _, r := range link.Reports() {
			if info, is := r.(wire.DeviceInfo); is && info.Facts["disk"] != "" {
				values = append(values, info.Facts["disk"])
			}
		}
		return values
	}
	for n := range int64(4) {
		disk.Store(n)
		for begun := time.Now(); ; time.Sleep(2 * time.Millisecond) {
			if v := told(); len(v) > 0 && v[len(v)-1] == strconv.FormatInt(n, 10) {
				break
			}
			if time.Since(begun) > 10*time.Second {
				t.Fatalf("told are %q, and it is %d", told(), n)
			}
		}
	}
	before := len(told())
	time.Sleep(300 * time.Millisecond) // thirty heartbeats
	if more := len(told()) - before; more > 5 {
		t.Errorf("what did not change was told %d times more", more)
	}
}
