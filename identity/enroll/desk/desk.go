package desk

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity/enroll"
)

// Registrar makes devices known to the issuer.
type Registrar interface {
	// Register has the issuer know a device by a key, beside those that it knows it by: from then on
	// the device gets tokens by it. It may be called again for a key that is known.
	Register(ctx context.Context, d algebra.DeviceID, key *rsa.PublicKey) (Registered, error)
	// Retire has the issuer forget all keys of a device but one.
	Retire(ctx context.Context, d algebra.DeviceID, keepID string) error
}

// Registered is what an issuer knows a device and its key by, and the end of that key if it has one.
type Registered struct {
	UserID, KeyID string
	Until         time.Time
}

// Desk takes devices in until Stop.
type Desk struct {
	offers, devices jetstream.KeyValue
	config          Config
	subs            []*nats.Subscription
}

// Config is what a desk needs to know.
type Config struct {
	// Conn is to account FLEET.
	Conn      *nats.Conn
	Registrar Registrar
	// Issuer and Audience are what devices get their tokens from and for.
	Issuer, Audience string
	// Trust are the operators' public keys in PEM.
	Trust []byte
	Log   *slog.Logger
}

// Start serves devices that join. Any number of desks share the work.
func Start(ctx context.Context, c Config) (*Desk, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	d := &Desk{config: c}
	js, err := jetstream.New(c.Conn)
	if err == nil {
		d.offers, err = js.KeyValue(ctx, wire.OffersBucket)
	}
	if err == nil {
		d.devices, err = js.KeyValue(ctx, wire.DevicesBucket)
	}
	for subject, serve := range map[string]nats.MsgHandler{enroll.AllAsks: d.serve, wire.AllRenewals: d.serveRenewal} {
		var sub *nats.Subscription
		if err == nil {
			sub, err = c.Conn.QueueSubscribe(subject, "desk", serve)
			d.subs = append(d.subs, sub)
		}
	}
	if err != nil {
		d.Stop()
		return nil, fmt.Errorf("desk: %w", err)
	}
	return d, c.Conn.Flush()
}

// Stop ends the service.
func (d *Desk) Stop() {
	for _, s := range d.subs {
		if s != nil {
			_ = s.Unsubscribe() // only fails on a closed connection
		}
	}
}

