package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/executor/operator"
)

// seen is what health, status and metrics tell of: an operator, or what is there before it.
type seen interface {
	Status() operator.Status
	Still() time.Duration
}

// outset is how a start goes, until the operator is there.
type outset struct {
	log      *slog.Logger
	status   atomic.Pointer[operator.Status]
	operator atomic.Pointer[operator.Operator]
}

func newOutset(log *slog.Logger, now time.Time) *outset {
	o := &outset{log: log}
	o.status.Store(&operator.Status{Standing: operator.Standing{State: operator.Starting, Since: now}})
	return o
}

func (o *outset) Status() operator.Status {
	if there := o.operator.Load(); there != nil {
		return there.Status()
	}
	return *o.status.Load()
}

func (o *outset) Still() time.Duration {
	if there := o.operator.Load(); there != nil {
		return there.Still()
	}
	return 0 // to wait is its turn
}

// stand notes what is waited for; empty is nothing. It is told once, until it is another.
func (o *outset) stand(why string) {
	s := *o.status.Load()
	if s.Standing.Why == why {
		return
	}
	s.Standing.Why = why
	o.status.Store(&s)
	if why != "" {
		o.log.Info(string(operator.Starting), "why", why)
	}
}

// How long it takes until what was away is tried again: twice as long each time, and never so long that
// people would wonder, once it is back.
const (
	soonest = 500 * time.Millisecond
	latest  = 15 * time.Second
)

// await does something until it succeeds, or fails of what waiting does not mend. Where it fails
// nothing of it is left. The end of ctx is an error of its own, whatever failed by that.
func await[T any](ctx context.Context, o *outset, do func() (T, error)) (T, error) {
	for wait := soonest; ; wait = min(2*wait, latest) {
		done, err := do()
		switch {
		case err == nil:
			o.stand("")
			return done, nil
		case ctx.Err() != nil:
			return done, ctx.Err()
		case !awaits(err):
			return done, err
		}
		o.stand(steady(err))
		select {
		case <-time.After(wait/2 + rand.N(wait/2)): // many may wait for one broker
		case <-ctx.Done():
			return done, ctx.Err()
		}
	}
}

// steady is an error on one line, without the ports of this side, which are others at each try.
func steady(err error) string {
	return strings.ReplaceAll(ownPort.ReplaceAllString(err.Error(), ""), "\n", ": ")
}

var ownPort = regexp.MustCompile(`\S+:\d+->`)

// awaited are the errors of a broker or an issuer that is not there, or not there yet.
var awaited = []error{natsgo.ErrNoServers, natsgo.ErrTimeout, natsgo.ErrNoResponders, errUndecided, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF,
	jetstream.ErrJetStreamNotEnabled, jetstream.ErrJetStreamNotEnabledForAccount}

// awaits reports whether an error of a start may go away by itself: servers that cannot be reached or do
// not answer, and JetStream that is not available, as while servers start or have no leader. A token or
// a seed that is refused, a certificate and whatever is wrong on this side are for somebody to mend.
func awaits(err error) bool {
	var (
		slow    net.Error
		address *net.AddrError
		stream  *jetstream.APIError
		line    *net.OpError
	)
	switch {
	case errors.As(err, &slow) && slow.Timeout():
		return true
	case errors.Is(err, natsgo.ErrTLS), errors.As(err, &address):
		return false
	case errors.As(err, &stream):
		return stream.Code == http.StatusServiceUnavailable
	case errors.As(err, &line):
		return slices.Contains([]string{"dial", "read", "write"}, line.Op) // others are alerts of TLS
	}
	return slices.ContainsFunc(awaited, func(e error) bool { return errors.Is(err, e) })
}
