//go:build !(remote && containers_image_openpgp)

package podman

import (
	"context"
	"errors"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
)

// Runtime cannot be had in this build: New gives none.
type Runtime struct{ agent.Runtime }

// New says which build tags are missing.
func New(context.Context, string, algebra.DeviceID) (*Runtime, error) {
	return nil, errors.New("podman: this binary was built without it; build with -tags=remote,containers_image_openpgp")
}

// Version of nothing is no text.
func (*Runtime) Version() string { return "" }
