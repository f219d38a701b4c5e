package hub

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/internal/line"
)

// Hub serves devices until Stop.
type Hub struct {
	js       jetstream.JetStream
	desired  jetstream.KeyValue
	specs    jetstream.KeyValue
	secrets  jetstream.KeyValue
	keys     *keyset
	registry *registry
	known    specs
	asks     *line.Line[asked, request]
	subs     []*nats.Subscription
	counts   counters
	onState  atomic.Pointer[func(algebra.DeviceID)]
	// stop ends who answers, and answering waits for them.
	stop      context.CancelFunc
	answering sync.WaitGroup
}

// Counts is what a hub did since it started.
type Counts struct {
	Stored   uint64 // reports handed to the store; those it did not take are Failed as well
	Answered uint64 // requests, refusals not among them
	// Overtaken are requests that were not answered because the device had asked again by then.
	Overtaken uint64
	// Malformed could not be read or are of a kind that a device does not send.
	Malformed uint64
	// Foreign are not of the device whose subject they came on.
	Foreign uint64
	// Unknown came from devices that are not enrolled.
	Unknown uint64
	// Failed were right but the store did not take or give the record.
	Failed uint64
}

type counters struct{ stored, answered, overtaken, malformed, foreign, unknown, failed atomic.Uint64 }

// mostPending bounds what waits to be handled, in bytes: a report of each of some hundred thousand
// devices.
const mostPending = 256 << 20

// answerers is how many requests are looked up at once: after an outage all devices ask, and each look
// mostly waits for the store.
const answerers = 32

// mostAsks bounds the requests that wait for an answer.
const mostAsks = 1 << 20

// Start serves on a connection to account FLEET whose buckets exist.
func Start(ctx context.Context, nc *nats.Conn) (*Hub, error) {
	h := &Hub{asks: line.New[asked, request]()}
	var err error
	h.js, err = jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(4096),
		jetstream.WithPublishAsyncErrHandler(func(jetstream.JetStream, *nats.Msg, error) { h.counts.failed.Add(1) }))
	if err != nil {
		return nil, fmt.Errorf("hub: %w", err)
	}
	var devices, keys jetstream.KeyValue
	for _, b := range []struct {
		kv   *jetstream.KeyValue
		name string
	}{{&h.desired, wire.DesiredBucket}, {&h.specs, wire.SpecsBucket}, {&h.secrets, wire.SecretsBucket}, {&keys, wire.KeysetBucket}, {&devices, wire.DevicesBucket}} {
		if *b.kv, err = h.js.KeyValue(ctx, b.name); err != nil {
			return nil, fmt.Errorf("hub: bucket %s: %w", b.name, err)
		}
	}
	if h.registry, err = openRegistry(ctx, devices); err != nil {
		return nil, err
	}
	if h.keys, err = openKeyset(ctx, keys); err != nil {
		h.registry.close()
		return nil, err
	}
	// The answers outlive ctx, which bounds the start only.
	var serving context.Context
	serving, h.stop = context.WithCancel(context.WithoutCancel(ctx))
	for range answerers {
		h.answering.Go(func() { h.serve(serving) })
	}
	// One subscription for reports keeps those of a device in order.
	if err = h.subscribe(nc, wire.AllReports, h.store); err == nil {
		err = h.subscribe(nc, wire.AllRequests, h.hear)
	}
	if err == nil {
		err = nc.Flush()
	}
	if err != nil {
		h.Stop()
		return nil, fmt.Errorf("hub: %w", err)
	}
	return h, nil
}

func (h *Hub) subscribe(nc *nats.Conn, subject string, handle nats.MsgHandler) error {
	sub, err := nc.QueueSubscribe(subject, wire.HubGroup, handle)
	if err != nil {
		return err
	}
	h.subs = append(h.subs, sub)
	return sub.SetPendingLimits(-1, mostPending)
}

// Counts is what the hub did so far.
func (h *Hub) Counts() Counts {
	c := &h.counts
	return Counts{Stored: c.stored.Load(), Answered: c.answered.Load(), Overtaken: c.overtaken.Load(),
		Malformed: c.malformed.Load(), Foreign: c.foreign.Load(), Unknown: c.unknown.Load(), Failed: c.failed.Load()}
}

// OnState has each device told, from now on, that is answered what it is to run. tell is called by
// several at once and must not block.
func (h *Hub) OnState(tell func(algebra.DeviceID)) { h.onState.Store(&tell) }

// Stop ends the service. Reports already taken are stored, unless the store does not answer.
func (h *Hub) Stop() {
	for _, s := range h.subs {
		_ = s.Unsubscribe() // only fails on a closed connection
	}
	h.registry.close()
	h.keys.close()
	h.stop()
	h.answering.Wait()
	select {
	case <-h.js.PublishAsyncComplete():
	case <-time.After(5 * time.Second):
	}
}
