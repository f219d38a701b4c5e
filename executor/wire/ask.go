package wire

import (
	"encoding/json"
	"fmt"

	"github.com/musterfleet/muster/algebra"
)

// AskState asks the hub for the device's desired state. The answer echoes the nonce: across
// accounts anyone in DEVICES can send to any inbox there, so an answer that does not name this
// device and this nonce is nobody's answer.
type AskState struct {
	Device algebra.DeviceID `json:"device"`
	Nonce  string           `json:"nonce"`
}

// AskSpec asks the hub for a deployment by its digest.
type AskSpec struct {
	Device algebra.DeviceID `json:"device"`
	Nonce  string           `json:"nonce"`
	Digest algebra.Digest   `json:"digest"`
}

// StateAnswer is the whole signed desired state, an encoded Signed, and the revision of its
// key. Revision 0 and no State: nothing was ever published to the device. That is no order to
// stop anything.
type StateAnswer struct {
	Device   algebra.DeviceID `json:"device"`
	Nonce    string           `json:"nonce"`
	Revision uint64           `json:"revision"`
	State    json.RawMessage  `json:"state,omitempty"`
	// Keys is the newest signed Keyset, if there ever was one.
	Keys json.RawMessage `json:"keys,omitempty"`
}

// SpecAnswer is a deployment's canonical form. Who receives it compares the digest.
type SpecAnswer struct {
	Device algebra.DeviceID `json:"device"`
	Nonce  string           `json:"nonce"`
	Spec   []byte           `json:"spec"`
}

// Refusal is the hub's answer to a request it does not serve, and why.
type Refusal struct {
	Device algebra.DeviceID `json:"device"`
	Nonce  string           `json:"nonce"`
	Reason string           `json:"reason"`
}

// Kind is AskState.
func (AskState) Kind() string { return "AskState" }

// Kind is AskSpec.
func (AskSpec) Kind() string { return "AskSpec" }

// Kind is StateAnswer.
func (StateAnswer) Kind() string { return "StateAnswer" }

// Kind is SpecAnswer.
func (SpecAnswer) Kind() string { return "SpecAnswer" }

// Kind is Refusal.
func (Refusal) Kind() string { return "Refusal" }

func (m AskState) check() error { return requireNonce(m.Kind(), m.Device, m.Nonce) }
func (m AskSpec) check() error {
	if err := requireNonce(m.Kind(), m.Device, m.Nonce); err != nil {
		return err
	}
	return required(m.Kind(), field{"digest", m.Digest.IsZero()})
}
func (m StateAnswer) check() error {
	if err := requireNonce(m.Kind(), m.Device, m.Nonce); err != nil {
		return err
	}
	return required(m.Kind(), field{"state", m.Revision != 0 && len(m.State) == 0})
}
func (m SpecAnswer) check() error {
	if err := requireNonce(m.Kind(), m.Device, m.Nonce); err != nil {
		return err
	}
	return required(m.Kind(), field{"spec", len(m.Spec) == 0})
}
func (m Refusal) check() error { return requireNonce(m.Kind(), m.Device, m.Nonce) }

func requireNonce(kind string, d algebra.DeviceID, nonce string) error {
	return required(kind, field{"device", d.IsZero()}, field{"nonce", nonce == ""})
}

// OpenSpec reads a deployment that came from elsewhere and compares it with the digest it was
// asked for.
func OpenSpec(d algebra.Digest, canonical []byte) (algebra.Deployment, error) {
	spec, err := algebra.ParseDeployment(canonical)
	if err != nil {
		return algebra.Deployment{}, fmt.Errorf("deployment %s: %w", d.Short(), err)
	}
	if spec.Digest() != d {
		return algebra.Deployment{}, fmt.Errorf("deployment %s: what came under its digest is %s", d.Short(), spec.Digest().Short())
	}
	return spec, nil
}
