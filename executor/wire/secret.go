package wire

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/musterfleet/muster/algebra"
)

// Secret is a secret of one device: a box that only the device can open, in a statement that an
// operator signed. A hub that holds it can neither read it nor put another in its place.
type Secret struct {
	Device algebra.DeviceID `json:"device"`
	Name   SecretName       `json:"name"`
	// Revision grows with each change: a device takes none that is older than the one it has.
	Revision uint64 `json:"revision"`
	// Use is what the secret is: a text for containers, or the credentials of a registry.
	Use SecretUse `json:"use"`
	// Sender is the public curve key the box was made with, of a pair made for this box alone.
	Sender string `json:"sender"`
	Box    []byte `json:"box"`
}

// SecretName names a secret on a device: a DNS-1123 label, or the host of a registry.
type SecretName string

// SecretUse is what a secret is for.
type SecretUse string

// The uses of secrets.
const (
	ForContainers SecretUse = "containers"
	ForRegistry   SecretUse = "registry"
)

// RegistryLogin is the text of a secret for a registry.
type RegistryLogin struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

var secretName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.:-]*[a-z0-9])?$`)

// Check refuses a name that cannot be that of a secret of this use.
func (n SecretName) Check(use SecretUse) error {
	ok := len(n) <= 253 && secretName.MatchString(string(n))
	if ok && use == ForContainers {
		_, err := algebra.ParseApp(string(n))
		ok = err == nil
	}
	if !ok {
		return fmt.Errorf("secret %q: want a DNS-1123 label such as db-password, or for a registry its host", n)
	}
	return nil
}

const (
	secretKind   = "Secret"
	secretDomain = "muster secret 1\n"
)

func (s Secret) check() error {
	if s.Device.IsZero() || s.Revision == 0 || s.Sender == "" || len(s.Box) == 0 {
		return errors.New("secret: device, revision, sender and box are required")
	}
	if s.Use != ForContainers && s.Use != ForRegistry {
		return fmt.Errorf("secret %s: use %q is not known to this build", s.Name, s.Use)
	}
	return s.Name.Check(s.Use)
}

// SignSecret makes what is stored and sent of a secret.
func SignSecret(key ed25519.PrivateKey, s Secret) ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return Encode(seal(key, secretDomain, secretKind, s)), nil
}

// OpenSecret verifies that an operator made this secret for this device.
func OpenSecret(data []byte, device algebra.DeviceID, keys Keyring) (Secret, error) {
	payload, err := unseal(data, secretDomain, keys)
	if err != nil {
		return Secret{}, fmt.Errorf("secret: %w", err)
	}
	s, err := ClaimedSecret(payload)
	if err == nil && s.Device != device {
		err = fmt.Errorf("secret %s: %w: %s", s.Name, ErrWrongDevice, s.Device)
	}
	return s, err
}

// ClaimedSecret reads a signed payload, without asking who signed it.
func ClaimedSecret(payload []byte) (Secret, error) {
	kind, err := kindOf(payload)
	if err == nil && kind != secretKind {
		err = fmt.Errorf("a payload of kind %q", kind)
	}
	var s Secret
	if err == nil {
		err = json.Unmarshal(payload, &s)
	}
	if err != nil {
		return Secret{}, fmt.Errorf("secret: %w", err)
	}
	return s, s.check()
}

// AskSecret asks the hub for a secret of the device.
type AskSecret struct {
	Device algebra.DeviceID `json:"device"`
	Nonce  string           `json:"nonce"`
	Name   SecretName       `json:"name"`
}

// SecretAnswer is the signed secret; none is there if it is empty.
type SecretAnswer struct {
	Device algebra.DeviceID `json:"device"`
	Nonce  string           `json:"nonce"`
	Secret json.RawMessage  `json:"secret,omitempty"`
}

// Kind is AskSecret.
func (AskSecret) Kind() string { return "AskSecret" }

// Kind is SecretAnswer.
func (SecretAnswer) Kind() string { return "SecretAnswer" }

func (m AskSecret) check() error {
	if err := requireNonce(m.Kind(), m.Device, m.Nonce); err != nil {
		return err
	}
	return m.Name.Check(ForRegistry) // the wider rule: a registry's host may be any name
}
func (m SecretAnswer) check() error { return requireNonce(m.Kind(), m.Device, m.Nonce) }
