//go:build remote && containers_image_openpgp

package podman_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/musterfleet/muster/agent/agenttest"
	"github.com/musterfleet/muster/agent/podman"
	"github.com/musterfleet/muster/agent/podman/sandbox"
	"github.com/musterfleet/muster/algebra"
)

func kill(t *testing.T, pid string) {
	t.Helper()
	n, err := strconv.Atoi(pid)
	if err != nil || n <= 1 {
		t.Fatalf("pid %q: %v", pid, err)
	}
	if err := syscall.Kill(n, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func asDeclared(t *testing.T, s *sandbox.Service) {
	r := open(t, s, edge)
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("from the host"), 0o644); err != nil {
		t.Fatal(err)
	}
	start(t, r, deployment(t, algebra.Container{
		Command: []string{"serve"}, Memory: 64 << 20, Privileged: true, Network: "none", Restart: "on-failure",
		Env:    map[string]algebra.EnvValue{"A": {Literal: "b=c"}},
		Mounts: []algebra.Mount{{Host: file, Container: "/tmp/f", ReadOnly: true}},
	}))
	name := podman.ContainerName(edge, web, "web")
	for _, c := range []struct{ format, want string }{
		{"{{.HostConfig.Memory}}", "67108864"},
		{"{{.HostConfig.Privileged}}", "true"},
		{"{{.HostConfig.NetworkMode}}", "none"},
		{"{{.HostConfig.RestartPolicy.Name}}", "on-failure"},
		{"{{.Config.StopTimeout}}", "1"},
	} {
		if have := agenttest.Run(t, s, "inspect", "--format", c.format, name); have != c.want {
			t.Errorf("%s is %q, want %q", c.format, have, c.want)
		}
	}
	if have := agenttest.Run(t, s, "exec", name, "sh", "-c", "cat /tmp/f; echo $A"); have != "from the hostb=c" {
		t.Errorf("in the container: %q", have)
	}
	if _, err := s.Podman(t.Context(), "exec", name, "sh", "-c", "echo x >/tmp/f"); err == nil {
		t.Error("a read-only mount was written")
	}
}

func TestMissingSocket(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for socket, want := range map[string]string{
		filepath.Join(dir, "none"):             "no such file; start it with `systemctl enable --now podman.socket`",
		"unix://" + filepath.Join(dir, "none"): "no such file",
		file:                                   "not a socket",
	} {
		if _, err := podman.New(t.Context(), socket, edge); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", socket, err, want)
		}
	}
}
