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
	// Token gives the token for each connection anew, as tokens are short-lived, and when it ends:
	// before then the link connects with the next one. A zero time is an end that is not known.
	Token func() (text string, until time.Time)
	// Every is the mean time between questions while nothing happens; 0 is 5 minutes.
	Every time.Duration
	// Notice hears what goes wrong in the background, where no call can return it. It may be
	// called from any goroutine; nil hears nothing.
	Notice func(error)
	// Heard is called each time the hub answered what the device should run; nil is not called.
	Heard func()
}

// Link is an agent.Link over one connection, and before its end over the next.
type Link struct {
	Config

	shown     chan struct{} // a token was
	connected chan struct{} // a connection was made, or made anew
	closed    chan struct{}
	once      sync.Once

	mu    sync.RWMutex // held for writing while the connection is exchanged
	now   *line
	hears map[string]nats.MsgHandler // by subject
}

var (
	_ agent.Link         = (*Link)(nil)
	_ agent.SecretSource = (*Link)(nil)
)

// Limits of waiting, for answers and for connections: each attempt is short and the pauses
// between them grow.
const (
	askWithin = 5 * time.Second
	// connectWithin is more than a server takes to refuse: after an outage a whole fleet stands in
	// line, and who leaves it makes it longer.
	connectWithin = 12 * time.Second
	dialWithin    = 2 * time.Second
	firstPause    = 250 * time.Millisecond
	longestWait   = 16 * time.Second
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
	l := &Link{Config: c, shown: make(chan struct{}, 1), connected: make(chan struct{}, 1), closed: make(chan struct{}),
		hears: map[string]nats.MsgHandler{}}
	var err error
	if l.now, err = l.dial(nats.RetryOnFailedConnect(true)); err != nil {
		return nil, err
	}
	go l.keepFresh()
	return l, nil
}

// reconnectDelay grows with each attempt, so that a device without a network can sleep, and is
// jittered, so that a fleet does not come back at once.
func reconnectDelay(attempts int) time.Duration {
	return jitter(min(firstPause<<min(attempts-1, 10), longestWait))
}

// Close ends the link. News that is still on its way out gets a moment to leave.
func (l *Link) Close() {
	l.once.Do(func() { close(l.closed) })
	l.mu.RLock()
	defer l.mu.RUnlock()
	_ = l.now.FlushTimeout(time.Second) // without a connection there is nothing to wait for
	l.now.Close()
}

// Report publishes news. Without a connection it fails at once: the agent keeps the newest of each
// kind, where a buffer here would keep all that was overtaken.
func (l *Link) Report(ctx context.Context, r wire.Report) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if !l.now.IsConnected() {
		return fmt.Errorf("report %s: %w", r.Subject(), nats.ErrDisconnected)
	}
	if err := l.now.Publish(r.Subject(), wire.Encode(r)); err != nil {
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

// Reach asks the hub once what the device should run, as soon as there is a connection.
func (l *Link) Reach(ctx context.Context) error {
	for {
		if l.isConnected() {
			_, err := l.askState(ctx)
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no connection to %s: %w", l.URL, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
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
	stop, err := l.listen(wire.QuerySubject(l.Device), func(m *nats.Msg) {
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
	stop()
	return nil
}

// questionsAtOnce bounds the questions that are answered side by side.
const questionsAtOnce = 4

// ask sends a request and reads what comes back, whatever it is.
func (l *Link) ask(ctx context.Context, request wire.Message) (wire.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	l.mu.RLock()
	over := l.now
	over.asks.Add(1)
	l.mu.RUnlock()
	defer over.asks.Done()
	m, err := over.RequestWithContext(ctx, wire.RequestSubject(l.Device), wire.Encode(request))
	if errors.Is(err, nats.ErrNoResponders) {
		return nil, fmt.Errorf("%w: no hub is there", agent.ErrUnanswered)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", agent.ErrUnanswered, err)
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
