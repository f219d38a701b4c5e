package desk

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity/enroll"
)

// serveRenewal answers one device that wants to be known by another key. A wish that cannot be read,
// or is not of the device whose subject it came on, gets no answer.
func (d *Desk) serveRenewal(m *nats.Msg) {
	r, next, err := enroll.ParseRenewal(m.Data, time.Now())
	if err != nil || wire.RenewSubject(r.Device) != m.Subject {
		d.config.Log.Warn("desk: unreadable renewal", "subject", m.Subject, "error", err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Second)
	defer cancel()
	account, err := d.renew(ctx, r, next)
	answer := enroll.Answer{Kind: enroll.AnswerKind, Nonce: r.Nonce, Account: account}
	var no refusal
	switch {
	case errors.As(err, &no):
		d.config.Log.Info("refused", "device", r.Device, "reason", no)
		answer.Refused = string(no)
	case err != nil:
		d.config.Log.Error("desk: cannot renew", "device", r.Device, "error", err)
		answer.Pending = true // it asks again
	}
	text, err := json.Marshal(answer)
	if err != nil {
		panic("desk: " + err.Error()) // strings and bytes always encode
	}
	_ = m.Respond(text)
}

// renew moves a device on to another key: the issuer learns it beside the one the device has, and
// once the device shows it, by a wish signed with it alone, that one is retired. So whatever is lost on
// the way, the device has a key that counts. Asked again each step finds what was done.
func (d *Desk) renew(ctx context.Context, r enroll.Renewal, next *rsa.PublicKey) (*enroll.Account, error) {
	entry, revision, err := entryOf(ctx, d.devices, r.Device.String())
	if err != nil {
		return nil, err
	}
	if entry.Lifecycle != algebra.Enrolled {
		return nil, refusal(fmt.Sprintf("the device is %s", entry.Lifecycle))
	}
	key, wanted := enroll.Thumbprint(r.Key), enroll.Thumbprint(r.Next)
	shown := key == wanted && (key == entry.Key || key == entry.NextKey)
	switch {
	case entry.Key == "":
		return nil, refusal("the fleet does not know this device by a key of its own; have it join anew")
	case !shown && key != entry.Key:
		return nil, refusal("the proof is not by the key that the device is known by")
	}
	known, err := d.config.Registrar.Register(ctx, r.Device, next)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	was := entry
	if shown {
		if err := d.config.Registrar.Retire(ctx, r.Device, known.KeyID); err != nil {
			return nil, fmt.Errorf("issuer: %w", err)
		}
		entry.Key, entry.NextKey = wanted, ""
	} else {
		entry.NextKey = wanted
	}
	if was.Key != entry.Key || was.NextKey != entry.NextKey {
		if _, err := d.devices.Update(ctx, wire.Token(r.Device), wire.Encode(entry), revision); err != nil {
			return nil, err
		}
		d.config.Log.Info("key renewed", "device", r.Device, "shown", shown)
	}
	return &enroll.Account{Issuer: d.config.Issuer, Audience: d.config.Audience, UserID: known.UserID, KeyID: known.KeyID, Until: known.Until}, nil
}
