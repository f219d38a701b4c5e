package agent

import (
	"maps"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// State is all that an agent knows. It is a value: Step gives another one.
type State struct {
	device algebra.DeviceID
	keys   wire.Keyring
	keyset uint64          // the generation of the keys, 0 while they are those of the configuration
	roster *algebra.Roster // of this device alone, for planner.Diff

	accepted wire.Verified // zero before the first
	floor    uint64        // no older generation is accepted, even if nothing is known of it
	saving   wire.Verified // offered and found good, not yet on disk
	refused  string        // the last refusal, if none was accepted since

	specs    map[algebra.Digest]algebra.Deployment
	prepared map[algebra.Digest]bool
	faults   Faults

	have map[algebra.App]Observed
	// Looks are numbered. A slot counts as seen if a look as new as stale[app] and allStale has
	// answered; everything is stale at first. What a look shows of a slot is taken if it is as
	// new as done[app], the first look after the last work there.
	asked, answered uint64
	stale, done     map[algebra.App]uint64
	allStale        uint64
	blind           int       // looks that failed in a row
	dark            time.Time // when the last of them did

	// held is why nothing but healing is done, for who is at the device says so; veto, that each
	// change is asked for; allowed, the changes that were not vetoed.
	held    string
	veto    bool
	allowed map[algebra.App]change

	busy  map[algebra.App]work
	noted map[algebra.App]bool // the failure that is seen has been counted
	ran   map[algebra.App]run
	told  map[algebra.App]wire.AppState
	again bool // tell everything, whether it was told or not

	ending bool
}

// work is what is being done for a slot.
type work uint8

const (
	fetching work = iota + 1
	preparing
	consulting
	stopping
	starting
)

// change is what gives way in a slot, and to what.
type change struct{ have, want algebra.Release }

// run is what this agent last started in a slot, and how often it had to start it again.
type run struct {
	release algebra.Release
	again   int
}

// Memory is what outlived the last run of the agent.
type Memory struct {
	// Accepted is the last desired state that can still be read, zero if there is none.
	Accepted wire.Verified
	// Held is why the device is held, empty if it is not; Veto says that somebody may veto.
	Held string
	Veto bool
	// Keyset is the set of operator keys that the fleet sent last; zero: none ever did.
	Keyset wire.Keyset
	// Floor is the newest generation that was ever accepted.
	Floor  uint64
	Specs  []algebra.Deployment
	Faults Faults
}

// Begin is the state of an agent that starts, and what it does first. The accepted set is in
// force at once: no network is needed.
func Begin(device algebra.DeviceID, keys wire.Keyring, m Memory) (State, []Effect) {
	roster, err := algebra.NewRoster([]algebra.Device{{ID: device}})
	if err != nil {
		panic("agent: " + err.Error()) // one device with an id always makes a roster
	}
	s := State{
		device: device, keys: keys, roster: roster,
		accepted: m.Accepted, floor: max(m.Floor, m.Accepted.State().Generation), faults: m.Faults,
		specs: map[algebra.Digest]algebra.Deployment{}, prepared: map[algebra.Digest]bool{},
		stale: map[algebra.App]uint64{}, done: map[algebra.App]uint64{}, allStale: 1, asked: 1,
		held: m.Held, veto: m.Veto, allowed: map[algebra.App]change{},
		busy: map[algebra.App]work{}, noted: map[algebra.App]bool{},
		ran: map[algebra.App]run{}, told: map[algebra.App]wire.AppState{},
	}
	if m.Keyset.Generation > 0 {
		s.keys, s.keyset = m.Keyset.Ring(), m.Keyset.Generation
	}
	for _, d := range m.Specs {
		s.specs[d.Digest()] = d
	}
	return s, []Effect{Look{1}}
}

func (s State) clone() State {
	s.specs, s.prepared = maps.Clone(s.specs), maps.Clone(s.prepared)
	s.stale, s.done = maps.Clone(s.stale), maps.Clone(s.done)
	s.busy, s.noted, s.ran = maps.Clone(s.busy), maps.Clone(s.noted), maps.Clone(s.ran)
	s.told, s.have, s.allowed = maps.Clone(s.told), maps.Clone(s.have), maps.Clone(s.allowed)
	return s
}

// Generation is that of the accepted desired state, 0 before the first.
func (s State) Generation() uint64 { return s.accepted.State().Generation }

// Keys are those whose signatures count now.
func (s State) Keys() wire.Keyring { return s.keys }

// Have is what was last seen to run. It must not be changed.
func (s State) Have() map[algebra.App]Observed { return s.have }

// Settled reports that nothing is being done or waited for: what runs, runs well, and is what
// was accepted.
func (s State) Settled() bool {
	if !s.Idle() {
		return false
	}
	for _, j := range s.jobs() {
		if j.differs || j.broken {
			return false
		}
	}
	return true
}

// Idle reports that no work is under way.
func (s State) Idle() bool {
	return len(s.busy) == 0 && s.saving.IsZero() && s.asked == s.answered
}

// seen reports whether the slot is known as it is now.
func (s State) seen(app algebra.App) bool {
	return s.answered >= max(s.stale[app], s.allStale)
}
