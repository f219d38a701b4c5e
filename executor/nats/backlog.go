package nats

import (
	"context"
	"iter"
	"sync"

	"github.com/musterfleet/muster/executor"
)

// backlog is what a watch has heard and its reader has not taken yet, of each record only the newest.
// A run does not read while it publishes: the heartbeats of a large fleet would pile up meanwhile until
// the client drops them, and the watch would have to begin anew.
type backlog struct {
	mu    sync.Mutex
	order []place // of those that wait, as they came
	news  map[place]executor.Record
	wake  chan struct{}
}

// place is where a record is.
type place struct{ bucket, key string }

func newBacklog() *backlog {
	return &backlog{news: map[place]executor.Record{}, wake: make(chan struct{}, 1)}
}

func (b *backlog) put(r executor.Record) {
	at := place{r.Bucket, r.Key}
	b.mu.Lock()
	if _, waits := b.news[at]; !waits {
		b.order = append(b.order, at)
	}
	b.news[at] = r
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default: // the reader is already due
	}
}

// take is what waits, in the order in which each record was first heard of.
func (b *backlog) take() []executor.Record {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]executor.Record, len(b.order))
	for i, at := range b.order {
		out[i] = b.news[at]
	}
	b.order = b.order[:0]
	clear(b.news)
	return out
}

// all yields what was put, until ctx ends. It has one reader.
func (b *backlog) all(ctx context.Context) iter.Seq[executor.Record] {
	return func(yield func(executor.Record) bool) {
		for {
			for _, r := range b.take() {
				if !yield(r) {
					return
				}
			}
			select {
			case <-b.wake:
			case <-ctx.Done():
				return
			}
		}
	}
}
