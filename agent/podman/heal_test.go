//go:build remote && containers_image_openpgp

package podman_test

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/agent/agenttest"
	"github.com/musterfleet/muster/agent/podman"
	"github.com/musterfleet/muster/agent/podman/sandbox"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// The agent on a real podman: deploy, heal what was killed and what was removed, replace, and
// keep following over a restart of podman's service.
func TestAgentHeals(t *testing.T) {
	s := agenttest.Podman(t)
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	link := &agenttest.Link{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	a := &agent.Agent{Device: edge, Runtime: open(t, s, edge), Link: link, Keys: wire.NewKeyring(key.Public().(ed25519.PublicKey)), Log: slog.New(slog.DiscardHandler)}
	go func() { ended <- a.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()

	var last wire.Verified
	publish := func(image, version string) {
		d, err := algebra.NewDeployment(algebra.DeploymentSpec{App: web, Version: algebra.MustVersion(version), Podman: &algebra.Podman{
			Containers: []algebra.Container{{Name: "web", Image: image, Command: []string{"serve", "18096"}, Pull: "never",
				Health: &algebra.Health{Exec: []string{"wget", "-q", "-O-", "http://127.0.0.1:18096"}, EverySeconds: 5}}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		last, err = wire.Sign(key, wire.DesiredState{Device: edge, Generation: last.State().Generation + 1, Previous: last.Digest(),
			Apps: map[algebra.App]wire.App{web: {Version: d.Version(), Digest: d.Digest()}}})
		if err != nil {
			t.Fatal(err)
		}
		link.Publish(last.Raw(), d)
	}
	runs := func(version string) func(wire.AppState) bool {
		return func(s wire.AppState) bool {
			return s.Phase == algebra.Running && s.Running.Version == algebra.MustVersion(version)
		}
	}
	name := podman.ContainerName(edge, web, "web")
	id := func() string { return agenttest.Run(t, s, "inspect", "--format", "{{.Id}} {{.State.Status}}", name) }
	timed := func(what string, do func(), back func() bool) {
		t.Helper()
		do()
		begun := time.Now()
		for !back() {
			if time.Since(begun) > 20*time.Second {
				t.Fatalf("%s: not back after 20 s", what)
			}
			time.Sleep(5 * time.Millisecond)
		}
		t.Logf("%s: running again after %s", what, time.Since(begun).Round(time.Millisecond))
	}
	another := func() func() bool { // true once another container of that name runs
		before := id()
		return func() bool {
			out, err := s.Podman(t.Context(), "inspect", "--format", "{{.Id}} {{.State.Status}}", name)
			return err == nil && out != before && out[len(out)-7:] == "running"
		}
	}

	begun := time.Now()
	publish(sandbox.Image1, "1")
	link.App(t, web, runs("1"))
	t.Logf("published to reported healthy: %s", time.Since(begun).Round(time.Millisecond))

	timed("podman kill", func() { agenttest.Run(t, s, "kill", name) }, another())
	link.App(t, web, func(s wire.AppState) bool { return runs("1")(s) && s.Restarts == 1 })
	timed("podman rm -f", func() { agenttest.Run(t, s, "rm", "--force", "--time", "0", name) }, another())
	link.App(t, web, func(s wire.AppState) bool { return runs("1")(s) && s.Restarts == 2 })
	timed("podman stop", func() { agenttest.Run(t, s, "stop", name) }, another())

	publish(sandbox.Image2, "2")
	link.App(t, web, runs("2"))
	if v := agenttest.Run(t, s, "exec", name, "cat", "/etc/version"); v != "2" {
		t.Errorf("version 2 runs the image of version %s", v)
	}

	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	timed("podman kill after a restart of the service", func() { agenttest.Run(t, s, "kill", name) }, another())

	// Without conmon nobody tells podman that a container ends, which is replaced all the same.
	link.App(t, web, runs("2"))
	orphan := another()
	kill(t, agenttest.Run(t, s, "inspect", "--format", "{{.State.ConmonPid}}", name))
	publish(sandbox.Image1, "3")
	timed("another version after kill -9 of conmon", func() {}, orphan)
	link.App(t, web, runs("3"))
	if v := agenttest.Run(t, s, "exec", name, "cat", "/etc/version"); v != "1" {
		t.Errorf("version 3 runs the image of version %s", v)
	}
}
