package podman

import (
	"context"
	"sync"

	"github.com/musterfleet/muster/algebra"
)

// bell passes on which apps changed, to one listener. Ringing never blocks, and an app that
// rings twice before it is heard is heard once.
type bell struct {
	mu      sync.Mutex
	pending map[algebra.App]bool
	wake    chan struct{}
}

func newBell() *bell {
	return &bell{pending: map[algebra.App]bool{}, wake: make(chan struct{}, 1)}
}

func (b *bell) ring(app algebra.App) {
	b.mu.Lock()
	b.pending[app] = true
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// hear sends what rings to out until ctx ends.
func (b *bell) hear(ctx context.Context, out chan<- algebra.App) {
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
