//go:build !(remote && containers_image_openpgp)

package podman

import (
	"context"
	"errors"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// Runtime cannot be had in this build: New gives none.
type Runtime struct {
	agent.Runtime
	Secrets Secrets
}

// Secrets opens the secrets of the device.
type Secrets interface {
	Secret(ctx context.Context, name wire.SecretName, use wire.SecretUse) (text []byte, revision uint64, err error)
}

// Remember remembers nothing.
func (*Runtime) Remember(string) {}

// New says which build tags are missing.
func New(context.Context, string, algebra.DeviceID) (*Runtime, error) {
	return nil, errors.New("podman: this binary was built without it; build with -tags=remote,containers_image_openpgp")
}

// Version of nothing is no text.
func (*Runtime) Version() string { return "" }
