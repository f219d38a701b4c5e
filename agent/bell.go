package agent

import (
	"context"
	"sync"

	"github.com/musterfleet/muster/algebra"
)

// Bell passes on which apps changed, from a Runtime to one listener. Ringing never blocks,
// and an app that rings twice before it is heard is heard once.
type Bell struct {
	mu      sync.Mutex
	pending map[algebra.App]bool
	wake    chan struct{}
}

// NewBell is a silent bell.
func NewBell() *Bell {
	return &Bell{pending: map[algebra.App]bool{}, wake: make(chan struct{}, 1)}
}

// Ring says that something of an app changed.
func (b *Bell) Ring(app algebra.App) {
	b.mu.Lock()
	b.pending[app] = true
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Hear sends what rings to out until ctx ends.
func (b *Bell) Hear(ctx context.Context, out chan<- algebra.App) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
		}
		b.mu.Lock()
		apps := b.pending
		b.pending = map[algebra.App]bool{}
		b.mu.Unlock()
		for app := range apps {
			select {
			case <-ctx.Done():
				return
			case out <- app:
			}
		}
	}
}
