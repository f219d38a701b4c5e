package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// lookup bounds the wait for the store.
const lookup = 5 * time.Second

// answer serves a request. Who gets no answer asks again, and goes on with what it has.
func (h *Hub) answer(m *nats.Msg) {
	decoded, err := wire.Decode(m.Data)
	if err != nil {
		h.counts.malformed.Add(1)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookup)
	defer cancel()
	var reply wire.Message
	switch ask := decoded.(type) {
	case wire.AskState:
		if reply = h.refuse(m, ask.Device, ask.Nonce); reply == nil {
			reply, err = h.state(ctx, ask)
		}
	case wire.AskSpec:
		if reply = h.refuse(m, ask.Device, ask.Nonce); reply == nil {
			reply, err = h.spec(ctx, ask)
		}
	case wire.AskSecret:
		if reply = h.refuse(m, ask.Device, ask.Nonce); reply == nil {
			reply, err = h.secret(ctx, ask)
		}
	case wire.Signed, wire.DeviceEntry, wire.DeviceInfo, wire.AppState, wire.Heartbeat, wire.StateAnswer,
		wire.SpecAnswer, wire.Refusal, wire.WorldRecord, wire.Run, wire.Lease, wire.Quarantined,
		wire.AskLogs, wire.LogsAnswer, wire.AskDoctor, wire.DoctorAnswer, wire.SecretAnswer:
		h.counts.malformed.Add(1)
		return
	case wire.Unsupported: // below: who asks may be newer than this hub
	}
	if unknown, is := decoded.(wire.Unsupported); is {
		refusal, asks := unknown.Refuse()
		if !asks {
			h.counts.malformed.Add(1)
			return
		}
		if reply = h.refuse(m, refusal.Device, refusal.Nonce); reply == nil {
			reply = refusal
		}
	}
	if err != nil {
		h.counts.failed.Add(1) // no answer: nothing is said about what should run
		return
	}
	if _, refused := reply.(wire.Refusal); !refused {
		h.counts.answered.Add(1)
	}
	if err := m.Respond(wire.Encode(reply)); err != nil {
		h.counts.failed.Add(1)
	}
}

// refuse says why a request is not served, or nil.
func (h *Hub) refuse(m *nats.Msg, d algebra.DeviceID, nonce string) wire.Message {
	switch {
	case wire.RequestSubject(d) != m.Subject || !claimedBy(m.Header, d):
		h.counts.foreign.Add(1)
		return wire.Refusal{Device: d, Nonce: nonce, Reason: "the request is not of the device whose subject it came on"}
	case !h.registry.has(d):
		h.counts.unknown.Add(1)
		return wire.Refusal{Device: d, Nonce: nonce, Reason: fmt.Sprintf("device %s is not enrolled", d)}
	}
	return nil
}

// claimedBy compares what the server says of the sender. The header can be forged, so it proves
// nothing (executor/nats/doc.go); but where it contradicts the subject, something is wrong.
func claimedBy(h nats.Header, d algebra.DeviceID) bool {
	values := h["Nats-Request-Info"]
	if len(values) != 1 {
		return false
	}
	var info struct {
		User string `json:"user"`
	}
	return json.Unmarshal([]byte(values[0]), &info) == nil && info.User == wire.Token(d)
}

func (h *Hub) state(ctx context.Context, ask wire.AskState) (wire.Message, error) {
	keys, err := h.signedKeys(ctx)
	if err != nil {
		return nil, err
	}
	e, err := h.desired.Get(ctx, wire.Token(ask.Device))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return wire.StateAnswer{Device: ask.Device, Nonce: ask.Nonce, Keys: keys}, nil
	}
	if err != nil {
		return nil, err
	}
	if !json.Valid(e.Value()) {
		return nil, fmt.Errorf("the desired state of %s is no JSON", ask.Device)
	}
	return wire.StateAnswer{Device: ask.Device, Nonce: ask.Nonce, Revision: e.Revision(), State: e.Value(), Keys: keys}, nil
}

// signedKeys is the newest set of operator keys, nil if there is none.
func (h *Hub) signedKeys(ctx context.Context) ([]byte, error) {
	return value(h.keys.Get(ctx, wire.KeysetKey))
}

func (h *Hub) secret(ctx context.Context, ask wire.AskSecret) (wire.Message, error) {
	secret, err := value(h.secrets.Get(ctx, wire.SecretKey(ask.Device, ask.Name)))
	if err != nil {
		return nil, err
	}
	return wire.SecretAnswer{Device: ask.Device, Nonce: ask.Nonce, Secret: secret}, nil
}

// value is what a key holds, nil if there is none; what is no JSON is not passed on.
func value(e jetstream.KeyValueEntry, err error) ([]byte, error) {
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !json.Valid(e.Value()) {
		return nil, fmt.Errorf("what %s holds at %s is no JSON", e.Bucket(), e.Key())
	}
	return e.Value(), nil
}

func (h *Hub) spec(ctx context.Context, ask wire.AskSpec) (wire.Message, error) {
	if text, ok := h.known.of(ask.Digest); ok {
		return wire.SpecAnswer{Device: ask.Device, Nonce: ask.Nonce, Spec: text}, nil
	}
	e, err := h.specs.Get(ctx, wire.SpecKey(ask.Digest))
	if errors.Is(err, jetstream.ErrKeyNotFound) || err == nil && len(e.Value()) == 0 {
		return wire.Refusal{Device: ask.Device, Nonce: ask.Nonce, Reason: "no deployment " + ask.Digest.Short()}, nil
	}
	if err != nil {
		return nil, err
	}
	h.known.keep(ask.Digest, e.Value())
	return wire.SpecAnswer{Device: ask.Device, Nonce: ask.Nonce, Spec: e.Value()}, nil
}
