package wire

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/musterfleet/muster/algebra"
)

// DesiredState is everything that shall run on one device. It is complete: an app that is not
// in it shall not run there.
type DesiredState struct {
	Device algebra.DeviceID `json:"device"`
	// Generation grows by one with each publication, from 1.
	Generation uint64 `json:"generation"`
	// Previous is the digest of the payload before this one, zero if there is none: at
	// generation 1, and where the store lost what was published.
	Previous algebra.Digest `json:"previous,omitzero"`
	// Plan is the digest of the approved plan that published it.
	Plan algebra.Digest      `json:"plan,omitzero"`
	Apps map[algebra.App]App `json:"apps"`
}

// App is what one slot shall hold.
type App struct {
	Version algebra.Version `json:"version"`
	Digest  algebra.Digest  `json:"digest"`
	// Values are what the deployment takes from this device.
	Values algebra.Values `json:"values,omitempty"`
	// Since is the generation that last changed the slot: a report of an earlier one says nothing of
	// it. 0 where that was not written down.
	Since uint64 `json:"since,omitempty"`
}

// Release is the slot's content in the algebra.
func (a App) Release() algebra.Release {
	return algebra.Release{Version: a.Version, Deployment: a.Digest, Values: a.Values.Digest()}
}

// Releases is the device's row of the wanted placement.
func (s DesiredState) Releases() map[algebra.App]algebra.Release {
	releases := make(map[algebra.App]algebra.Release, len(s.Apps))
	for name, app := range s.Apps {
		releases[name] = app.Release()
	}
	return releases
}

const desiredKind = "DesiredState"

// parsePayload reads what was signed. It checks form, not origin.
func parsePayload(payload []byte) (DesiredState, error) {
	kind, err := kindOf(payload)
	if err != nil {
		return DesiredState{}, fmt.Errorf("desired state: %w", err)
	}
	if kind != desiredKind {
		return DesiredState{}, fmt.Errorf("desired state: the payload is of kind %q, which this build does not support", kind)
	}
	var s DesiredState
	if err := json.Unmarshal(payload, &s); err != nil {
		return DesiredState{}, fmt.Errorf("desired state: %w", err)
	}
	return s, s.check()
}

func (s DesiredState) check() error {
	switch {
	case s.Device.IsZero():
		return errors.New("desired state: no device")
	case s.Generation == 0:
		return fmt.Errorf("desired state of %s: no generation; they count from 1", s.Device)
	case s.Generation == 1 && !s.Previous.IsZero():
		return fmt.Errorf("desired state of %s: generation 1 follows %s; the first follows none", s.Device, s.Previous)
	case s.Apps == nil:
		return fmt.Errorf("desired state of %s: no apps; a device that shall run nothing has an empty object", s.Device)
	}
	for name, app := range s.Apps {
		if name.IsZero() || app.Version == (algebra.Version{}) || app.Digest.IsZero() {
			return fmt.Errorf("desired state of %s: app %q needs version and digest", s.Device, name)
		}
	}
	return nil
}