// serve answers one wish. One that cannot be read gets no answer.
func (d *Desk) serve(m *nats.Msg) {
	a, key, err := enroll.ParseAsk(m.Data)
	if err != nil || enroll.Subject(a.Token) != m.Subject {
		d.config.Log.Warn("desk: unreadable wish", "subject", m.Subject, "error", err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Second)
	defer cancel()
	answer := d.decide(ctx, a, key)
	answer.Kind, answer.Nonce = enroll.AnswerKind, a.Nonce
	text, err := json.Marshal(answer)
	if err != nil {
		panic("desk: " + err.Error()) // strings and bytes always encode
	}
	_ = m.Respond(text)
}

func (d *Desk) decide(ctx context.Context, a enroll.Ask, key *rsa.PublicKey) enroll.Answer {
	account, pending, err := d.take(ctx, a, key)
	log := d.config.Log.With("device", a.Device, "offer", a.Token)
	var no refusal
	switch {
	case errors.As(err, &no):
		log.Info("refused", "reason", no)
		return enroll.Answer{Refused: string(no)}
	case err != nil:
		log.Error("desk: cannot decide", "error", err)
		return enroll.Answer{Pending: true} // it asks again
	case pending:
		return enroll.Answer{Pending: true}
	}
	log.Info("enrolled", "account", account.UserID)
	return enroll.Answer{Account: account}
}

// refusal is why a device is not taken in, in words for whoever stands before it.
type refusal string

func (r refusal) Error() string { return string(r) }

// take moves a wish on as far as it goes: the offer is taken, the device entered, and once it is
// approved its key registered. Each step is a compare-and-set, and asked again each finds
// what was done.
func (d *Desk) take(ctx context.Context, a enroll.Ask, key *rsa.PublicKey) (_ *enroll.Account, pending bool, err error) {
	e, err := d.offers.Get(ctx, a.Token)
	if err != nil {
		return nil, false, err
	}
	o, err := enroll.ParseOffer(e.Value())
	if err != nil {
		return nil, false, err
	}
	if now := time.Now(); now.After(o.Until) {
		return nil, false, refusal("the token has ended")
	}
	fresh := o.Taken == nil
	if o, err = o.Take(a.Device, enroll.Thumbprint(a.Key), a.Facts, time.Now().UTC()); err != nil {
		return nil, false, refusal(err.Error())
	}
	revision := e.Revision()
	if fresh {
		if revision, err = d.keep(ctx, o, revision); err != nil {
			return nil, false, err
		}
	}
	entry, err := d.enter(ctx, o, a)
	if err != nil {
		return nil, false, err
	}
	switch entry.Lifecycle {
	case algebra.Requested:
		return nil, true, nil
	case algebra.Enrolled:
	case algebra.Revoked, algebra.Decommissioned:
		return nil, false, refusal(fmt.Sprintf("the device is %s", entry.Lifecycle))
	}
	if o.Taken.UserID == "" {
		known, err := d.config.Registrar.Register(ctx, a.Device, key)
		if err != nil {
			return nil, false, fmt.Errorf("issuer: %w", err)
		}
		if err := d.knownBy(ctx, a, known.KeyID); err != nil {
			return nil, false, err
		}
		o.Taken.UserID, o.Taken.KeyID, o.Taken.Until = known.UserID, known.KeyID, known.Until
		if _, err = d.keep(ctx, o, revision); err != nil {
			return nil, false, err
		}
	}
	return &enroll.Account{Issuer: d.config.Issuer, Audience: d.config.Audience, UserID: o.Taken.UserID, KeyID: o.Taken.KeyID,
		Trust: d.config.Trust, Until: o.Taken.Until}, false, nil
}

// knownBy has the fleet know a device by the key that it joined with, and by no other: one that
// joins anew under its name has lost the key it had, or somebody else has it.
func (d *Desk) knownBy(ctx context.Context, a enroll.Ask, keyID string) error {
	entry, revision, err := entryOf(ctx, d.devices, a.Device.String())
	if err != nil {
		return err
	}
	key := enroll.Thumbprint(a.Key)
	if entry.Key == key {
		return nil
	}
	if err := d.config.Registrar.Retire(ctx, a.Device, keyID); err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	entry.Key, entry.NextKey = key, ""
	_, err = d.devices.Update(ctx, wire.Token(a.Device), wire.Encode(entry), revision)
	return err
}

// enter is the device's entry in the registry, made if there is none. One that somebody else
// made stands in the way, unless the offer names the device: then it is that device's new key.
func (d *Desk) enter(ctx context.Context, o enroll.Offer, a enroll.Ask) (wire.DeviceEntry, error) {
	token := wire.Token(a.Device)
	e, err := d.devices.Get(ctx, token)
	if err == nil {
		m, err := wire.Decode(e.Value())
		entry, ok := m.(wire.DeviceEntry)
		if err != nil || !ok {
			return wire.DeviceEntry{}, fmt.Errorf("registry: %s: unreadable", token)
		}
		if entry.Offer != o.ID && o.Device != a.Device {
			return wire.DeviceEntry{}, refusal(fmt.Sprintf("there is a device %s already; take another id, or have a token made for it: muster enroll --device %s", a.Device, a.Device))
		}
		return entry, nil
	}
	if !errors.Is(err, jetstream.ErrKeyNotFound) {
		return wire.DeviceEntry{}, err
	}
	entry := wire.DeviceEntry{Device: a.Device, Labels: o.Labels, Lifecycle: algebra.Requested, SetBy: o.By, At: time.Now().UTC(), Offer: o.ID}
	if o.Approved {
		entry.Lifecycle = algebra.Enrolled
	}
	_, err = d.devices.Create(ctx, token, wire.Encode(entry))
	return entry, err
}
