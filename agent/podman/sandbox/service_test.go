package sandbox_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/musterfleet/muster/agent/podman/sandbox"
)

// The rig starts, runs both images, survives a restart, and leaves nothing.
func TestRigLeavesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p")
	ctx := context.Background()
	s, err := sandbox.Start(ctx, dir)
	if u := (*sandbox.Unavailable)(nil); errors.As(err, &u) {
		t.Skip(u)
	}
	if err != nil {
		t.Fatal(err)
	}
	for image, want := range map[string]string{sandbox.Image1: "1", sandbox.Image2: "2"} {
		if got, err := s.Podman(ctx, "run", "--rm", image, "cat", "/etc/version"); err != nil || got != want {
			t.Errorf("%s says it is version %q (%v), want %q", image, got, err, want)
		}
	}
	if _, err := s.Podman(ctx, "run", "--detach", "--name", "left", sandbox.Image1, "sleep", "1000"); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Close %s is still there (%v)", dir, err)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || strings.Contains(string(mounts), dir) {
		t.Errorf("after Close something is mounted in %s (%v)", dir, err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
}
