package agent

import (
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// tell reports each slot that stands otherwise than was last told. Of a new generation a slot is told
// only once it was looked at under it: a budget counts on what is told, and what was seen before may
// have died since.
func (s *State) tell(now time.Time) []Effect {
	if s.answered == 0 || s.have == nil {
		return nil // nothing was seen yet, so nothing is known
	}
	var out []Effect
	wanted := s.accepted.State()
	apps := map[algebra.App]bool{}
	for app := range wanted.Apps {
		apps[app] = true
	}
	for app := range s.have {
		apps[app] = true
	}
	for app := range s.told {
		apps[app] = true
	}
	for _, app := range sortedApps(apps) {
		t := s.standing(app, wanted)
		last := s.told[app]
		if t.Wanted > last.Wanted && !s.seen(app) {
			continue
		}
		t.Since = last.Since
		if t.Phase != last.Phase || t.Running != last.Running {
			t.Since = now
		}
		if sameButGeneration(t, last) && wanted.Apps[app].Since <= last.Wanted && !s.again {
			continue
		}
		out = append(out, Tell{t})
		s.told[app] = t
		if t.Phase == 0 {
			delete(s.told, app)
			delete(s.ran, app)
		}
	}
	s.again = false
	return out
}

// sameButGeneration: a new generation that leaves the slot as it is is no news of the slot. One that
// put something else there and was never seen, or has put it back, is.
func sameButGeneration(a, b wire.AppState) bool {
	a.Wanted, b.Wanted = 0, 0
	return a == b
}

// standing is how a slot stands. While a release runs its phase is told, whatever is being
// fetched to take its place: what serves counts as serving.
func (s *State) standing(app algebra.App, wanted wire.DesiredState) wire.AppState {
	o, filled := s.have[app]
	w, wants := wanted.Apps[app]
	t := wire.AppState{Device: s.device, App: app, Wanted: wanted.Generation}
	if filled {
		t.Phase, t.Running, t.LastError = o.Phase, wire.RunningOf(o.Release), o.Detail
		t.Restarts = o.Restarts
		if r := s.ran[app]; r.release == o.Release {
			t.Restarts += r.again
		}
	}
	fault := s.faults[faultKey(app, w.Release())]
	stop := s.stopFault(app, w.Release())
	if s.held != "" && wants != filled || s.held != "" && wants && w.Release() != o.Release {
		t.LastError = "held on the device: " + s.held
		if !filled {
			t.Phase = algebra.Refused
		}
		return t
	}
	switch {
	case s.busy[app] == stopping && filled:
		t.Phase = algebra.Stopping
	case filled && stop.Count > 0:
		t.LastError = stop.Reason
	case filled && wants && w.Release() != o.Release && fault.Count > 0:
		t.LastError = w.Version.String() + ": " + fault.Reason
	case filled || !wants:
	case s.busy[app] != 0:
		t.Phase = algebra.Pulling
	case fault.Count > 0 && fault.Refused:
		t.Phase, t.LastError = algebra.Refused, fault.Reason
	case fault.Count > 0 && fault.Unanswered: // it is no fault of the release, and is tried again
		t.Phase, t.LastError = algebra.Pulling, fault.Reason
	case fault.Count > 0:
		t.Phase, t.LastError = algebra.Failed, fault.Reason
	default:
		t.Phase = algebra.Pending
	}
	return t
}
