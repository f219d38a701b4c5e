package main

import (
	"context"
	"log/slog"

	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/executor/hub"
	"github.com/musterfleet/muster/executor/office"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/callout"
	"github.com/musterfleet/muster/identity/enroll/desk"
	"github.com/musterfleet/muster/identity/oidc"
)

// services are what a fleet needs beside its broker, for muster dev and serve alike: the hub that
// devices talk to, the office that people ask, the desk at which devices join, and what ends the
// connections of who is revoked. Any number of processes may have them and share the work.
type services struct {
	hub *hub.Hub
	// opens says who may connect: it is for a callout. Nil where no issuer is configured.
	opens callout.Authorizer
	stops []func()
}

// servicesConfig is what services are made of. The buckets exist.
type servicesConfig struct {
	// fleet connects to account FLEET, system to the system account: nil where nobody's connection
	// is to be ended.
	fleet, system func() (*natsgo.Conn, error)
	oidc          identity.OIDC
	// registrar is for devices that join: nil where none can. They trust trust.
	registrar desk.Registrar
	trust     []byte
	log       *slog.Logger
}

// start has them work until stop.
func (c servicesConfig) start(ctx context.Context) (_ *services, err error) {
	s := &services{}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	conn, err := c.fleet()
	if err != nil {
		return nil, err
	}
	s.ends(conn.Close)
	if s.hub, err = hub.Start(ctx, conn); err != nil {
		return nil, err
	}
	s.ends(s.hub.Stop)
	behind, err := office.Start(ctx, conn, c.log)
	if err != nil {
		return nil, err
	}
	s.ends(behind.Stop)
	if c.oidc.Issuer == "" {
		return s, nil
	}
	return s, s.admit(ctx, c, conn)
}

// admit has people and devices come in by their tokens.
func (s *services) admit(ctx context.Context, c servicesConfig, conn *natsgo.Conn) error {
	verifier, err := oidc.NewVerifier(c.oidc)
	if err != nil {
		return err
	}
	js, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	devices, err := js.KeyValue(ctx, wire.DevicesBucket)
	if err != nil {
		return err
	}
	s.opens = callout.FromIssuer(verifier, callout.InBucket(devices))
	if c.registrar != nil {
		front, err := desk.Start(ctx, desk.Config{Conn: conn, Registrar: c.registrar, Issuer: c.oidc.Issuer, Audience: c.oidc.Audience, Trust: c.trust, Log: c.log})
		if err != nil {
			return err
		}
		s.ends(front.Stop)
		s.opens = callout.WithOffers(front.Opens, s.opens)
	}
	if c.system == nil {
		return nil
	}
	sys, err := c.system()
	if err != nil {
		return err
	}
	s.ends(sys.Close)
	unwatch, err := callout.Revocations(ctx, devices, sys, c.log)
	if err == nil {
		s.ends(unwatch)
	}
	return err
}

func (s *services) ends(stop func()) { s.stops = append(s.stops, stop) }

// stop ends them, the last first.
func (s *services) stop() {
	for i := len(s.stops) - 1; i >= 0; i-- {
		s.stops[i]()
	}
}
