package setup

import (
	"context"
	"fmt"
	"strings"
)

// Arch is what machines a binary runs on. As a type, so that a binary cannot be placed on a host
// that is known to be of another: that does not compile.
type Arch interface {
	AMD64 | ARM64 | ARMv7
	machine() string // as uname -m says it
}

type (
	AMD64 struct{}
	ARM64 struct{}
	ARMv7 struct{}
)

func (AMD64) machine() string { return "x86_64" }
func (ARM64) machine() string { return "aarch64" }
func (ARMv7) machine() string { return "armv7l" }

// Artefact is the agent's binary for one architecture.
type Artefact[A Arch] struct{ Binary []byte }

// Known is a host that was seen to be Linux on an architecture. Only Know makes one.
type Known[A Arch] struct{ Host }

// Know asks a host what it is.
func Know[A Arch](ctx context.Context, h Host) (Known[A], error) {
	out, err := h.Run(ctx, "uname", "-sm")
	if err != nil {
		return Known[A]{}, fmt.Errorf("preflight: %w", err)
	}
	var a A
	if got, want := strings.TrimSpace(out), "Linux "+a.machine(); got != want {
		return Known[A]{}, fmt.Errorf("preflight: the host is %q, the agent's binary is for %q", got, want)
	}
	return Known[A]{h}, nil
}

// AgentPath is where the agent's binary is on a device.
const AgentPath = "/usr/local/bin/muster-agent"

// Agent is the step that a known host has the binary of its architecture.
func Agent[A Arch](_ Known[A], a Artefact[A]) Step {
	return Place("agent", AgentPath, Entry{Data: a.Binary, Mode: 0o755})
}
