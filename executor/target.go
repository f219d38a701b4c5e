package executor

import (
	"crypto/ed25519"
	"fmt"
	"maps"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
)

// target is one device of a run: what its slots shall hold, and what became of it.
type target struct {
	device  algebra.DeviceID
	changes []planner.Change
	base    planner.Base
	// generation is that of the published state; 0 until it is published.
	generation uint64
	outcome    outcome
	err        error
	// states is what the device last reported of the slots the run changes.
	states map[algebra.App]wire.AppState
}

// outcome is what became of a target's publication.
type outcome uint8

const (
	waiting outcome = iota
	published
	offline
	moved
	unpublished // the write failed in another way
)

// targets groups the plan's changes by device, in the order of ids.
func targets(p planner.Plan) []*target {
	var out []*target
	at := map[algebra.DeviceID]*target{}
	for _, c := range p.Changes {
		id := c.Action.Target().Device
		t := at[id]
		if t == nil {
			t = &target{device: id, base: p.Base[id], states: map[algebra.App]wire.AppState{}}
			at[id] = t
			out = append(out, t)
		}
		t.changes = append(t.changes, c)
	}
	return out
}

// next is the device's desired state after the plan: what is published now with the plan's
// changes laid over it. It is complete, and one generation on from all that the device may
// have seen: where the store lost a write that the device acted on, what it reported says more
// than what is published.
func (t *target) next(current wire.Verified, plan algebra.Digest) wire.DesiredState {
	s := wire.DesiredState{Device: t.device, Generation: 1, Plan: plan, Apps: map[algebra.App]wire.App{}}
	if !current.IsZero() {
		s.Generation, s.Previous = current.State().Generation+1, current.Digest()
		maps.Copy(s.Apps, current.State().Apps)
	}
	for _, said := range t.states {
		s.Generation = max(s.Generation, said.Wanted+1)
	}
	for _, c := range t.changes {
		switch a := c.Action.(type) {
		case planner.Start:
			s.Apps[a.At.App] = wire.App{Version: a.Want.Version, Digest: a.Want.Deployment, Values: c.Values}
		case planner.Replace:
			s.Apps[a.At.App] = wire.App{Version: a.Want.Version, Digest: a.Want.Deployment, Values: c.Values}
		case planner.Stop:
			delete(s.Apps, a.At.App)
		}
	}
	return s
}

// sign makes the write that publishes the target.
func (t *target) sign(current Kept[[]byte], plan algebra.Digest, key ed25519.PrivateKey, keys wire.Keyring) (SetDesired, error) {
	var have wire.Verified
	if current.Revision > 0 {
		var err error
		if have, err = wire.Open(current.Value, t.device, keys); err != nil {
			return SetDesired{}, fmt.Errorf("what is published cannot be built on: %w", err)
		}
	}
	state, err := wire.Sign(key, t.next(have, plan))
	if err != nil {
		return SetDesired{}, err
	}
	t.generation = state.State().Generation
	return SetDesired{State: state, Revision: current.Revision}, nil
}

// verdict says how far a published device is, from what it reported since.
func (t *target) verdict() (healthy, failed bool) {
	healthy = true
	for _, c := range t.changes {
		s, reported := t.states[c.Action.Target().App]
		current := reported && s.Wanted >= t.generation
		var want algebra.Release
		switch a := c.Action.(type) {
		case planner.Start:
			want = a.Want
		case planner.Replace:
			want = a.Want
		case planner.Stop:
			healthy = healthy && s.Phase == 0 // an emptied slot has no record
			continue
		}
		well := s.Phase == algebra.Running || s.Phase == algebra.Completed
		healthy = healthy && current && well && s.Running.Release() == want
		failed = failed || current && (s.Phase == algebra.Failed || s.Phase == algebra.Refused)
	}
	return healthy, failed
}

// tally counts targets.
func tally(ts []*target) Tally {
	n := Tally{Targets: len(ts)}
	for _, t := range ts {
		switch t.outcome {
		case waiting, unpublished:
		case offline:
			n.Offline++
		case moved:
			n.Moved++
		case published:
			n.Published++
			healthy, failed := t.verdict()
			if healthy {
				n.Healthy++
			} else if failed {
				n.Failed++
			}
		}
	}
	return n
}
