package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/executor/wire"
)

// keyset follows the set of operator keys, which goes with each answer: to read it for each anew would
// double what an answer costs.
type keyset struct {
	watch jetstream.KeyWatcher
	set   atomic.Pointer[[]byte]
}

func openKeyset(ctx context.Context, kv jetstream.KeyValue) (*keyset, error) {
	k := &keyset{}
	var err error
	k.watch, err = follow(ctx, kv, wire.KeysetKey, func(e jetstream.KeyValueEntry) {
		if raw := e.Value(); e.Operation() == jetstream.KeyValuePut && json.Valid(raw) { // what is no JSON is not passed on
			k.set.Store(&raw)
		}
	})
	return k, err
}

// now is the newest set, nil if there is none.
func (k *keyset) now() []byte {
	if raw := k.set.Load(); raw != nil {
		return *raw
	}
	return nil
}

func (k *keyset) close() { _ = k.watch.Stop() }

// follow has take see what keys of a bucket hold: what they do now before it returns, and each change
// after that.
func follow(ctx context.Context, kv jetstream.KeyValue, keys string, take func(jetstream.KeyValueEntry)) (jetstream.KeyWatcher, error) {
	// The watch outlives ctx, which bounds the start only.
	w, err := kv.Watch(context.WithoutCancel(ctx), keys)
	if err != nil {
		return nil, fmt.Errorf("hub: bucket %s: %w", kv.Bucket(), err)
	}
	loaded := make(chan struct{})
	go func() {
		for e := range w.Updates() {
			if e == nil {
				close(loaded)
				continue
			}
			take(e)
		}
	}()
	select {
	case <-loaded:
		return w, nil
	case <-ctx.Done():
		_ = w.Stop()
		return nil, fmt.Errorf("hub: bucket %s: %w", kv.Bucket(), ctx.Err())
	}
}
