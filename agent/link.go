package agent

import (
	"context"
	"errors"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// Link is the device's way to the fleet. It carries; it does not judge: what comes over it is
// verified by who reads it. agent/nats is the real one, agent/inprocess its twin; both pass
// agent/agenttest.
type Link interface {
	// Desired delivers what operators signed, as bytes: each desired state of the device that is
	// seen, and each set of keys to trust. A slow reader gets
	// the newest and not all; an older one may come after a newer, and one twice. Nothing is
	// delivered where nothing was published. The channel is closed when ctx ends.
	Desired(ctx context.Context) (<-chan []byte, error)

	// Spec is the deployment with this digest, compared with it. An error wraps ErrUnanswered where
	// nobody said that there is none.
	Spec(ctx context.Context, d algebra.Digest) (algebra.Deployment, error)

	// Serve hands each question that is put to the device to answer, and carries back what that
	// gives; nil is no answer. It ends with ctx, or when the link is lost. Questions may come
	// side by side.
	Serve(ctx context.Context, answer func(context.Context, wire.Message) wire.Message) error

	// Report sends news of the device. No error does not mean that it arrived: news may be
	// lost, so everything is reported again from time to time.
	Report(ctx context.Context, r wire.Report) error
}

// ErrUnanswered says that the fleet did not answer: it was away, or had too much to do.
var ErrUnanswered = errors.New("the fleet did not answer")

// SecretSource is where a device's secrets come from; both Links are one.
type SecretSource interface {
	// Secret is a secret of the device as the fleet keeps it, signed and sealed; nil is that there
	// is none.
	Secret(ctx context.Context, name wire.SecretName) ([]byte, error)
}
