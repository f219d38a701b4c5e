package agent

import (
	"fmt"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// offer checks a desired state. One that is already accepted is no news, since the link reads
// it again from time to time.
func (s *State) offer(raw []byte) []Effect {
	if wire.IsKeyset(raw) {
		return s.trust(raw)
	}
	v, err := wire.Open(raw, s.device, s.keys)
	if err != nil {
		return s.refuse(err.Error())
	}
	offered, newest := v.State().Generation, s.accepted
	if !s.saving.IsZero() {
		newest = s.saving
	}
	have := max(s.floor, newest.State().Generation)
	switch {
	case v.Digest() == newest.Digest():
		return nil
	case offered < have:
		return s.refuse(fmt.Sprintf("desired state of %s: generation %d is older than %d, which was accepted", s.device, offered, have))
	case offered == have && newest.State().Generation == have:
		return s.refuse(fmt.Sprintf("desired state of %s: generation %d differs from the one accepted under that number", s.device, offered))
	case !s.saving.IsZero():
		// The save under way ends first. Dropping this one would lose it until the next
		// reading, so it is saved after that: see save.
		s.saving = v
		return nil
	}
	s.saving = v
	return []Effect{s.saveEffect(v)}
}

// trust takes a newer set of operator keys, signed with a key that is trusted until then. What
// was accepted under a key that goes stays accepted.
func (s *State) trust(raw []byte) []Effect {
	set, err := wire.OpenKeyset(raw, s.keys)
	if err != nil {
		// The set in force, signed with a key it retired, comes again at each reading.
		if set, ok := wire.ClaimedKeyset(raw); ok && set.Generation <= s.keyset {
			return nil
		}
		return s.refuse(err.Error())
	}
	if set.Generation <= s.keyset {
		return nil
	}
	s.keys, s.keyset = set.Ring(), set.Generation
	return []Effect{Trust{set}}
}

func (s *State) refuse(reason string) []Effect {
	if reason == s.refused {
		return nil
	}
	s.refused = reason
	return []Effect{Refuse{reason}}
}

func (s *State) saveEffect(v wire.Verified) Save {
	named := map[algebra.Digest]bool{}
	var specs []algebra.Deployment
	for _, app := range sortedApps(v.State().Apps) {
		digest := v.State().Apps[app].Digest
		if spec, ok := s.specs[digest]; ok && !named[digest] {
			specs = append(specs, spec)
		}
		named[digest] = true
	}
	return Save{v, specs}
}

// save puts a saved desired state in force.
func (s *State) save(e Saved) []Effect {
	next := s.saving
	s.saving = wire.Verified{}
	var out []Effect
	switch {
	case e.Err != nil:
		out = s.refuse(fmt.Sprintf("desired state of %s: generation %d could not be saved: %v", s.device, e.State.State().Generation, e.Err))
	case s.refused != "":
		s.refused = ""
		out = append(out, Refuse{})
	}
	if e.Err == nil {
		s.accepted, s.floor = e.State, e.State.State().Generation
		s.allStale = s.asked + 1 // what is told of this set rests on a look made under it
		s.forget()
	}
	if next.Digest() != e.State.Digest() {
		s.saving = next
		out = append(out, s.saveEffect(next))
	}
	return out
}

// forget drops the deployments that are neither wanted nor run. What is being started may be
// neither yet, so nothing is dropped while there is work.
func (s *State) forget() {
	if len(s.busy) > 0 {
		return
	}
	named := map[algebra.Digest]bool{}
	for _, app := range s.accepted.State().Apps {
		named[app.Digest] = true
	}
	for _, o := range s.have {
		named[o.Release.Deployment] = true
	}
	for digest := range s.specs {
		if !named[digest] {
			delete(s.specs, digest)
			delete(s.prepared, digest)
		}
	}
}
