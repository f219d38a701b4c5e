package agent

import (
	"context"
	"errors"

	"github.com/musterfleet/muster/algebra"
)

// Runtime runs deployments on this device. Calls for one app never overlap.
// agent/podman is the real one, agent/inprocess its twin; both pass agent/agenttest.
type Runtime interface {
	// Observe reports everything that muster runs on the device, by what the runtime itself
	// says, not by what was asked of it. Things of other owners are not in it.
	Observe(ctx context.Context) (map[algebra.App]Observed, error)

	// Prepare fetches what Start will need. It stops nothing and may be called again.
	Prepare(ctx context.Context, d algebra.Deployment) error

	// Start brings the release up. The slot is empty when it is called: whoever replaces
	// stops first. Start leaves nothing behind when it fails.
	Start(ctx context.Context, d algebra.Deployment, v algebra.Values) error

	// Stop ends what runs in the slot and removes it. An empty slot is no error.
	Stop(ctx context.Context, app algebra.App) error

	// Changes delivers an app each time something of it changed by itself: a container
	// ended, was killed or removed. It is closed when ctx ends or the runtime is lost.
	Changes(ctx context.Context) (<-chan algebra.App, error)
}

// ErrAway says that what runs deployments was away, or broke off: Prepare and Start wrap it, as such a
// failure is none of the release.
var ErrAway = errors.New("the runtime is away")

// Observed is what runs in one slot.
type Observed struct {
	Release algebra.Release
	Phase   algebra.Phase
	// Detail says why, when the phase is Failed: an exit code, a failed health check.
	Detail   string
	Restarts int
}

// Collector is a Runtime that can make room on a disk that is full.
type Collector interface {
	// Collect removes what was fetched and nobody needs, if the disk is full. What keep needs stays.
	Collect(ctx context.Context, keep []algebra.Deployment) error
}
