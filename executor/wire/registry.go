package wire

import (
	"fmt"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// DeviceEntry is a device in the registry: what operators say of it.
type DeviceEntry struct {
	Device    algebra.DeviceID  `json:"device"`
	Labels    map[string]string `json:"labels,omitempty"`
	Lifecycle Lifecycle         `json:"lifecycle"`
	// SetBy is who wrote the entry, At when.
	SetBy string    `json:"setBy,omitempty"`
	At    time.Time `json:"at,omitzero"`
}

// Lifecycle is where a device stands between its request to join and its end.
type Lifecycle uint8

// The stages. Only an enrolled device is heard and answered.
const (
	Requested Lifecycle = iota + 1
	Enrolled
	Revoked
	Decommissioned
)

var lifecycleNames = [...]string{"", "requested", "enrolled", "revoked", "decommissioned"}

// String is the stage's name.
func (l Lifecycle) String() string {
	if int(l) < len(lifecycleNames) {
		return lifecycleNames[l]
	}
	return fmt.Sprintf("Lifecycle(%d)", uint8(l))
}

// ParseLifecycle reads the name of a stage.
func ParseLifecycle(s string) (Lifecycle, error) {
	for l := Requested; l <= Decommissioned; l++ {
		if lifecycleNames[l] == s {
			return l, nil
		}
	}
	return 0, fmt.Errorf("lifecycle %q: want one of requested, enrolled, revoked, decommissioned", s)
}

// MarshalText writes the name.
func (l Lifecycle) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads the name.
func (l *Lifecycle) UnmarshalText(b []byte) (err error) { *l, err = ParseLifecycle(string(b)); return }

// WorldRecord names the World in force and who may replace it. There is one.
type WorldRecord struct {
	World algebra.Digest `json:"world"`
	// Owner is serve's name while serve owns the World, and the person's after apply -w.
	Owner string    `json:"owner"`
	Held  bool      `json:"held,omitempty"` // serve owns it until it lets go
	At    time.Time `json:"at,omitzero"`
}

// Kind is DeviceEntry.
func (DeviceEntry) Kind() string { return "DeviceEntry" }

// Kind is WorldRecord.
func (WorldRecord) Kind() string { return "WorldRecord" }

func (m DeviceEntry) check() error {
	return required(m.Kind(), field{"device", m.Device.IsZero()}, field{"lifecycle", m.Lifecycle == 0})
}

func (m WorldRecord) check() error {
	return required(m.Kind(), field{"world", m.World.IsZero()}, field{"owner", m.Owner == ""})
}
