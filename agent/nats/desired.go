package nats

import (
	"context"
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/executor/wire"
)

// Desired asks for the desired state, follows what is published, and asks again.
func (l *Link) Desired(ctx context.Context) (<-chan []byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	followed := make(chan []byte)
	stop, err := l.listen(wire.DesiredSubject(l.Device), func(m *nats.Msg) {
		select {
		case followed <- m.Data:
		case <-ctx.Done():
		}
	})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("desired state: %w", err)
	}
	answered, keys, asked := make(chan []byte), make(chan []byte), make(chan struct{})
	go func() {
		defer close(asked)
		l.keepAsking(ctx, keys, answered)
	}()
	out := make(chan []byte)
	go func() {
		defer close(out)
		defer func() { <-asked }()
		defer cancel()
		defer stop()
		newest(ctx, out, [3]<-chan []byte{keys, followed, answered})
	}()
	return out, nil
}

// newest passes on the last message of each source that was not yet taken. It does not let one
// source replace the other's: an answer may be older than what was published while it was on
// its way, and only the generation, which is the agent's to compare, tells which.
//
// The sources are given in the order in which they go first: keys before a state that is signed
// with one of them.
func newest(ctx context.Context, out chan<- []byte, sources [3]<-chan []byte) {
	var waiting [3][]byte
	for {
		first := slices.IndexFunc(waiting[:], func(raw []byte) bool { return raw != nil })
		send, next := out, []byte(nil)
		if first < 0 {
			send = nil
		} else {
			next = waiting[first]
		}
		select {
		case waiting[0] = <-sources[0]:
		case waiting[1] = <-sources[1]:
		case waiting[2] = <-sources[2]:
		case send <- next:
			waiting[first] = nil
		case <-ctx.Done():
			return
		}
	}
}

// keepAsking asks at once, after each new connection and from time to time; while there is no
// answer, with growing pauses.
func (l *Link) keepAsking(ctx context.Context, keys, answered chan<- []byte) {
	pause := firstPause
	for {
		wait := jitter(l.Every)
		var answer wire.StateAnswer
		var err error
		if l.isConnected() { // else the new connection asks, and nothing times out until then
			if answer, err = l.askState(ctx); err == nil && l.Heard != nil {
				l.Heard()
			}
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			l.Notice(fmt.Errorf("desired state: %w; asking again", err))
			wait, pause = min(jitter(pause), wait), min(2*pause, longestWait)
		} else {
			pause = firstPause
		}
		if !passOn(ctx, keys, answer.Keys) || !passOn(ctx, answered, answer.State) {
			return
		}
		select {
		case <-time.After(wait):
		case <-l.connected:
		case <-ctx.Done():
			return
		}
	}
}

// passOn sends what there is; false: ctx ended.
func passOn(ctx context.Context, to chan<- []byte, raw []byte) bool {
	if raw == nil {
		return true
	}
	select {
	case to <- raw:
		return true
	case <-ctx.Done():
		return false
	}
}

// askState is what the hub has: a signed desired state if one was ever published, and the keys.
func (l *Link) askState(ctx context.Context) (wire.StateAnswer, error) {
	nonce := newNonce()
	m, err := l.ask(ctx, wire.AskState{Device: l.Device, Nonce: nonce})
	if err != nil {
		return wire.StateAnswer{}, err
	}
	answer, ok := m.(wire.StateAnswer)
	if !ok || answer.Device != l.Device || answer.Nonce != nonce {
		return wire.StateAnswer{}, notAnswered(m, l.Device, nonce)
	}
	return answer, nil
}

func newNonce() string { return crand.Text() }

// jitter is between half and one and a half of d.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d+1) }
