package nats

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/executor/wire"
)

// line is a connection, and the end of the token that it was made with.
type line struct {
	*nats.Conn
	until atomic.Pointer[time.Time]
	subs  map[string]*nats.Subscription // by subject
	// asks are those that wait for an answer over it.
	asks sync.WaitGroup
}

// dial makes a connection that comes back by itself, with the token of the moment.
func (l *Link) dial(opts ...nats.Option) (*line, error) {
	made := &line{subs: map[string]*nats.Subscription{}}
	show := func() string {
		text, until := l.Token()
		made.until.Store(&until)
		signal(l.shown)
		return text
	}
	renewed := func(*nats.Conn) { signal(l.connected) }
	var err error
	made.Conn, err = nats.Connect(l.URL, append(opts,
		nats.Name("muster-agent "+l.Device.String()),
		nats.TokenHandler(show),
		nats.Timeout(connectWithin),
		nats.SetCustomDialer(&net.Dialer{Timeout: dialWithin}),
		nats.CustomInboxPrefix(wire.InboxPrefix(l.Device)),
		nats.MaxReconnects(-1),
		// A refused token is tried again: the next one may be good, the device enrolled by then.
		nats.IgnoreAuthErrorAbort(),
		nats.CustomReconnectDelay(reconnectDelay),
		nats.ReconnectBufSize(-1),
		nats.ConnectHandler(renewed),
		nats.ReconnectHandler(renewed),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { l.Notice(fmt.Errorf("link: %w", err)) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				l.Notice(fmt.Errorf("link: disconnected: %w", err))
			}
		}),
	)...)
	if err != nil {
		return nil, fmt.Errorf("link to %s: %w", l.URL, err)
	}
	return made, nil
}

// signal tells that something happened to who looks for it now or next.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// keepFresh exchanges the connection before its token ends. Where there is no next token nothing
// changes: the connection stays until it is ended, and then tries on.
func (l *Link) keepFresh() {
	next := time.NewTimer(0)
	next.Stop()
	var until time.Time
	for {
		select {
		case <-l.shown:
		case <-next.C:
			err := errors.New("no new token yet")
			if _, later := l.Token(); later.After(until) {
				err = l.exchange()
			}
			if err != nil {
				l.Notice(fmt.Errorf("link: %w; the connection ends at %s", err, until.UTC().Format(time.RFC3339)))
			}
		case <-l.closed:
			return
		}
		l.mu.RLock()
		until = *l.now.until.Load()
		l.mu.RUnlock()
		if next.Stop(); !until.IsZero() {
			next.Reset(renewIn(until))
		}
	}
}

// soonest is the least between two attempts to get the next token.
const soonest = 500 * time.Millisecond

// renewIn is how long to keep a token: until the last quarter of what is left of it, and not to the
// end of that; servers end connections at a whole second. It is jittered: a fleet that came up at
// once does not renew at once.
func renewIn(until time.Time) time.Duration {
	left := time.Until(until.Truncate(time.Second))
	return max(soonest, left*3/4+rand.N(max(left/6, 1)))
}

// exchange goes over to another connection, which is there before the one so far is left: nothing is
// lost between the two, and nobody waits.
func (l *Link) exchange() error {
	next, err := l.dial()
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for subject, handle := range l.hears {
		if err := next.listen(subject, handle); err != nil {
			next.Close()
			return err
		}
	}
	if err := next.FlushTimeout(askWithin); err != nil {
		next.Close()
		return err
	}
	last := l.now
	_ = last.FlushTimeout(time.Second) // what was reported over it arrives before what will be
	l.now = next
	go func() {
		last.asks.Wait()
		_ = last.Drain()
	}()
	return nil
}

// listen has this connection, and those after it, hand over what comes on a subject, until stop.
func (l *Link) listen(subject string, handle nats.MsgHandler) (stop func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.now.listen(subject, handle); err != nil {
		return nil, err
	}
	l.hears[subject] = handle
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.hears, subject)
		_ = l.now.subs[subject].Unsubscribe() // only fails on a closed connection
	}, nil
}

func (n *line) listen(subject string, handle nats.MsgHandler) (err error) {
	n.subs[subject], err = n.Subscribe(subject, handle)
	return err
}

func (l *Link) isConnected() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.now.IsConnected()
}
