package enroll

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
)

// Renewal is a device's wish to be known by the key Next, signed with it and with Key, which it is
// known by. Where the two are one the device shows that it has the new key, and all others are retired.
type Renewal struct {
	Kind      string           `json:"kind"`
	Device    algebra.DeviceID `json:"device"`
	Key       []byte           `json:"key"`  // public, PKIX
	Next      []byte           `json:"next"` // public, PKIX
	At        time.Time        `json:"at"`
	Nonce     string           `json:"nonce"`
	Proof     []byte           `json:"proof,omitempty"`
	NextProof []byte           `json:"nextProof,omitempty"`
}

const (
	renewalKind = "KeyRenewal"
	// Fresh is how old a renewal may be: one that was overheard is worth nothing for long.
	Fresh = 5 * time.Minute
)

func (r Renewal) signed() []byte {
	r.Proof, r.NextProof = nil, nil
	text, err := json.Marshal(r)
	if err != nil {
		panic("enroll: " + err.Error()) // strings, bytes and times of this age always encode
	}
	sum := sha256.Sum256(text)
	return sum[:]
}

// NewRenewal is the wish, with the proof of having both keys.
func NewRenewal(d algebra.DeviceID, key, next *rsa.PrivateKey, now time.Time) (Renewal, error) {
	r := Renewal{Kind: renewalKind, Device: d, At: now.UTC(), Nonce: rand.Text()}
	var err error
	if r.Key, err = x509.MarshalPKIXPublicKey(&key.PublicKey); err != nil {
		return r, err
	}
	if r.Next, err = x509.MarshalPKIXPublicKey(&next.PublicKey); err != nil {
		return r, err
	}
	sum := r.signed()
	if r.Proof, err = rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum, nil); err != nil {
		return r, err
	}
	r.NextProof, err = rsa.SignPSS(rand.Reader, next, crypto.SHA256, sum, nil)
	return r, err
}

// ParseRenewal reads a wish whose proofs hold. Whether the device is known by Key is for the desk to say.
func ParseRenewal(data []byte, now time.Time) (Renewal, *rsa.PublicKey, error) {
	if len(data) > mostAsk {
		return Renewal{}, nil, fmt.Errorf("a wish of %d bytes", len(data))
	}
	var r Renewal
	if err := json.Unmarshal(data, &r); err != nil {
		return Renewal{}, nil, err
	}
	switch {
	case r.Kind != renewalKind:
		return Renewal{}, nil, fmt.Errorf("a message of kind %q", r.Kind)
	case r.Device.IsZero() || r.Nonce == "":
		return Renewal{}, nil, errors.New("device and nonce are required")
	case r.At.Before(now.Add(-Fresh)) || r.At.After(now.Add(Fresh)):
		return Renewal{}, nil, fmt.Errorf("made at %s, and it is %s now; is the device's clock right?", r.At.Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	key, err := parseKey(r.Key)
	if err != nil {
		return Renewal{}, nil, err
	}
	next, err := parseKey(r.Next)
	if err != nil {
		return Renewal{}, nil, err
	}
	sum := r.signed()
	if rsa.VerifyPSS(key, crypto.SHA256, sum, r.Proof, nil) != nil || rsa.VerifyPSS(next, crypto.SHA256, sum, r.NextProof, nil) != nil {
		return Renewal{}, nil, errors.New("the proofs are not by the two keys")
	}
	return r, next, nil
}

// RenewOverNATS is an identity.Renew of a device, by a connection of its own.
func RenewOverNATS(url string, d algebra.DeviceID, token func() (string, error)) identity.Renew {
	return func(ctx context.Context, key, next *rsa.PrivateKey) (keyID string, until time.Time, err error) {
		text, err := token()
		if err != nil {
			return "", time.Time{}, err
		}
		nc, err := nats.Connect(url, nats.Name("muster-agent renew"), nats.Token(text), nats.Timeout(5*time.Second),
			nats.CustomInboxPrefix(wire.InboxPrefix(d)))
		if err != nil {
			return "", time.Time{}, fmt.Errorf("cannot reach the fleet at %s: %w", url, err)
		}
		defer nc.Close()
		wish, err := NewRenewal(d, key, next, time.Now())
		if err != nil {
			return "", time.Time{}, err
		}
		answer, err := request(ctx, nc, wire.RenewSubject(d), wish, wish.Nonce)
		switch {
		case err != nil:
			return "", time.Time{}, err
		case answer.Refused != "":
			return "", time.Time{}, fmt.Errorf("refused: %s", answer.Refused)
		case answer.Account == nil:
			return "", time.Time{}, errors.New("the fleet could not do it now; try again")
		}
		return answer.Account.KeyID, answer.Account.Until, nil
	}
}
