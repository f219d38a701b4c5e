package setup

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// Arch is what machines a binary runs on. As a type, so that a binary cannot be placed on a host
// that is known to be of another: that does not compile.
type Arch interface {
	AMD64 | ARM64 | ARMv7
	machine() string // as uname -m says it
	elf() elf.Machine
}

type (
	AMD64 struct{}
	ARM64 struct{}
	ARMv7 struct{}
)

func (AMD64) machine() string { return "x86_64" }
func (ARM64) machine() string { return "aarch64" }
func (ARMv7) machine() string { return "armv7l" }

func (AMD64) elf() elf.Machine { return elf.EM_X86_64 }
func (ARM64) elf() elf.Machine { return elf.EM_AARCH64 }
func (ARMv7) elf() elf.Machine { return elf.EM_ARM }

// Artefact is the agent's binary for one architecture. Only ReadArtefact makes one.
type Artefact[A Arch] struct{ binary []byte }

// ReadArtefact takes a binary whose header says that it is for A.
func ReadArtefact[A Arch](binary []byte) (Artefact[A], error) {
	f, err := elf.NewFile(bytes.NewReader(binary))
	if err != nil {
		return Artefact[A]{}, fmt.Errorf("the agent's binary: %w", err)
	}
	var a A
	if f.Machine != a.elf() {
		return Artefact[A]{}, fmt.Errorf("the agent's binary is for %v and not for %s", f.Machine, a.machine())
	}
	return Artefact[A]{binary}, nil
}

// Known is a host that was seen to be Linux on an architecture. Only Know makes one.
type Known[A Arch] struct{ Host }

// Uname asks a host what it is: "Linux x86_64".
func Uname(ctx context.Context, h Host) (string, error) {
	out, err := h.Run(ctx, "uname", "-sm")
	return strings.TrimSpace(out), err
}

// Know asks a host what it is.
func Know[A Arch](ctx context.Context, h Host) (Known[A], error) {
	got, err := Uname(ctx, h)
	if err != nil {
		return Known[A]{}, &Failure{Step: "preflight", Cause: err}
	}
	var a A
	if want := "Linux " + a.machine(); got != want {
		return Known[A]{}, &Failure{Step: "preflight", Cause: fmt.Errorf("the host is %q, the agent's binary is for %q", got, want)}
	}
	return Known[A]{h}, nil
}

// AgentPath is where the agent's binary is on a device.
const AgentPath = "/usr/local/bin/muster-agent"

// Agent is the step that a known host has the binary of its architecture. A program there that
// is no agent of muster stays as it is.
func Agent[A Arch](_ Known[A], a Artefact[A]) Step {
	return agent{place{name: "agent", path: AgentPath, account: "root",
		want: func(Entry, bool) (Entry, error) { return Entry{Data: a.binary, Mode: 0o755}, nil }}}
}

type agent struct{ place }

func (a agent) Check(ctx context.Context, h Host) (Change, error) {
	c, err := a.place.Check(ctx, h)
	if p, ok := c.(placing); ok && p.was != nil && !bytes.Equal(p.was.Data, p.to.Data) {
		said, err := h.Run(ctx, AgentPath, "version")
		if err != nil || !strings.HasPrefix(said, "muster-agent ") {
			return nil, fmt.Errorf("%s is there and is no muster-agent; move it away", AgentPath)
		}
	}
	return c, err
}

// Joined is a step that the host holds the credential of a device already, from muster-agent join.
func Joined(dir string) Step {
	return require{"credential", func(_ context.Context, h Host) error {
		_, err := h.Read(dir + "/config.toml")
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the host is in no fleet: there is no %s/config.toml; give --credentials, or run muster-agent join there", dir)
		}
		return err
	}}
}
