package faults_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/agent/agenttest"
	"github.com/musterfleet/muster/agent/podman"
	"github.com/musterfleet/muster/agent/podman/sandbox"
	"github.com/musterfleet/muster/algebra"
)

// containers is podman as the runtime of a device, with a diary. What it is seen to run is written
// down where it is not what was done: podman may have been killed between doing and saying so.
type containers struct {
	*podman.Runtime
	diary  diary
	device string
	mu     sync.Mutex // of the diary's order
	runs   int
}

func openContainers(socket string, d diary, device string) (*containers, error) {
	r, err := podman.New(context.Background(), socket, algebra.MustDeviceID(device))
	if err != nil {
		return nil, err
	}
	c := &containers{Runtime: r, diary: d, device: device, runs: -1}
	_, err = c.Observe(context.Background())
	return c, err
}

func (c *containers) note(what string, version int) {
	c.diary.note(entry{What: what, Who: c.device, Version: version})
	switch what {
	case boots, started, stopped:
		c.runs = version
		if what == stopped {
			c.runs = 0
		}
	}
}

func (c *containers) Observe(ctx context.Context) (map[algebra.App]agent.Observed, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen, err := c.Runtime.Observe(ctx)
	if err != nil {
		return nil, err
	}
	runs := 0
	if o := seen[web]; o.Phase == algebra.Running || o.Phase == algebra.Starting {
		runs = numberOf(o.Release.Version)
	}
	if runs != c.runs {
		c.note(boots, runs)
	}
	return seen, nil
}

func (c *containers) Start(ctx context.Context, spec algebra.Deployment, v algebra.Values) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note(starts, number(spec))
	err := c.Runtime.Start(ctx, spec, v)
	if err == nil {
		c.note(started, number(spec))
	}
	return err
}

func (c *containers) Stop(ctx context.Context, app algebra.App) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	version := c.runs
	c.note(stops, version)
	err := c.Runtime.Stop(ctx, app)
	if err == nil {
		c.note(stopped, version)
	}
	return err
}

// contained is the device that runs containers, in an agent's process of its own.
const contained = "s0-0"

// beforehand is before the device's turn.
const beforehand = "beforehand"

// TestFaultsOfContainers rolls versions out to a fleet of which one device runs real containers, and
// breaks what runs them while one gives way to another.
func TestFaultsOfContainers(t *testing.T) {
	if !soak {
		t.Skip("minutes: in make soak (MUSTER_SOAK=1)")
	}
	service := agenttest.Podman(t)
	tagImages(t, service)
	tried, r := newReport(), newRig(t, size{sites: 3, each: 3, processes: 9, podman: service.Socket})
	most := watchContainers(t, service)
	back := func() {
		time.Sleep(2 * time.Second)
		must(t, service.Restart(t.Context()))
	}
	for _, s := range []struct {
		name, how string
		amid      string // of what the device is when it happens; beforehand, or else as a third of the devices are done
		do        func()
	}{
		{"nothing", "for comparison", "", func() {}},
		{"podman's service, in a stop", "kill -9 while it stops the container that gives way; back after 2 s", stops, func() {
			service.Kill()
			back()
		}},
		{"podman's service, in a start", "kill -9 while it starts the one that follows; back after 2 s", starts, func() {
			service.Kill()
			back()
		}},
		{"podman's service and the agent", "kill -9 of both in a start; the agent is started again once podman is back", starts, func() {
			r.agents[0].kill()
			service.Kill()
			back()
			r.agents[0] = r.fleet[0].start(t)
		}},
		{"conmon", "kill -9 of the one of the container that is to give way", beforehand, func() { killPID(t, service, "{{.State.ConmonPid}}") }},
		{"the container", "kill -9 of its process just before it is to give way", beforehand, func() { killPID(t, service, "{{.State.Pid}}") }},
		{"somebody", "podman rm --force of the container behind the agent's back, while it gives way", stops, func() {
			_, _ = service.Podman(t.Context(), "rm", "--all", "--force", "--time", "0") // it may be gone by then
		}},
	} {
		var took time.Duration
		if s.amid == "" {
			took = r.roll(s.do)
		} else {
			took = r.rollUntil(r.amid(s.amid), s.do)
		}
		if wrong := r.news(); len(wrong) > 0 {
			t.Fatalf("%s:\n%s", s.name, strings.Join(wrong, "\n"))
		}
		if have := agenttest.Run(t, service, "ps", "--format", "{{.Image}}"); have != fmt.Sprintf("registry.example/web:%d.0.0", r.version) {
			t.Errorf("%s: what runs in the end is %q, not version %d", s.name, have, r.version)
		}
		tried.row(s.name, s.how, "converged", took)
		t.Logf("%s: converged after %s", s.name, took.Round(10*time.Millisecond))
	}
	if n := most(); n != 1 {
		t.Errorf("%d containers of the app ran at a time", n)
	}
	tried.record(t, "Containers", `The same servers and services, and nine agents of which one runs its containers by podman; what podman's own command shows is looked at
beside, and never were two containers of the app running. The time is from the fault on, its length included.`)
}

// amid is an error until the device with containers is in the middle of something, which it looks for
// closely: that does not take long.
func (r *rig) amid(what string) func(context.Context) error {
	return func(context.Context) error {
		if what == beforehand {
			return nil
		}
		for range 1000 {
			for _, e := range readDiary(r.T, r.fleet[0].diary()) {
				if e.What == what && (what == stops && e.Version == r.version-1 || e.Version == r.version) {
					return nil
				}
			}
			time.Sleep(2 * time.Millisecond)
		}
		return fmt.Errorf("%s does not do so yet", contained)
	}
}

// tagImages makes an image for each version that the test may come to.
func tagImages(t *testing.T, s *sandbox.Service) {
	agenttest.Run(t, s, "create", "--name", "seed", sandbox.Image1, "true")
	for version := 1; version <= 10; version++ {
		agenttest.Run(t, s, "commit", "--quiet", "--change", `CMD ["sh","-c","trap 'exit 0' TERM; sleep 1000 & wait"]`, "seed", fmt.Sprintf("registry.example/web:%d.0.0", version))
	}
	agenttest.Run(t, s, "rm", "seed")
}

func killPID(t *testing.T, s *sandbox.Service, format string) {
	t.Helper()
	pid, err := strconv.Atoi(agenttest.Run(t, s, "inspect", "--format", format, podman.ContainerName(algebra.MustDeviceID(contained), web, "web")))
	must(t, err)
	if pid <= 1 { // it would be that of all processes here
		t.Fatalf("pid %d: it does not run", pid)
	}
	must(t, syscall.Kill(pid, syscall.SIGKILL))
}

// watchContainers looks how many containers of the app run, until the test ends; most is how many
// ran at a time.
func watchContainers(t *testing.T, s *sandbox.Service) (most func() int) {
	var mu sync.Mutex
	n := 0
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			out, err := s.Podman(ctx, "ps", "--quiet", "--filter", "label=muster.fleet/app=web")
			if err == nil {
				mu.Lock()
				n = max(n, len(strings.Fields(out)))
				mu.Unlock()
			}
			time.Sleep(200 * time.Millisecond)
		}
	}()
	t.Cleanup(func() { stop(); <-ended })
	return func() int { mu.Lock(); defer mu.Unlock(); return n }
}
