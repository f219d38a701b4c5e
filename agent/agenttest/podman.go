package agenttest

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/musterfleet/muster/agent/podman/sandbox"
)

// Podman brings up a podman for the test, or skips it with the reason why there can be none.
// With MUSTER_PODMAN=required in the environment that is a failure instead.
func Podman(t *testing.T) *sandbox.Service {
	t.Helper()
	dir, err := os.MkdirTemp("", "muster-podman-") // t.TempDir can be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	s, err := sandbox.Start(t.Context(), dir)
	if err != nil {
		_ = os.RemoveAll(dir) // a second failure would say less than the first
	}
	if u := (*sandbox.Unavailable)(nil); errors.As(err, &u) && os.Getenv("MUSTER_PODMAN") != "required" {
		t.Skip(u)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Run runs a podman command behind the agent's back.
func Run(t *testing.T, s *sandbox.Service, args ...string) string {
	t.Helper()
	out, err := s.Podman(context.Background(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
