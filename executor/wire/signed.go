package wire

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/musterfleet/muster/algebra"
)

// Signed is the envelope of a DesiredState: bytes and a claim about who wrote them. Nothing
// in it counts before Open has verified it.
type Signed struct {
	Payload   []byte `json:"payload"`
	Key       string `json:"key"`
	Signature []byte `json:"signature"`
}

// Kind is Signed.
func (Signed) Kind() string { return "Signed" }

func (m Signed) check() error {
	return required(m.Kind(), field{"payload", len(m.Payload) == 0}, field{"key", m.Key == ""},
		field{"signature", len(m.Signature) == 0})
}

// Verified is a desired state whose signature held. Only Open and Sign make one.
type Verified struct {
	state  DesiredState
	digest algebra.Digest
	raw    []byte
}

// State is what was signed. Its maps are shared and must not be changed.
func (v Verified) State() DesiredState { return v.state }

// Digest is that of the payload: what the next generation names as its previous one.
func (v Verified) Digest() algebra.Digest { return v.digest }

// Raw is the encoded envelope, to store and open again.
func (v Verified) Raw() []byte { return v.raw }

// IsZero reports no desired state.
func (v Verified) IsZero() bool { return v.raw == nil }

// Errors of Open. Each is wrapped with the device and what was found.
var (
	ErrWrongDevice  = errors.New("signed for another device")
	ErrUnknownKey   = errors.New("signed with a key that is not trusted here")
	ErrBadSignature = errors.New("the signature does not fit the payload")
)

// Keyring holds the public keys whose desired states are accepted, by KeyID.
type Keyring map[string]ed25519.PublicKey

// NewKeyring is the keyring of these keys.
func NewKeyring(keys ...ed25519.PublicKey) Keyring {
	ring := Keyring{}
	for _, k := range keys {
		ring[KeyID(k)] = k
	}
	return ring
}

// KeyID names a public key: the first 16 hex digits of its SHA-256.
func KeyID(k ed25519.PublicKey) string {
	sum := sha256.Sum256(k)
	return hex.EncodeToString(sum[:8])
}

// domain keeps a signature from meaning anything but a desired state of this form.
const domain = "muster desired state 1\n"

// Sign seals a desired state, in canonical form: fields in order, apps and values sorted.
func Sign(key ed25519.PrivateKey, s DesiredState) (Verified, error) {
	if s.Apps == nil {
		s.Apps = map[algebra.App]App{}
	}
	if err := s.check(); err != nil {
		return Verified{}, err
	}
	sealed := seal(key, domain, desiredKind, s)
	raw := Encode(sealed)
	if len(raw) > MaxSize {
		return Verified{}, fmt.Errorf("desired state of %s: %d bytes signed, at most %d can be sent", s.Device, len(raw), MaxSize)
	}
	return Verified{state: s, digest: algebra.DigestOf(sealed.Payload), raw: raw}, nil
}

// Open verifies an envelope against the keys this side trusts, for the device it must be for.
func Open(data []byte, device algebra.DeviceID, keys Keyring) (Verified, error) {
	payload, err := unseal(data, domain, keys)
	if err != nil {
		return Verified{}, fmt.Errorf("desired state of %s: %w", device, err)
	}
	s, err := parsePayload(payload)
	if err != nil {
		return Verified{}, err
	}
	if s.Device != device {
		return Verified{}, fmt.Errorf("desired state of %s: %w: %s", device, ErrWrongDevice, s.Device)
	}
	return Verified{state: s, digest: algebra.DigestOf(payload), raw: append([]byte(nil), data...)}, nil
}

// Claimed reads a desired state without asking who wrote it, and the digest of its payload.
// It is for showing and planning, where a lie costs a needless action at most; what runs is
// decided on a Verified only.
func Claimed(data []byte) (DesiredState, algebra.Digest, error) {
	signed, err := envelope(data)
	if err != nil {
		return DesiredState{}, algebra.Digest{}, fmt.Errorf("desired state: %w", err)
	}
	s, err := parsePayload(signed.Payload)
	return s, algebra.DigestOf(signed.Payload), err
}

// seal signs a struct as a payload of a kind. The domain keeps a signature from meaning anything but
// this kind of thing.
func seal(key ed25519.PrivateKey, domain, kind string, v any) Signed {
	message := encodeKind(domain, kind, v)
	return Signed{
		Payload:   message[len(domain):],
		Key:       KeyID(key.Public().(ed25519.PublicKey)),
		Signature: ed25519.Sign(key, message),
	}
}

// unseal is the payload of an envelope that one of the keys signed in this domain.
func unseal(data []byte, domain string, keys Keyring) ([]byte, error) {
	signed, err := envelope(data)
	if err != nil {
		return nil, err
	}
	key, ok := keys[signed.Key]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrUnknownKey, signed.Key)
	}
	if !ed25519.Verify(key, append([]byte(domain), signed.Payload...), signed.Signature) {
		return nil, fmt.Errorf("%w (key %s)", ErrBadSignature, signed.Key)
	}
	return signed.Payload, nil
}

// IsKeyset reports whether an envelope says that it holds a Keyset. It verifies nothing.
func IsKeyset(data []byte) bool {
	signed, err := envelope(data)
	if err != nil {
		return false
	}
	kind, err := kindOf(signed.Payload)
	return err == nil && kind == keysetKind
}

// SignedBy is the id of the key that an envelope says it was signed with.
func SignedBy(data []byte) (string, error) {
	signed, err := envelope(data)
	return signed.Key, err
}

func envelope(data []byte) (Signed, error) {
	kind, err := kindOf(data)
	if err != nil {
		return Signed{}, err
	}
	if kind != (Signed{}).Kind() {
		return Signed{}, fmt.Errorf("not signed: a message of kind %q", kind)
	}
	var m Signed
	if err := json.Unmarshal(data, &m); err != nil {
		return Signed{}, fmt.Errorf("message %s: %w", kind, err)
	}
	return m, m.check()
}
