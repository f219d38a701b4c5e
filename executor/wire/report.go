package wire

import (
	"fmt"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// Report is a Message a device sends of itself: DeviceInfo, AppState or Heartbeat.
//
//sumtype:decl
type Report interface {
	Message
	// About is the device that reports.
	About() algebra.DeviceID
	// Subject is where the report is published. It follows from the content, so a hub that
	// compares it with where a message came from knows both whose and what it is.
	Subject() string
	report() // sealed
}

// DeviceInfo is what a device found out about itself: arch, os, kernel, mem, …
type DeviceInfo struct {
	Device algebra.DeviceID  `json:"device"`
	Facts  map[string]string `json:"facts,omitempty"`
}

// AppState is what one slot of a device holds.
type AppState struct {
	Device algebra.DeviceID `json:"device"`
	App    algebra.App      `json:"app"`
	// Phase is zero when the slot became empty: the record of the slot is then removed.
	Phase algebra.Phase `json:"phase,omitzero"`
	// Running is the release the runtime reports, zero if there is none.
	Running Running `json:"running,omitzero"`
	// Wanted is the generation of the desired state the device acts on, 0 before the first.
	Wanted    uint64    `json:"wanted,omitempty"`
	Since     time.Time `json:"since,omitzero"`
	LastError string    `json:"lastError,omitempty"`
	Restarts  int       `json:"restarts,omitempty"`
}

// Running is an algebra.Release on the wire.
type Running struct {
	Version    algebra.Version `json:"version"`
	Deployment algebra.Digest  `json:"deployment"`
	Values     algebra.Digest  `json:"values"`
}

// RunningOf writes a release for the wire.
func RunningOf(r algebra.Release) Running { return Running(r) }

// Release reads it back.
func (r Running) Release() algebra.Release { return algebra.Release(r) }

// Heartbeat says that a device is alive. Sequence counts from 1 at each start of the agent.
type Heartbeat struct {
	Device   algebra.DeviceID `json:"device"`
	Sequence uint64           `json:"sequence"`
	// Uptime is how long the agent has run, in seconds.
	Uptime int64 `json:"uptime"`
}

// Kind is DeviceInfo.
func (DeviceInfo) Kind() string { return "DeviceInfo" }

// Kind is AppState.
func (AppState) Kind() string { return "AppState" }

// Kind is Heartbeat.
func (Heartbeat) Kind() string { return "Heartbeat" }

// About is the device that reports.
func (m DeviceInfo) About() algebra.DeviceID { return m.Device }

// About is the device that reports.
func (m AppState) About() algebra.DeviceID { return m.Device }

// About is the device that reports.
func (m Heartbeat) About() algebra.DeviceID { return m.Device }

// Subject is report.<device>.info.
func (m DeviceInfo) Subject() string { return "report." + Token(m.Device) + ".info" }

// Subject is report.<device>.state.<app>.
func (m AppState) Subject() string {
	return "report." + Token(m.Device) + ".state." + m.App.String()
}

// Subject is report.<device>.heartbeat.
func (m Heartbeat) Subject() string { return "report." + Token(m.Device) + ".heartbeat" }

func (DeviceInfo) report() {}
func (AppState) report()   {}
func (Heartbeat) report()  {}

func (m DeviceInfo) check() error {
	return required(m.Kind(), field{"device", m.Device.IsZero()})
}

func (m AppState) check() error {
	r := m.Running
	if r != (Running{}) && (r.Version == algebra.Version{} || r.Deployment.IsZero() || r.Values.IsZero()) {
		return fmt.Errorf("message %s: running needs version, deployment and values", m.Kind())
	}
	return required(m.Kind(), field{"device", m.Device.IsZero()}, field{"app", m.App.IsZero()})
}

func (m Heartbeat) check() error {
	return required(m.Kind(), field{"device", m.Device.IsZero()}, field{"sequence", m.Sequence == 0})
}

// Place is where a hub stores a report; empty says that the key is to be removed instead, as
// the slot it tells of holds nothing any more.
func Place(r Report) (bucket, key string, empty bool) {
	switch r := r.(type) {
	case DeviceInfo:
		return InfoBucket, Token(r.Device), false
	case AppState:
		return StateBucket, StateKey(r.Device, r.App), r.Phase == 0
	case Heartbeat:
		return HeartbeatBucket, Token(r.Device), false
	}
	panic(fmt.Sprintf("wire: unknown report %T", r))
}
