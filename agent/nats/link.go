package nats

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// Config says where the fleet is and who asks.
type Config struct {
	URL    string
	Device algebra.DeviceID
	// Token gives the token for each connection anew, as tokens are short-lived.
	Token func() string
	// Every is the mean time between questions while nothing happens; 0 is 5 minutes.
	Every time.Duration
	// Notice hears what goes wrong in the background, where no call can return it. It may be
	// called from any goroutine; nil hears nothing.
	Notice func(error)
}

// Link is an agent.Link over one connection.
type Link struct {
	Config
	nc *nats.Conn
}

var (
	_ agent.Link         = (*Link)(nil)
	_ agent.SecretSource = (*Link)(nil)
)

// Limits of waiting, for answers and for connections: each attempt is short and the pauses
// between them grow.
const (
	askWithin   = 5 * time.Second
	firstPause  = 250 * time.Millisecond
	longestWait = 16 * time.Second
)

// Connect opens the link and keeps it open: where the network or the server is away, now or
// later, it tries on for ever. So it fails only on a configuration that cannot work.
func Connect(c Config) (*Link, error) {
	if c.Device.IsZero() || c.URL == "" || c.Token == nil {
		return nil, errors.New("link: url, device and token are required")
	}
	if c.Every == 0 {
		c.Every = 5 * time.Minute
	}
	if c.Notice == nil {
		c.Notice = func(error) {}
	}
	nc, err := nats.Connect(c.URL,
		nats.Name("muster-agent "+c.Device.String()),
		nats.TokenHandler(c.Token),
		nats.CustomInboxPrefix(wire.InboxPrefix(c.Device)),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		// A refused token is tried again: the next one may be good, the device enrolled by then.
		nats.IgnoreAuthErrorAbort(),
		nats.CustomReconnectDelay(reconnectDelay),
		nats.ReconnectBufSize(-1),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { c.Notice(fmt.Errorf("link: %w", err)) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				c.Notice(fmt.Errorf("link: disconnected: %w", err))
			}
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("link to %s: %w", c.URL, err)
	}
	return &Link{Config: c, nc: nc}, nil
}

// reconnectDelay grows with each attempt, so that a device without a network can sleep, and is
// jittered, so that a fleet does not come back at once.
func reconnectDelay(attempts int) time.Duration {
	return jitter(min(firstPause<<min(attempts-1, 10), longestWait))
}

// Close ends the link. News that is still on its way out gets a moment to leave.
func (l *Link) Close() {
	_ = l.nc.FlushTimeout(time.Second) // without a connection there is nothing to wait for
	l.nc.Close()
}

// Report publishes news. Without a connection it fails at once: the agent keeps the newest of each
// kind, where a buffer here would keep all that was overtaken.
func (l *Link) Report(ctx context.Context, r wire.Report) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !l.nc.IsConnected() {
		return fmt.Errorf("report %s: %w", r.Subject(), nats.ErrDisconnected)
	}
	if err := l.nc.Publish(r.Subject(), wire.Encode(r)); err != nil {
		return fmt.Errorf("report %s: %w", r.Subject(), err)
	}
	return nil
}

// Spec asks the hub for a deployment.
func (l *Link) Spec(ctx context.Context, d algebra.Digest) (algebra.Deployment, error) {
	nonce := newNonce()
	m, err := l.ask(ctx, wire.AskSpec{Device: l.Device, Nonce: nonce, Digest: d})
	if err != nil {
		return algebra.Deployment{}, fmt.Errorf("deployment %s: %w", d.Short(), err)
	}
	answer, ok := m.(wire.SpecAnswer)
	if !ok || answer.Device != l.Device || answer.Nonce != nonce {
		return algebra.Deployment{}, fmt.Errorf("deployment %s: %w", d.Short(), notAnswered(m, l.Device, nonce))
	}
	return wire.OpenSpec(d, answer.Spec)
}

// Secret asks the hub for a secret.
func (l *Link) Secret(ctx context.Context, name wire.SecretName) ([]byte, error) {
	nonce := newNonce()
	m, err := l.ask(ctx, wire.AskSecret{Device: l.Device, Nonce: nonce, Name: name})
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w", name, err)
	}
	answer, ok := m.(wire.SecretAnswer)
	if !ok || answer.Device != l.Device || answer.Nonce != nonce {
		return nil, fmt.Errorf("secret %s: %w", name, notAnswered(m, l.Device, nonce))
	}
	return answer.Secret, nil
}

// Serve answers what the fleet asks.
func (l *Link) Serve(ctx context.Context, answer func(context.Context, wire.Message) wire.Message) error {
	var answering sync.WaitGroup
	defer answering.Wait()
	busy := make(chan struct{}, questionsAtOnce)
	sub, err := l.nc.Subscribe(wire.QuerySubject(l.Device), func(m *nats.Msg) {
		q, err := wire.Decode(m.Data)
		if err != nil || m.Reply == "" {
			return
		}
		select {
		case busy <- struct{}{}:
		default:
			return // who asks that much asks again
		}
		answering.Go(func() {
			defer func() { <-busy }()
			if a := answer(ctx, q); a != nil {
				if err := m.Respond(wire.Encode(a)); err != nil {
					l.Notice(fmt.Errorf("answer: %w", err))
				}
			}
		})
	})
	if err != nil {
		return fmt.Errorf("questions: %w", err)
	}
	<-ctx.Done()
	_ = sub.Unsubscribe() // only fails on a closed connection
	return nil
}

// questionsAtOnce bounds the questions that are answered side by side.
const questionsAtOnce = 4

// ask sends a request and reads what comes back, whatever it is.
func (l *Link) ask(ctx context.Context, request wire.Message) (wire.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	m, err := l.nc.RequestWithContext(ctx, wire.RequestSubject(l.Device), wire.Encode(request))
	if errors.Is(err, nats.ErrNoResponders) {
		return nil, errors.New("no hub is there to answer")
	}
	if err != nil {
		return nil, err
	}
	return wire.Decode(m.Data)
}

// notAnswered says what an answer is that was not the one waited for.
func notAnswered(m wire.Message, d algebra.DeviceID, nonce string) error {
	if r, ok := m.(wire.Refusal); ok && r.Device == d && r.Nonce == nonce {
		return fmt.Errorf("refused by the hub: %s", r.Reason)
	}
	return fmt.Errorf("a %s that is no answer to this request", m.Kind())
}
