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

// request is what a device waits for an answer to.
type request struct {
	m      *nats.Msg
	device algebra.DeviceID
	nonce  string
	look   func(context.Context) (wire.Message, error)
}

// asked is what a request is about: of two alike a device waits for the later one only.
type asked struct{ subject, what string }

// hear has a request stand in line. Who waits for long asks again; he keeps his place, and the answer
// is to what he asked last. So under a flood each gets an answer that he still waits for.
func (h *Hub) hear(m *nats.Msg) {
	decoded, err := wire.Decode(m.Data)
	if err != nil {
		h.counts.malformed.Add(1)
		return
	}
	var r request
	what := decoded.Kind()
	switch ask := decoded.(type) {
	case wire.AskState:
		r = request{m, ask.Device, ask.Nonce, func(ctx context.Context) (wire.Message, error) { return h.state(ctx, ask) }}
	case wire.AskSpec:
		what += ask.Digest.String()
		r = request{m, ask.Device, ask.Nonce, func(ctx context.Context) (wire.Message, error) { return h.spec(ctx, ask) }}
	case wire.AskSecret:
		what += string(ask.Name)
		r = request{m, ask.Device, ask.Nonce, func(ctx context.Context) (wire.Message, error) { return h.secret(ctx, ask) }}
	case wire.Signed, wire.DeviceEntry, wire.DeviceInfo, wire.AppState, wire.Heartbeat, wire.StateAnswer,
		wire.SpecAnswer, wire.Refusal, wire.WorldRecord, wire.Run, wire.Lease, wire.Quarantined,
		wire.AskLogs, wire.LogsAnswer, wire.AskDoctor, wire.DoctorAnswer, wire.SecretAnswer:
	case wire.Unsupported: // who asks may be newer than this hub
		if refusal, asks := ask.Refuse(); asks {
			r = request{m, refusal.Device, refusal.Nonce, func(context.Context) (wire.Message, error) { return refusal, nil }}
		}
	}
	switch {
	case r.look == nil:
		h.counts.malformed.Add(1)
	case h.asks.Len() >= mostAsks:
		h.counts.failed.Add(1)
	case h.asks.Put(asked{m.Subject, what}, r):
		h.counts.overtaken.Add(1)
	}
}

// serve answers those in line until ctx ends.
func (h *Hub) serve(ctx context.Context) {
	for {
		r, ok := h.asks.Next(ctx)
		if !ok {
			return
		}
		h.answer(r)
	}
}

// answer serves a request. Who gets no answer asks again, and goes on with what it has.
func (h *Hub) answer(r request) {
	ctx, cancel := context.WithTimeout(context.Background(), lookup)
	defer cancel()
	reply, err := h.refuse(r.m, r.device, r.nonce), error(nil)
	if reply == nil {
		reply, err = r.look(ctx)
	}
	if err != nil {
		h.counts.failed.Add(1) // no answer: nothing is said about what should run
		return
	}
	if _, refused := reply.(wire.Refusal); !refused {
		h.counts.answered.Add(1)
	}
	if err := r.m.Respond(wire.Encode(reply)); err != nil {
		h.counts.failed.Add(1)
		return
	}
	if _, state := reply.(wire.StateAnswer); state {
		if tell := h.onState.Load(); tell != nil {
			(*tell)(r.device)
		}
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
	keys := h.keys.now()
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
