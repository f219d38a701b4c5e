package algebra

import (
	"fmt"
	"time"
)

// Reality is what is published to and reported by each device, as of one instant.
type Reality struct {
	// ObservedAt is when it was read. The core has no other clock.
	ObservedAt time.Time
	// Roster holds the registry's labels and the facts that devices reported.
	Roster *Roster
	// Published is the desired state last published, over Roster.
	Published Placement
	// Records is the standing of each device, by id; a device may lack one.
	Records map[DeviceID]Record
	// Slots is what devices reported of their slots.
	Slots map[Slot]SlotState
	// Quarantine is the releases that failed, by the runs that found it, and are not to be tried
	// again on these devices.
	Quarantine []Quarantine
	// Settled is the rollouts that are through, by name and app.
	Settled []Settled
	// Specs are the deployments that Published refers to, as far as they are known.
	Specs map[Digest]Deployment
}

// Slot is one app's place on one device.
type Slot struct {
	Device DeviceID
	App    App
}

// SlotState is what a device last said of a slot.
type SlotState struct {
	Release  Release
	Phase    Phase
	Since    time.Time
	Detail   string
	Restarts int
}

// Record is the standing of a device.
type Record struct {
	// Registry and Desired are the revisions of its registry entry and its desired-state key; 0 is none.
	Registry, Desired uint64
	Lifecycle         Lifecycle
	// Heard is the newest of heartbeat, state and facts; zero is never.
	Heard time.Time
}

// Quarantine keeps a release from devices until the World places another one there, or until
// the run is retried.
type Quarantine struct {
	App        App
	Version    Version
	Deployment Digest
	// Devices are in the order of ids.
	Devices []DeviceID
	// Run found out, and Reason is what it saw.
	Run, Reason string
}

// Settled is a rollout that came to its end for an app. What differs there afterwards, while the
// World says the same of it, are devices that came later: they need not prove again what the
// rollout has shown.
type Settled struct {
	// Rollout is its name; empty for the default.
	Rollout string `json:"rollout,omitempty"`
	App     App    `json:"app"`
	// Rules is the digest of all that the World said then of who gets the app by the rollout.
	Rules Digest `json:"rules"`
}

// String says what is kept out, and how to let it in.
func (q Quarantine) String() string {
	return fmt.Sprintf("%s@%s failed in run %s: %s; `muster rollout retry %s` lets it be tried again", q.App, q.Version, q.Run, q.Reason, q.Run)
}

// OnlineWithin is how recently a device must have been heard to count as online.
const OnlineWithin = 90 * time.Second

// Online reports whether the device was heard of within OnlineWithin of now.
func (r Record) Online(now time.Time) bool {
	return !r.Heard.IsZero() && now.Sub(r.Heard) <= OnlineWithin
}

// Of is the reality with another roster of its devices, such as one with new labels.
func (r Reality) Of(roster *Roster) Reality {
	r.Roster = roster
	return r
}

// NewReality is the reality of devices to which nothing was ever published.
func NewReality(r *Roster, at time.Time) Reality {
	return Reality{ObservedAt: at, Roster: r, Published: NewPlacing(r).Placement(),
		Records: map[DeviceID]Record{}, Slots: map[Slot]SlotState{}, Specs: map[Digest]Deployment{}}
}
