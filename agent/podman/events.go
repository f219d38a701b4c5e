//go:build remote && containers_image_openpgp

package podman

import (
	"context"
	"fmt"
	"time"

	"github.com/containers/podman/v5/pkg/bindings/system"
	"github.com/containers/podman/v5/pkg/domain/entities/types"
	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
)

// Changes follows podman's event stream and the health checks. What the agent does itself
// shows there too: whoever listens looks again and finds nothing to do.
func (r *Runtime) Changes(ctx context.Context) (<-chan algebra.App, error) {
	ctx, cancel := context.WithCancel(ctx)
	events := make(chan types.Event)
	err := system.Events(r.call(ctx), events, nil, &system.EventsOptions{
		Stream:  ptr(true),
		Filters: map[string][]string{"type": {"container"}, "label": {labelDevice + "=" + r.device.String()}},
	})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("changes: %w", err)
	}
	b := agent.NewBell()
	forget := r.checks.tell(b.Ring)
	out := make(chan algebra.App)
	go func() {
		defer close(out)
		defer forget()
		b.Hear(ctx, out)
	}()
	go func() {
		defer cancel() // the stream ended: podman went away, or the caller did
		for e := range events {
			r.heard(ctx, e, b)
		}
	}()
	return out, nil
}

// heard notes an event and rings for those after which an app may stand otherwise.
func (r *Runtime) heard(ctx context.Context, e types.Event, b *agent.Bell) {
	app, err := algebra.ParseApp(e.Actor.Attributes[labelApp])
	if err != nil {
		return
	}
	action := string(e.Action)
	r.notes.take(action, e.Actor.ID, time.Now())
	switch action {
	case "died", "die":
		b.Ring(app)
		// If podman's policy has not brought it back by then, nobody else will say so.
		time.AfterFunc(grace+10*time.Millisecond, func() {
			if ctx.Err() == nil {
				b.Ring(app)
			}
		})
	case "start", "remove", "pause", "unpause":
		b.Ring(app)
	}
}
