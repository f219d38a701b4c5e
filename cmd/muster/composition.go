package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"

	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/executor/hub"
	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/office"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/callout"
	"github.com/musterfleet/muster/identity/enroll/desk"
	"github.com/musterfleet/muster/identity/oidc"
)

// composition is the fleet's side in one process: the broker and who is let in to it, the hub for
// devices, the office for people, and the desk for devices that join.
type composition struct {
	server    *nats.Server
	transport *nats.Transport
	stops     []func() // in the order in which they were started
}

// parts is what a composition is made of.
type parts struct {
	broker nats.ServerConfig // whom it lets in is the composition's to say
	oidc   identity.OIDC
	// registrar is nil where devices are entered at the issuer by other means.
	registrar desk.Registrar
	trust     []byte // the operators' public keys
	log       *slog.Logger
}

// compose starts all of it, or nothing.
func compose(ctx context.Context, p parts) (c *composition, err error) {
	c = &composition{}
	defer func() {
		if err != nil {
			c.stop()
		}
	}()
	var door door
	p.broker.Authorize, p.broker.Log = door.authorize, p.log
	if c.server, err = nats.Start(p.broker); err != nil {
		return c, err
	}
	c.then(c.server.Stop)
	conn, err := c.server.Connect()
	if err != nil {
		return c, err
	}
	c.then(conn.Close)
	if err := nats.CreateBuckets(ctx, conn); err != nil {
		return c, err
	}
	if c.transport, err = nats.NewTransport(ctx, conn); err != nil {
		return c, err
	}
	h, err := hub.Start(ctx, conn)
	if err != nil {
		return c, err
	}
	c.then(h.Stop)
	return c, c.admit(ctx, &door, p)
}

func (c *composition) then(stop func()) { c.stops = append(c.stops, stop) }

// stop ends the parts, the last first.
func (c *composition) stop() {
	for _, stop := range slices.Backward(c.stops) {
		stop()
	}
}

// door is the authorizer of the broker: the registry that it asks is in that broker, and comes
// after it.
type door struct {
	open atomic.Pointer[callout.Authorizer]
}

func (d *door) authorize(ctx context.Context, token string) (callout.Admission, error) {
	if open := d.open.Load(); open != nil {
		return (*open)(ctx, token)
	}
	return callout.Admission{}, errors.New("the fleet is starting")
}

// admit opens the door: tokens of the issuer for who is enrolled, a desk for who wants to be,
// and an end to the connections of who is revoked.
func (c *composition) admit(ctx context.Context, d *door, p parts) error {
	verifier, err := oidc.NewVerifier(p.oidc)
	if err != nil {
		return err
	}
	conn, err := c.server.Connect()
	if err != nil {
		return err
	}
	c.then(conn.Close)
	devices, err := deviceBucket(ctx, conn)
	if err != nil {
		return err
	}
	sys, err := c.server.System()
	if err != nil {
		return err
	}
	c.then(sys.Close)
	open := callout.FromIssuer(verifier, callout.InBucket(devices))
	if p.registrar != nil {
		front, err := desk.Start(ctx, desk.Config{Conn: conn, Registrar: p.registrar, Issuer: p.oidc.Issuer, Audience: p.oidc.Audience, Trust: p.trust, Log: p.log})
		if err != nil {
			return err
		}
		c.then(front.Stop)
		open = callout.WithOffers(front.Opens, open)
	}
	behind, err := office.Start(ctx, conn, p.log)
	if err != nil {
		return err
	}
	c.then(behind.Stop)
	unwatch, err := callout.Revocations(ctx, devices, sys, p.log)
	if err != nil {
		return err
	}
	c.then(unwatch)
	d.open.Store(&open)
	return nil
}

func deviceBucket(ctx context.Context, conn *natsgo.Conn) (jetstream.KeyValue, error) {
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, err
	}
	return js.KeyValue(ctx, wire.DevicesBucket)
}
