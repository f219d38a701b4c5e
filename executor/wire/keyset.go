package wire

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
)

// Keyset is which operator keys a device trusts from then on, signed by one it trusted before. So
// keys change without a visit to any device: a set with the old key and the new one goes first,
// and a set without the old one when every device has that.
type Keyset struct {
	// Generation grows with each set; a device takes none that is not newer than its own.
	Generation uint64              `json:"generation"`
	Keys       []ed25519.PublicKey `json:"keys"`
}

const (
	keysetKind   = "Keyset"
	keysetDomain = "muster operator keys 1\n"
)

func (s Keyset) check() error {
	if s.Generation == 0 || len(s.Keys) == 0 {
		return errors.New("operator keys: a generation and at least one key are required")
	}
	for _, k := range s.Keys {
		if len(k) != ed25519.PublicKeySize {
			return fmt.Errorf("operator keys: a key of %d bytes, want %d", len(k), ed25519.PublicKeySize)
		}
	}
	return nil
}

// SignKeyset makes what is stored and sent of a set.
func SignKeyset(key ed25519.PrivateKey, s Keyset) ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return Encode(seal(key, keysetDomain, keysetKind, s)), nil
}

// OpenKeyset verifies a set against the keys that are trusted now.
func OpenKeyset(data []byte, keys Keyring) (Keyset, error) {
	payload, err := unseal(data, keysetDomain, keys)
	if err != nil {
		return Keyset{}, fmt.Errorf("operator keys: %w", err)
	}
	kind, err := kindOf(payload)
	if err == nil && kind != keysetKind {
		err = fmt.Errorf("a payload of kind %q", kind)
	}
	var s Keyset
	if err == nil {
		err = json.Unmarshal(payload, &s)
	}
	if err != nil {
		return Keyset{}, fmt.Errorf("operator keys: %w", err)
	}
	return s, s.check()
}

// ClaimedKeyset reads a set without asking who signed it.
func ClaimedKeyset(data []byte) (Keyset, bool) {
	signed, err := envelope(data)
	var s Keyset
	ok := err == nil && json.Unmarshal(signed.Payload, &s) == nil && s.check() == nil
	return s, ok
}

// Ring is the keyring of the set.
func (s Keyset) Ring() Keyring { return NewKeyring(s.Keys...) }
