package nats

import (
	"context"
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/executor/wire"
)

// Desired asks for the desired state, follows what is published, and asks again.
func (l *Link) Desired(ctx context.Context) (<-chan []byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	followed := make(chan []byte)
	sub, err := l.nc.Subscribe(wire.DesiredSubject(l.Device), func(m *nats.Msg) {
		select {
		case followed <- m.Data:
		case <-ctx.Done():
		}
	})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("desired state: %w", err)
	}
	answered, asked := make(chan []byte), make(chan struct{})
	go func() {
		defer close(asked)
		l.keepAsking(ctx, answered)
	}()
	out := make(chan []byte)
	go func() {
		defer close(out)
		defer func() { <-asked }()
		defer cancel()
		defer sub.Unsubscribe()
		newest(ctx, out, followed, answered)
	}()
	return out, nil
}

// newest passes on the last message of each source that was not yet taken. It does not let one
// source replace the other's: an answer may be older than what was published while it was on
// its way, and only the generation, which is the agent's to compare, tells which.
func newest(ctx context.Context, out chan<- []byte, followed, answered <-chan []byte) {
	var follow, answer []byte
	for {
		next, send := follow, out
		if next == nil {
			next = answer
		}
		if next == nil {
			send = nil
		}
		select {
		case follow = <-followed:
		case answer = <-answered:
		case send <- next:
			if follow != nil {
				follow = nil
			} else {
				answer = nil
			}
		case <-ctx.Done():
			return
		}
	}
}

// keepAsking asks at once, after each new connection and from time to time; while there is no
// answer, with growing pauses.
func (l *Link) keepAsking(ctx context.Context, answered chan<- []byte) {
	connected := l.nc.StatusChanged(nats.CONNECTED)
	defer l.nc.RemoveStatusListener(connected)
	pause := firstPause
	for {
		wait := jitter(l.Every)
		var state []byte
		var err error
		if l.nc.IsConnected() { // else the new connection asks, and nothing times out until then
			state, err = l.askState(ctx)
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
		if state != nil {
			select {
			case answered <- state:
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-time.After(wait):
		case _, open := <-connected:
			if !open {
				connected = nil // the connection was closed for good; ctx ends with the agent
			}
		case <-ctx.Done():
			return
		}
	}
}

// askState is the signed desired state as the hub has it, nil if none was ever published.
func (l *Link) askState(ctx context.Context) ([]byte, error) {
	nonce := newNonce()
	m, err := l.ask(ctx, wire.AskState{Device: l.Device, Nonce: nonce})
	if err != nil {
		return nil, err
	}
	answer, ok := m.(wire.StateAnswer)
	if !ok || answer.Device != l.Device || answer.Nonce != nonce {
		return nil, notAnswered(m, l.Device, nonce)
	}
	return answer.State, nil
}

func newNonce() string { return crand.Text() }

// jitter is between half and one and a half of d.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d+1) }
