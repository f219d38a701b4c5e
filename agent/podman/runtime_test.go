//go:build remote && containers_image_openpgp

package podman_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/agent/agenttest"
	"github.com/musterfleet/muster/agent/podman"
	"github.com/musterfleet/muster/agent/podman/sandbox"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

var (
	edge = algebra.MustDeviceID("edge-001.example.org")
	web  = algebra.MustApp("web")
)

func open(t *testing.T, s *sandbox.Service, device algebra.DeviceID) *podman.Runtime {
	t.Helper()
	r, err := podman.New(t.Context(), s.Socket, device)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestContract(t *testing.T) {
	s := agenttest.Podman(t)
	agenttest.Runtime(t, func(t *testing.T) agenttest.Rig {
		return agenttest.Rig{
			Runtime: open(t, s, edge), Image: sandbox.Image1, Absent: "localhost/absent:1",
			Kill: func(t *testing.T, app algebra.App, name string) {
				agenttest.Run(t, s, "kill", podman.ContainerName(edge, app, name))
			},
			Remove: func(t *testing.T, app algebra.App, name string) {
				agenttest.Run(t, s, "rm", "--force", "--time", "0", podman.ContainerName(edge, app, name))
			},
		}
	})
}

func deployment(t *testing.T, c algebra.Container) algebra.Deployment {
	t.Helper()
	c.Name, c.Image, c.StopSeconds, c.Pull = "web", sandbox.Image1, 1, "never"
	d, err := algebra.NewDeployment(algebra.DeploymentSpec{App: web, Version: algebra.MustVersion("1"), Podman: &algebra.Podman{Containers: []algebra.Container{c}}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func start(t *testing.T, r *podman.Runtime, d algebra.Deployment) {
	t.Helper()
	if err := r.Start(t.Context(), d, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(context.Background(), d.App()); err != nil {
			t.Error(err)
		}
	})
}

func until(t *testing.T, r *podman.Runtime, good func(phase algebra.Phase, restarts int) bool) {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		seen, err := r.Observe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		o := seen[web]
		if good(o.Phase, o.Restarts) {
			return
		}
		if time.Since(begun) > 10*time.Second {
			t.Fatalf("after 10 s web is %+v", o)
		}
	}
}

// Everything of one real podman that the contract does not say, on one service.
func TestPodman(t *testing.T) {
	s := agenttest.Podman(t)
	t.Run("devices that share a podman do not see each other", func(t *testing.T) {
		r, other := open(t, s, edge), open(t, s, algebra.MustDeviceID("edge-002"))
		start(t, r, deployment(t, algebra.Container{Command: []string{"serve"}, Network: "none"}))
		if seen, err := other.Observe(t.Context()); err != nil || len(seen) != 0 {
			t.Errorf("the other device sees %v, %v", seen, err)
		}
		if err := other.Stop(t.Context(), web); err != nil {
			t.Fatal(err)
		}
		until(t, r, func(p algebra.Phase, _ int) bool { return p == algebra.Running })
	})
	t.Run("what is not ours is neither seen nor taken over", func(t *testing.T) {
		r := open(t, s, edge)
		agenttest.Run(t, s, "create", "--name", podman.ContainerName(edge, web, "web"), sandbox.Image1)
		defer agenttest.Run(t, s, "rm", podman.ContainerName(edge, web, "web"))
		if seen, err := r.Observe(t.Context()); err != nil || len(seen) != 0 {
			t.Errorf("sees %v, %v", seen, err)
		}
		err := r.Start(t.Context(), deployment(t, algebra.Container{}), nil)
		if err == nil || !strings.Contains(err.Error(), "is taken by a container that is not muster's") {
			t.Errorf("start: %v", err)
		}
	})
	t.Run("what a container wrote can be asked for", func(t *testing.T) {
		r := open(t, s, edge)
		start(t, r, deployment(t, algebra.Container{Command: []string{"sh", "-c", "echo one; echo two >&2; echo three; exec sleep 1000"}}))
		until(t, r, func(p algebra.Phase, _ int) bool { return p == algebra.Running })
		var lines []wire.LogLine
		for range 100 { // conmon writes them a moment later
			var err error
			if lines, err = r.Logs(t.Context(), agent.LogQuery{Device: edge, App: web, Tail: 10}); err != nil {
				t.Fatal(err)
			}
			if len(lines) == 3 {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		have := map[string]string{}
		for _, l := range lines {
			have[l.Text] = l.Stream
		}
		if have["one"] != "stdout" || have["two"] != "stderr" || have["three"] != "stdout" || lines[0].Container != "web" {
			t.Errorf("have %+v", lines)
		}
		after := lines[0].At
		for _, l := range lines {
			if l.At.After(after) {
				after = l.At
			}
		}
		if more, err := r.Logs(t.Context(), agent.LogQuery{Device: edge, App: web, Tail: 10, After: after}); err != nil || len(more) > 0 {
			t.Errorf("after the last line come %+v, %v", more, err)
		}
		if _, err := r.Logs(t.Context(), agent.LogQuery{Device: edge, App: web, Container: "db", Tail: 1}); err == nil || !strings.Contains(err.Error(), "has no container db; it has web") {
			t.Errorf("of a container that is not there: %v", err)
		}
	})
	t.Run("podman restarts what ends by itself", func(t *testing.T) {
		r := open(t, s, edge)
		start(t, r, deployment(t, algebra.Container{Command: []string{"serve", "18099"}}))
		pid := agenttest.Run(t, s, "inspect", "--format", "{{.State.Pid}}", podman.ContainerName(edge, web, "web"))
		begun := time.Now()
		kill(t, pid)
		until(t, r, func(p algebra.Phase, restarts int) bool { return p == algebra.Running && restarts == 1 })
		t.Logf("running again %s after its process was killed", time.Since(begun).Round(time.Millisecond))
	})
	t.Run("what keeps ending is Failed", func(t *testing.T) {
		r := open(t, s, edge)
		changes, err := r.Changes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for range changes { // the runtime counts restarts while somebody listens
			}
		}()
		start(t, r, deployment(t, algebra.Container{Command: []string{"sh", "-c", "sleep 0.1; exit 3"}}))
		until(t, r, func(p algebra.Phase, restarts int) bool { return p == algebra.Failed && restarts > 3 })
	})
	t.Run("the container is as the deployment says", func(t *testing.T) { asDeclared(t, s) })
	t.Run("a port that host network cannot map is refused", func(t *testing.T) {
		d := deployment(t, algebra.Container{Network: "host", Ports: []algebra.Port{{Host: 8080, Container: 80}}})
		if err := open(t, s, edge).Start(t.Context(), d, nil); err == nil || !strings.Contains(err.Error(), "port 80 cannot become 8080") {
			t.Errorf("start: %v", err)
		}
	})
	t.Run("labels somebody spoilt are Failed, with a release nobody wants", func(t *testing.T) {
		r := open(t, s, edge)
		agenttest.Run(t, s, "run", "--detach", "--name", "spoilt", "--label", "muster.fleet/device="+edge.String(), "--label", "muster.fleet/app=web", sandbox.Image1, "serve", "18097")
		seen, err := r.Observe(t.Context())
		if o := seen[web]; err != nil || o.Phase != algebra.Failed || o.Release.IsZero() || !strings.Contains(o.Detail, "label muster.fleet/version") {
			t.Errorf("sees %+v, %v", o, err)
		}
		if err := r.Stop(t.Context(), web); err != nil {
			t.Error(err)
		}
	})
	t.Run("a lost service ends the changes, and a new one is followed again", func(t *testing.T) {
		r := open(t, s, edge)
		changes, err := r.Changes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		start(t, r, deployment(t, algebra.Container{Command: []string{"serve", "18098"}}))
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range changes { // ends, else the test would
		}
		if changes, err = r.Changes(t.Context()); err != nil {
			t.Fatal(err)
		}
		until(t, r, func(p algebra.Phase, _ int) bool { return p == algebra.Running })
		agenttest.Run(t, s, "kill", podman.ContainerName(edge, web, "web"))
		if app := <-changes; app != web {
			t.Errorf("change of %s", app)
		}
	})
}

// TestAwayIsNoFailure: what podman's service did not do as it was away is told apart from what it
// could not do.
func TestAwayIsNoFailure(t *testing.T) {
	s := agenttest.Podman(t)
	r := open(t, s, edge)
	d := deployment(t, algebra.Container{Command: []string{"sleep", "1000"}})
	must(t, r.Prepare(t.Context(), d))
	broken := deployment(t, algebra.Container{Command: []string{"/no/such/program"}})
	if err := r.Start(t.Context(), broken, nil); err == nil || errors.Is(err, agent.ErrAway) {
		t.Errorf("a program that is not there: %v", err)
	}
	s.Kill()
	for what, err := range map[string]error{"prepare": r.Prepare(t.Context(), d), "start": r.Start(t.Context(), d, nil)} {
		if !errors.Is(err, agent.ErrAway) {
			t.Errorf("%s while podman's service is away: %v", what, err)
		}
	}
	must(t, s.Restart(t.Context()))
	must(t, r.Start(t.Context(), d, nil))
}
