package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	natsgo "github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/callout"
	"github.com/musterfleet/muster/identity/enroll/desk/zitadel"
	"github.com/musterfleet/muster/identity/oidc/machine"
)

// startCluster runs the services of a broker of one's own, as services.keys says, before anything else:
// nobody comes in without them, this process neither. What was begun is stopped if it fails.
func startCluster(ctx context.Context, config identity.Config, log *slog.Logger) (stop func(), err error) {
	at := func(name string) string { return filepath.Join(config.Services.Keys, name) }
	connect := func(seed string) func() (*natsgo.Conn, error) {
		return func() (*natsgo.Conn, error) { return bySeed(config.NATS.URL, at(seed), natsgo.Name("muster services")) }
	}
	first, err := connect(fleetSeed)()
	if err != nil {
		return nil, err
	}
	defer first.Close()
	if err := nats.CreateBuckets(ctx, first); err != nil {
		return nil, err
	}
	c := servicesConfig{fleet: connect(fleetSeed), system: connect(systemSeed), oidc: config.OIDC, log: log}
	for _, path := range config.Keys.Trust {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		c.trust = append(c.trust, text...)
	}
	if config.Services.DeskKeyFile != "" {
		if c.registrar, err = zitadelRegistrar(config); err != nil {
			return nil, err
		}
	}
	s, err := c.start(ctx)
	if err != nil {
		return nil, err
	}
	if s.opens == nil {
		s.stop()
		return nil, fmt.Errorf("services.keys is set, and no oidc.issuer: nobody could be let in")
	}
	door, closeDoor, err := openDoor(config, s.opens, log)
	if err != nil {
		s.stop()
		return nil, err
	}
	log.Info("services run", "issuer", config.OIDC.Issuer, "joining", c.registrar != nil)
	return func() { door.Stop(); closeDoor(); s.stop() }, nil
}

// openDoor has a callout decide about connections.
func openDoor(config identity.Config, opens callout.Authorizer, log *slog.Logger) (*callout.Callout, func(), error) {
	issuer, err := readSeed(filepath.Join(config.Services.Keys, issuerSeed))
	if err != nil {
		return nil, nil, err
	}
	xkey, err := readSeed(filepath.Join(config.Services.Keys, xkeySeed))
	if err != nil {
		return nil, nil, err
	}
	auth, err := bySeed(config.NATS.URL, filepath.Join(config.Services.Keys, authSeed), natsgo.Name("muster callout"))
	if err != nil {
		return nil, nil, err
	}
	door, err := callout.Start(callout.Config{Conn: auth, Issuer: issuer, XKey: xkey, Authorize: opens, Log: log})
	if err != nil {
		auth.Close()
	}
	return door, auth.Close, err
}

// zitadelRegistrar makes accounts for devices that join.
func zitadelRegistrar(config identity.Config) (*zitadel.Registrar, error) {
	o := config.OIDC
	o.KeyFile, o.Scopes = config.Services.DeskKeyFile, zitadel.Scopes
	source, err := machine.ByKey(o)
	if err != nil {
		return nil, err
	}
	return &zitadel.Registrar{URL: o.Issuer, Project: o.Audience, Token: source.Token}, nil
}

func trimmed(text []byte) []byte { return bytes.TrimSpace(text) }
