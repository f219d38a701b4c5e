package planner

import (
	"time"

	"github.com/musterfleet/muster/algebra"
)

// Delta is one thing that became otherwise since a Live last planned.
//
//sumtype:decl
type Delta interface{ delta() } // sealed: PutDevice, RemoveDevice, Registered, Reported, SetLabel, Heard, Said, SetRecord, Published, Quarantines, Settlements, Declared, Tick

// PutDevice is a device that is new or has other labels or facts: all of them.
type PutDevice struct{ Device algebra.Device }

// RemoveDevice is a device that the registry let go, and what was published to it.
type RemoveDevice struct{ Device algebra.DeviceID }

// Registered is a device's entry in the registry, new or other: its labels, all of them, and its
// standing. What it reports, and what is published to it, stay.
type Registered struct {
	Device    algebra.DeviceID
	Labels    map[string]string
	Revision  uint64
	Lifecycle algebra.Lifecycle
}

// Reported is what a known device says of itself: its facts, all of them.
type Reported struct {
	Device algebra.DeviceID
	Facts  map[string]string
}

// SetLabel is one label of a known device; Absent takes it away.
type SetLabel struct {
	Device     algebra.DeviceID
	Key, Value string
	Absent     bool
}

// Heard is a sign of life.
type Heard struct {
	Device algebra.DeviceID
	At     time.Time
}

// Said is what a device reported of a slot; the zero State is an empty slot.
type Said struct {
	At    algebra.Slot
	State algebra.SlotState
}

// SetRecord is the standing of a device: its revisions, its lifecycle, when it was heard.
type SetRecord struct {
	Device algebra.DeviceID
	Record algebra.Record
}

// Published is a device's new desired state, complete, with the deployments in it as far as
// they are known, and the revision of its key.
type Published struct {
	Device   algebra.DeviceID
	Revision uint64
	Apps     map[algebra.App]algebra.Release
	Specs    map[algebra.Digest]algebra.Deployment
}

// Quarantines is all that is in quarantine.
type Quarantines struct{ List []algebra.Quarantine }

// Settlements is all that is settled. It changes no device's part of a plan, only its waves.
type Settlements struct{ List []algebra.Settled }

// Declared is another World: rules, deployments and documents. It is whole, as a World loads;
// what differs in it is found by its documents.
type Declared struct{ World algebra.World }

// Tick is the present time.
type Tick struct{ At time.Time }

func (PutDevice) delta()    {}
func (RemoveDevice) delta() {}
func (Registered) delta()   {}
func (Reported) delta()     {}
func (SetLabel) delta()     {}
func (Heard) delta()        {}
func (Said) delta()         {}
func (SetRecord) delta()    {}
func (Published) delta()    {}
func (Quarantines) delta()  {}
func (Settlements) delta()  {}
func (Declared) delta()     {}
func (Tick) delta()         {}
