package wire

import (
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
	// Offer is the enrolment that brought the device in, if one did.
	Offer string `json:"offer,omitempty"`
	// Key is the thumbprint of the key the device is known by, and NextKey that of one it was given
	// and has not shown yet.
	Key     string `json:"key,omitempty"`
	NextKey string `json:"nextKey,omitempty"`
}

// Lifecycle is algebra's: the registry stores what the algebra means.
type Lifecycle = algebra.Lifecycle

// The lifecycles.
const (
	Requested      = algebra.Requested
	Enrolled       = algebra.Enrolled
	Revoked        = algebra.Revoked
	Decommissioned = algebra.Decommissioned
)

// WorldRecord names the World in force and who may replace it. There is one.
type WorldRecord struct {
	World algebra.Digest `json:"world"`
	// Owner is serve's name while serve owns the World, and the person's after apply -w.
	Owner string    `json:"owner"`
	Held  bool      `json:"held,omitempty"` // serve owns it until it lets go
	At    time.Time `json:"at,omitzero"`
	// TakenFrom is whom it was taken from by force, while Was was the World in force: until they
	// have another World, they do not take it back.
	TakenFrom string         `json:"takenFrom,omitempty"`
	Was       algebra.Digest `json:"was,omitzero"`
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
