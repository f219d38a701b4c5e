package inprocess

import (
	"context"
	"iter"
	"sync"

	"github.com/musterfleet/muster/executor"
)

// queue has no bound, so that a slow reader holds up no writer.
type queue struct {
	mu    sync.Mutex
	items []executor.Record
	wake  chan struct{}
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

func (q *queue) push(r executor.Record) {
	q.mu.Lock()
	q.items = append(q.items, r)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default: // the reader is already due
	}
}

// all yields what was pushed, in order, until ctx ends. It has one reader.
func (q *queue) all(ctx context.Context) iter.Seq[executor.Record] {
	return func(yield func(executor.Record) bool) {
		for {
			q.mu.Lock()
			items := q.items
			q.items = nil
			q.mu.Unlock()
			for _, r := range items {
				if !yield(r) {
					return
				}
			}
			if len(items) > 0 {
				continue
			}
			select {
			case <-q.wake:
			case <-ctx.Done():
				return
			}
		}
	}
}
