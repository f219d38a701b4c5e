package agent

import (
	"context"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// Link is the device's way to the fleet. It carries; it does not judge: what comes over it is
// verified by who reads it. agent/nats is the real one, agent/inprocess its twin; both pass
// agent/agenttest.
type Link interface {
	// Desired delivers each signed desired state that is seen, as bytes. A slow reader gets
	// the newest and not all; an older one may come after a newer, and one twice. Nothing is
	// delivered where nothing was published. The channel is closed when ctx ends.
	Desired(ctx context.Context) (<-chan []byte, error)

	// Spec is the deployment with this digest, compared with it.
	Spec(ctx context.Context, d algebra.Digest) (algebra.Deployment, error)

	// Report sends news of the device. No error does not mean that it arrived: news may be
	// lost, so everything is reported again from time to time.
	Report(ctx context.Context, r wire.Report) error
}
