package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	natsgo "github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/callout"
	"github.com/musterfleet/muster/identity/enroll/desk"
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
	door := door{opened: make(chan struct{})}
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
	running, err := servicesConfig{fleet: func() (*natsgo.Conn, error) { return c.server.Connect() }, system: c.server.System,
		oidc: p.oidc, registrar: p.registrar, trust: p.trust, log: p.log}.start(ctx)
	if err != nil {
		return c, err
	}
	c.then(running.stop)
	door.opens = running.opens
	close(door.opened)
	return c, nil
}

func (c *composition) then(stop func()) { c.stops = append(c.stops, stop) }

// stop ends the parts, the last first.
func (c *composition) stop() {
	for _, stop := range slices.Backward(c.stops) {
		stop()
	}
}

// door is the authorizer of the broker: the registry that it asks is in that broker, and comes
// after it. Who comes meanwhile waits for as long as a question may take: a refusal would be taken
// for a word about their token.
type door struct {
	opened chan struct{}
	opens  callout.Authorizer // once opened is closed
}

func (d *door) authorize(ctx context.Context, token string) (callout.Admission, error) {
	select {
	case <-d.opened:
		return d.opens(ctx, token)
	case <-ctx.Done():
		return callout.Admission{}, errors.New("the fleet is starting")
	}
}
