package enroll

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// Offer is an operator's word that a device may join.
type Offer struct {
	ID   string `json:"id"`
	Hash string `json:"hash"`
	// Device is the only id the offer is for; zero is any that is new.
	Device algebra.DeviceID `json:"device,omitzero"`
	// Labels are what the device is entered with.
	Labels map[string]string `json:"labels,omitempty"`
	// Fact and Value bind the offer to a device that reports them, such as serial and 4711.
	Fact  string `json:"fact,omitempty"`
	Value string `json:"value,omitempty"`
	// Approved lets the device in at once; else it waits in the lobby.
	Approved bool      `json:"approved,omitempty"`
	Until    time.Time `json:"until"`
	By       string    `json:"by,omitempty"`
	// Taken is by whom it was used.
	Taken *Taken `json:"taken,omitempty"`
}

// Taken is the device and key that used an offer.
type Taken struct {
	Device algebra.DeviceID `json:"device"`
	Key    string           `json:"key"` // Thumbprint of the public key
	At     time.Time        `json:"at"`
	// UserID and KeyID are the issuer's, once the device was let in.
	UserID string `json:"userId,omitempty"`
	KeyID  string `json:"keyId,omitempty"`
	// Until is the end of the key, if it has one.
	Until time.Time `json:"until,omitzero"`
}

// ParseOffer reads an offer as it is kept.
func ParseOffer(data []byte) (Offer, error) {
	var o Offer
	if err := json.Unmarshal(data, &o); err != nil {
		return Offer{}, fmt.Errorf("offer: %w", err)
	}
	if o.ID == "" || o.Hash == "" || o.Until.IsZero() {
		return Offer{}, errors.New("offer: id, hash and until are required")
	}
	return o, nil
}

// Opens reports whether a token is that of the offer, and why not.
func (o Offer) Opens(t Token, now time.Time) error {
	switch {
	case subtle.ConstantTimeCompare([]byte(o.Hash), []byte(t.Hash())) != 1:
		return errors.New("the token is not one of this fleet")
	case now.After(o.Until):
		return fmt.Errorf("the token ended at %s", o.Until.UTC().Format(time.RFC3339))
	}
	return nil
}

// Take is the offer used by a device with a key, or why it cannot be. Used by the same device
// and key it stays as it is: their answer was lost.
func (o Offer) Take(d algebra.DeviceID, key string, facts map[string]string, now time.Time) (Offer, error) {
	switch {
	case !o.Device.IsZero() && o.Device != d:
		return o, fmt.Errorf("the token is for another device than %s", d)
	case o.Fact != "" && facts[o.Fact] != o.Value:
		return o, fmt.Errorf("the token is bound to a device with another %s", o.Fact)
	case o.Taken == nil:
		o.Taken = &Taken{Device: d, Key: key, At: now}
		return o, nil
	case o.Taken.Device != d || o.Taken.Key != key:
		return o, errors.New("the token was used already; ask for another one")
	}
	return o, nil
}
