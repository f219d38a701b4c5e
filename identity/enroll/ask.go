package enroll

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// Ask is a device's wish to join, signed with the key it wants to be known by.
type Ask struct {
	Kind   string            `json:"kind"`
	Token  string            `json:"token"` // the offer's id; the secret went to the callout
	Device algebra.DeviceID  `json:"device"`
	Key    []byte            `json:"key"` // public, PKIX
	Facts  map[string]string `json:"facts,omitempty"`
	Nonce  string            `json:"nonce"`
	Proof  []byte            `json:"proof,omitempty"`
}

// Answer is the desk's. Exactly one of Refused, Pending and Account says what became of it.
type Answer struct {
	Kind    string   `json:"kind"`
	Nonce   string   `json:"nonce"`
	Refused string   `json:"refused,omitempty"`
	Pending bool     `json:"pending,omitempty"`
	Account *Account `json:"account,omitempty"`
}

// Account is how an enrolled device gets its tokens, and whom it is to trust.
type Account struct {
	Issuer   string `json:"issuer"`
	Audience string `json:"audience"`
	UserID   string `json:"userId"`
	KeyID    string `json:"keyId"`
	Trust    []byte `json:"trust,omitempty"`
	// Until is the end of the key; zero: it has none.
	Until time.Time `json:"until,omitzero"`
}

// AnswerKind is the kind of each Answer.
const AnswerKind = "JoinAnswer"

const (
	askKind = "JoinAsk"
	// mostAsk bounds what is read of somebody not known yet.
	mostAsk = 32 << 10
)

// Subject is where the holder of a token asks, and Inbox where it hears.
func Subject(tokenID string) string { return "hub.join." + tokenID }

// Inbox is the prefix of the subjects on which the holder of a token hears answers.
func Inbox(tokenID string) string { return "_INBOX_join_" + tokenID }

// AllAsks is what a desk listens to.
const AllAsks = "hub.join.*"

// signed is what a proof signs: all of the wish but the proof.
func (a Ask) signed() [32]byte {
	a.Proof = nil
	text, err := json.Marshal(a)
	if err != nil {
		panic("enroll: " + err.Error()) // strings and bytes always encode
	}
	return sha256.Sum256(text)
}

// NewAsk is the wish of a device that holds a token, with the proof of having the key.
func NewAsk(t Token, d algebra.DeviceID, facts map[string]string, key *rsa.PrivateKey) (Ask, error) {
	a := Ask{Kind: askKind, Token: t.ID, Device: d, Facts: facts, Nonce: rand.Text()}
	var err error
	if a.Key, err = x509.MarshalPKIXPublicKey(&key.PublicKey); err != nil {
		return a, err
	}
	sum := a.signed()
	a.Proof, err = rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], nil)
	return a, err
}

// ParseAsk reads a wish whose proof holds.
func ParseAsk(data []byte) (Ask, *rsa.PublicKey, error) {
	if len(data) > mostAsk {
		return Ask{}, nil, fmt.Errorf("a wish of %d bytes", len(data))
	}
	var a Ask
	if err := json.Unmarshal(data, &a); err != nil {
		return Ask{}, nil, err
	}
	switch {
	case a.Kind != askKind:
		return Ask{}, nil, fmt.Errorf("a message of kind %q", a.Kind)
	case a.Device.IsZero() || a.Nonce == "" || a.Token == "":
		return Ask{}, nil, errors.New("device, token and nonce are required")
	}
	key, err := parseKey(a.Key)
	if err != nil {
		return Ask{}, nil, err
	}
	sum := a.signed()
	if err := rsa.VerifyPSS(key, crypto.SHA256, sum[:], a.Proof, nil); err != nil {
		return Ask{}, nil, errors.New("the proof is not by the key")
	}
	return a, key, nil
}

func parseKey(text []byte) (*rsa.PublicKey, error) {
	parsed, err := x509.ParsePKIXPublicKey(text)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < 2048 || key.N.BitLen() > 8192 {
		return nil, errors.New("key: want RSA of 2048 bits or more")
	}
	return key, nil
}

// Thumbprint tells keys apart.
func Thumbprint(key []byte) string {
	h := sha256.Sum256(key)
	return hex.EncodeToString(h[:])
}
