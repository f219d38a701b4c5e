package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	natsgo "github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
)

// cluster is a connection to a running fleet.
type cluster struct {
	transport executor.Transport
	keys      wire.Keyring
	config    identity.Config
	conn      *natsgo.Conn
	token     string // what the broker was shown
	by        string // whose it is, once it was asked
}

// reachWithin is how long a first connection may take: people wait for it.
const reachWithin = 5 * time.Second

// join connects as an operator.
func join(ctx context.Context, config identity.Config) (*cluster, error) {
	token, err := shownToken(ctx, config)
	if err != nil {
		return nil, err
	}
	trusted, err := config.Keys.Trusted()
	if err != nil {
		return nil, err
	}
	conn, err := natsgo.Connect(config.NATS.URL, natsgo.Name("muster"), natsgo.Token(token), natsgo.Timeout(reachWithin))
	if errors.Is(err, natsgo.ErrAuthorization) {
		return nil, fmt.Errorf("%s refuses the token of %s; is it of this fleet, and may its holder read it?", config.NATS.URL, holder(config))
	}
	if err != nil {
		return nil, fmt.Errorf("cannot reach NATS at %s: %w; is `muster dev` or the cluster running there?", config.NATS.URL, err)
	}
	transport, err := nats.NewTransport(ctx, conn)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &cluster{transport: transport, keys: wire.NewKeyring(trusted...), config: config, conn: conn, token: token}, nil
}

func (c *cluster) close() { c.conn.Close() }

// observe reads the fleet; problems with single records are told and do not stop it.
func (c *cluster) observe(ctx context.Context, console *console) (algebra.Reality, error) {
	r, problems, err := executor.Observe(ctx, c.transport, c.keys, time.Now().UTC())
	for _, p := range problems {
		console.note("", "%v", p)
	}
	return r, err
}

// signingKey is the operator's, which is one of those that devices trust.
func (c *cluster) signingKey() (ed25519.PrivateKey, error) {
	key, err := c.config.Keys.SigningKey()
	if err != nil {
		return nil, err
	}
	if _, ok := c.keys[wire.KeyID(key.Public().(ed25519.PublicKey))]; !ok {
		return nil, fmt.Errorf("signing key %s is not among keys.trust: no device would accept what it signs", c.config.Keys.Sign)
	}
	return key, nil
}
