package agenttest

import (
	"context"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
)

// Rig is a runtime under test, and what a test does behind its back.
type Rig struct {
	Runtime agent.Runtime
	// Image can be run and has the commands sh, sleep, true and false. Absent cannot be had.
	Image, Absent string
	// Kill ends a running container of the app for good, Remove takes it away.
	Kill, Remove func(t *testing.T, app algebra.App, container string)
}

var (
	web  = algebra.MustApp("web")
	jobs = algebra.MustApp("jobs")
)

// deploy makes a deployment of one container per edit of a container that just sleeps.
func (r Rig) deploy(t *testing.T, app algebra.App, edits ...func(*algebra.Container)) algebra.Deployment {
	t.Helper()
	p := &algebra.Podman{}
	for i, edit := range edits {
		c := algebra.Container{Name: app.String() + string(rune('a'+i)), Image: r.Image, Command: idle, Pull: "never", StopSeconds: 1}
		edit(&c)
		p.Containers = append(p.Containers, c)
	}
	d, err := algebra.NewDeployment(algebra.DeploymentSpec{App: app, Version: algebra.MustVersion("1.10"), Podman: p})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// idle does nothing and ends at once when asked to.
var idle = []string{"sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"}

func sleeps(*algebra.Container) {}

func (r Rig) start(t *testing.T, d algebra.Deployment, v algebra.Values) {
	t.Helper()
	if err := r.Runtime.Prepare(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if err := r.Runtime.Start(t.Context(), d, v); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Runtime.Stop(context.Background(), d.App()); err != nil {
			t.Error(err)
		}
	})
}

func (r Rig) observe(t *testing.T) map[algebra.App]agent.Observed {
	t.Helper()
	seen, err := r.Runtime.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

// until observes until the app is in the phase; the zero phase is an empty slot.
func (r Rig) until(t *testing.T, app algebra.App, want algebra.Phase) agent.Observed {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		o := r.observe(t)[app]
		if o.Phase == want {
			return o
		}
		if time.Since(begun) > 10*time.Second {
			t.Fatalf("after 10 s %s is %s (%s), want %s", app, o.Phase, o.Detail, want)
		}
	}
}

// listen collects changes; heard waits for one of the app.
func (r Rig) listen(t *testing.T) (heard func(algebra.App)) {
	t.Helper()
	changes, err := r.Runtime.Changes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return func(app algebra.App) {
		t.Helper()
		late := time.After(10 * time.Second)
		for {
			select {
			case got, ok := <-changes:
				if !ok {
					t.Fatal("changes ended")
				}
				if got == app {
					return
				}
			case <-late:
				t.Fatalf("after 10 s no change of %s", app)
			}
		}
	}
}
