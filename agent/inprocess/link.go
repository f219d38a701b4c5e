package inprocess

import (
	"context"
	"fmt"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// Fleet is the other end of a Link in the same process: executor/inprocess has one. It speaks
// bytes, as the wire does.
type Fleet interface {
	// Report stores what a device says of itself.
	Report(from algebra.DeviceID, data []byte) error
	// Ask answers an encoded AskState, AskSpec or AskSecret.
	Ask(from algebra.DeviceID, request []byte) ([]byte, error)
	// Follow delivers each desired state published to the device from now on, until ctx ends.
	Follow(ctx context.Context, d algebra.DeviceID) <-chan []byte
	// Serve has answer called with each encoded question to the device, until ctx ends.
	Serve(ctx context.Context, d algebra.DeviceID, answer func([]byte) []byte)
}

// Link is an agent.Link without a network: nothing is lost, late or repeated. Faults are put
// around it by who wants them.
type Link struct {
	Device algebra.DeviceID
	Fleet  Fleet
}

var (
	_ agent.Link         = Link{}
	_ agent.SecretSource = Link{}
)

// Desired delivers what is published, then each change of it.
func (l Link) Desired(ctx context.Context) (<-chan []byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	followed := l.Fleet.Follow(ctx, l.Device) // before asking, so that nothing is missed
	answer, err := ask[wire.StateAnswer](l, wire.AskState{Device: l.Device, Nonce: "n"})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("desired state: %w", err)
	}
	out := make(chan []byte)
	go func() {
		defer close(out)
		defer cancel()
		keys, state := []byte(answer.Keys), []byte(answer.State)
		for {
			send, next := out, keys
			if next == nil {
				next = state
			}
			if next == nil {
				send = nil
			}
			select {
			case raw, open := <-followed:
				if !open {
					return
				}
				state = raw
			case send <- next:
				if keys != nil {
					keys = nil
				} else {
					state = nil
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

// Spec asks for a deployment.
func (l Link) Spec(ctx context.Context, d algebra.Digest) (algebra.Deployment, error) {
	if err := ctx.Err(); err != nil {
		return algebra.Deployment{}, err
	}
	answer, err := ask[wire.SpecAnswer](l, wire.AskSpec{Device: l.Device, Nonce: "n", Digest: d})
	if err != nil {
		return algebra.Deployment{}, fmt.Errorf("deployment %s: %w", d.Short(), err)
	}
	return wire.OpenSpec(d, answer.Spec)
}

// Secret asks for a secret.
func (l Link) Secret(ctx context.Context, name wire.SecretName) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	answer, err := ask[wire.SecretAnswer](l, wire.AskSecret{Device: l.Device, Nonce: "n", Name: name})
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w", name, err)
	}
	return answer.Secret, nil
}

// Serve answers what the fleet asks.
func (l Link) Serve(ctx context.Context, answer func(context.Context, wire.Message) wire.Message) error {
	l.Fleet.Serve(ctx, l.Device, func(question []byte) []byte {
		q, err := wire.Decode(question)
		if err != nil {
			return nil
		}
		a := answer(ctx, q)
		if a == nil {
			return nil
		}
		return wire.Encode(a)
	})
	return nil
}

// Report stores news at once.
func (l Link) Report(ctx context.Context, r wire.Report) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.Fleet.Report(l.Device, wire.Encode(r))
}

func ask[Answer wire.Message](l Link, request wire.Message) (Answer, error) {
	var none Answer
	data, err := l.Fleet.Ask(l.Device, wire.Encode(request))
	if err != nil {
		return none, err
	}
	m, err := wire.Decode(data)
	if err != nil {
		return none, err
	}
	if r, refused := m.(wire.Refusal); refused {
		return none, fmt.Errorf("refused by the hub: %s", r.Reason)
	}
	answer, ok := m.(Answer)
	if !ok {
		return none, fmt.Errorf("a %s that is no answer to this request", m.Kind())
	}
	return answer, nil
}
