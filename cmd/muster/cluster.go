package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	natsgo "github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/office"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
)

// cluster is a connection to a running fleet.
type cluster struct {
	executor.Reader
	// transport and office are what the role has: one of them is nil.
	transport executor.Transport
	office    *office.Client
	keys      wire.Keyring
	config    identity.Config
	conn      *natsgo.Conn
	who       identity.Principal // zero where no issuer says who the token's holder is
}

// reachWithin is how long a first connection may take: people wait for it.
const reachWithin = 5 * time.Second

// join connects as whoever the token is of.
func join(ctx context.Context, config identity.Config, more ...natsgo.Option) (*cluster, error) {
	token, err := shownToken(ctx, config)
	if err != nil {
		return nil, err
	}
	trusted, err := config.Keys.Trusted()
	if err != nil {
		return nil, err
	}
	c := &cluster{keys: wire.NewKeyring(trusted...), config: config}
	if config.OIDC.Issuer != "" {
		// Who shows no good token is refused by the broker, in its own words.
		c.who, _ = verified(ctx, config.OIDC, token)
	}
	opts := []natsgo.Option{natsgo.Name("muster"), natsgo.TokenHandler(renewing(ctx, config, token)), natsgo.Timeout(reachWithin)}
	asker, asks := c.asker()
	if asks {
		opts = append(opts, natsgo.CustomInboxPrefix(asker.Inbox()))
	}
	c.conn, err = natsgo.Connect(config.NATS.URL, append(opts, more...)...)
	if errors.Is(err, natsgo.ErrAuthorization) {
		return nil, fmt.Errorf("%s refuses the token of %s; is it of this fleet, and may its holder read it?", config.NATS.URL, holder(config))
	}
	if err != nil && strings.Contains(err.Error(), "expected 'PONG', got 'PING'") {
		err = errUndecided // a server pings who waits to be let in, and the client's error for it has no name
	}
	if err != nil {
		return nil, unreached(config.NATS.URL, err)
	}
	if asks {
		c.office = office.NewClient(c.conn, asker)
		c.Reader = c.office
		return c, nil
	}
	if c.transport, err = nats.NewTransport(ctx, c.conn); err != nil {
		c.conn.Close()
		return nil, err
	}
	c.Reader = c.transport
	return c, nil
}

// errUndecided is of a broker without a callout that answers: it is not there yet, or it is slow.
var errUndecided = errors.New("nobody there says who may come in")

func unreached(url string, err error) error {
	return fmt.Errorf("cannot reach NATS at %s: %w; is `muster dev` or the cluster running there?", url, err)
}

// renewing gives the token for the first connection, and for each later one the token of that moment:
// work that takes longer than a token counts goes on with the next.
func renewing(ctx context.Context, config identity.Config, token string) func() string {
	first := true
	return func() string {
		if !first {
			if next, err := shownToken(ctx, config); err == nil {
				return next
			}
		}
		first = false
		return token
	}
}

// asker is who asks the office, for roles that have no place among the buckets.
func (c *cluster) asker() (wire.Asker, bool) {
	grants := c.who.Grants() // sorted: the last is the greatest
	if len(grants) == 0 {
		return wire.Asker{}, false
	}
	role := grants[len(grants)-1].Role
	asks := role == identity.Viewer || role == identity.Enroller
	return wire.Asker{Role: role.String(), User: c.who.User().String(), Name: c.who.Name()}, asks
}

// may refuses what the role cannot do, before anything is done.
func (c *cluster) may(verb string, least identity.Role) error {
	grants := c.who.Grants()
	if len(grants) == 0 || slices.ContainsFunc(grants, func(g identity.Grant) bool { return g.Role.Includes(least) }) {
		return nil
	}
	return fmt.Errorf("%s: %s is %s here; it takes %s", verb, c.who.Name(), grantsText(c.who), least)
}

// name is who acts on the fleet here: the holder of the token, or else the file it is in.
func (c *cluster) name() string {
	if c.who.IsZero() {
		return holder(c.config)
	}
	return c.who.Name()
}

func (c *cluster) close() { c.conn.Close() }

// observe reads the fleet; problems with single records are told and do not stop it.
func (c *cluster) observe(ctx context.Context, console *console) (algebra.Reality, error) {
	r, problems, err := executor.Observe(ctx, c.Reader, c.keys, time.Now().UTC())
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
