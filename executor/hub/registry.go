package hub

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// registry knows whom to serve without asking the store for each message: it follows the
// bucket, and looks up those it has not heard of.
type registry struct {
	kv    jetstream.KeyValue
	watch jetstream.KeyWatcher

	mu     sync.RWMutex
	served map[string]bool // by token; false: known, and not to be served
}

func openRegistry(ctx context.Context, kv jetstream.KeyValue) (*registry, error) {
	r := &registry{kv: kv, served: map[string]bool{}}
	var err error
	r.watch, err = follow(ctx, kv, jetstream.AllKeys, func(e jetstream.KeyValueEntry) { r.take(e) })
	return r, err
}

func (r *registry) close() { _ = r.watch.Stop() }

func (r *registry) take(e jetstream.KeyValueEntry) bool {
	served := false
	if e.Operation() == jetstream.KeyValuePut {
		m, err := wire.Decode(e.Value())
		entry, ok := m.(wire.DeviceEntry)
		served = err == nil && ok && entry.Lifecycle.Served() && wire.Token(entry.Device) == e.Key()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.served[e.Key()] = served
	return served
}

// has reports whether the device is to be served. One enrolled a moment ago, of which the watch has
// not told yet, is looked up.
func (r *registry) has(d algebra.DeviceID) bool {
	token := wire.Token(d)
	r.mu.RLock()
	served, known := r.served[token]
	r.mu.RUnlock()
	if known {
		return served
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	e, err := r.kv.Get(ctx, token)
	return err == nil && r.take(e)
}
