package agenttest

import (
	"context"
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// Runtime checks the contract of agent.Runtime on what open brings up, anew for each test.
func Runtime(t *testing.T, open func(t *testing.T) Rig) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Rig)
	}{
		{"nothing runs at first", startsEmpty},
		{"what was started is seen, exactly", startIsSeen},
		{"stop empties the slot, and an empty slot is no error", stopEmpties},
		{"what is being stopped is seen or gone, and no error", stopIsSeen},
		{"apps do not touch each other", appsAreApart},
		{"an image that cannot be had fails Prepare", prepareFails},
		{"a start that fails leaves nothing", startIsAllOrNothing},
		{"a start in a filled slot fails and leaves what is there", startNeedsEmptySlot},
		{"a missing value fails the start", missingValue},
		{"a job that ends well is Completed", jobCompletes},
		{"a job that ends badly is Failed", jobFails},
		{"a health check that passes makes it Running", healthPasses},
		{"a health check that fails makes it Failed", healthFails},
		{"a killed container is told and shows as Failed", killIsTold},
		{"a removed container is told and gone", removalIsTold},
		{"changes end with their context", changesEnd},
		{"a call with an ended context fails", endedContext},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func startsEmpty(t *testing.T, r Rig) {
	if seen := r.observe(t); len(seen) != 0 {
		t.Errorf("runs %v", seen)
	}
}

func startIsSeen(t *testing.T, r Rig) {
	d := r.deploy(t, web, sleeps, func(c *algebra.Container) {
		c.Env = map[string]algebra.EnvValue{"SITE": {FromLabel: "site"}, "A": {Literal: "1=2"}}
	})
	v := algebra.Values{"label:site": "oslo"}
	r.start(t, d, v)
	o := r.until(t, web, algebra.Running)
	want := algebra.Release{Version: d.Version(), Deployment: d.Digest(), Values: v.Digest()}
	if o.Release != want {
		t.Errorf("release is %+v, want %+v", o.Release, want)
	}
}

func stopIsSeen(t *testing.T, r Rig) {
	for range 4 {
		r.start(t, r.deploy(t, web, sleeps), nil)
		stopped := make(chan error, 1)
		go func() { stopped <- r.Runtime.Stop(context.WithoutCancel(t.Context()), web) }()
		for going := true; going; {
			select {
			case err := <-stopped:
				if err != nil {
					t.Fatal(err)
				}
				going = false
			default:
				r.observe(t)
			}
		}
	}
}

func stopEmpties(t *testing.T, r Rig) {
	if err := r.Runtime.Stop(t.Context(), web); err != nil {
		t.Errorf("stop of an empty slot: %v", err)
	}
	d := r.deploy(t, web, sleeps, sleeps)
	for range 2 { // the slot is good for another start
		r.start(t, d, nil)
		if err := r.Runtime.Stop(t.Context(), web); err != nil {
			t.Fatal(err)
		}
		if seen := r.observe(t); len(seen) != 0 {
			t.Fatalf("after the stop runs %v", seen)
		}
	}
}

func appsAreApart(t *testing.T, r Rig) {
	r.start(t, r.deploy(t, web, sleeps), nil)
	r.start(t, r.deploy(t, jobs, sleeps), nil)
	if err := r.Runtime.Stop(t.Context(), web); err != nil {
		t.Fatal(err)
	}
	if seen := r.observe(t); len(seen) != 1 || seen[jobs].Phase != algebra.Running {
		t.Errorf("after web was stopped runs %v", seen)
	}
}

func prepareFails(t *testing.T, r Rig) {
	d := r.deploy(t, web, func(c *algebra.Container) { c.Image = r.Absent })
	if err := r.Runtime.Prepare(t.Context(), d); err == nil {
		t.Error("prepared")
	}
}

func startIsAllOrNothing(t *testing.T, r Rig) {
	d := r.deploy(t, web, sleeps, func(c *algebra.Container) { c.Image = r.Absent })
	if err := r.Runtime.Start(t.Context(), d, nil); err == nil {
		t.Error("started")
	}
	if seen := r.observe(t); len(seen) != 0 {
		t.Errorf("left behind: %v", seen)
	}
}

func startNeedsEmptySlot(t *testing.T, r Rig) {
	d := r.deploy(t, web, sleeps)
	r.start(t, d, nil)
	if err := r.Runtime.Start(t.Context(), r.deploy(t, web, sleeps, sleeps), nil); err == nil {
		t.Error("started")
	}
	if o := r.until(t, web, algebra.Running); o.Release.Deployment != d.Digest() {
		t.Errorf("what was there is now %+v", o)
	}
}

func missingValue(t *testing.T, r Rig) {
	d := r.deploy(t, web, func(c *algebra.Container) {
		c.Env = map[string]algebra.EnvValue{"SITE": {FromLabel: "site"}}
	})
	if err := r.Runtime.Start(t.Context(), d, nil); err == nil {
		t.Error("started without the value of SITE")
	}
	if seen := r.observe(t); len(seen) != 0 {
		t.Errorf("left behind: %v", seen)
	}
}

func jobCompletes(t *testing.T, r Rig) {
	r.start(t, r.deploy(t, jobs, func(c *algebra.Container) { c.Command, c.Restart = []string{"true"}, "on-failure" }), nil)
	r.until(t, jobs, algebra.Completed)
}

func jobFails(t *testing.T, r Rig) {
	r.start(t, r.deploy(t, jobs, func(c *algebra.Container) { c.Command, c.Restart = []string{"false"}, "never" }), nil)
	if o := r.until(t, jobs, algebra.Failed); o.Detail == "" {
		t.Error("does not say why")
	}
}

func checked(exec string) func(*algebra.Container) {
	return func(c *algebra.Container) {
		c.Health = &algebra.Health{Exec: []string{exec}, EverySeconds: 1, Failures: 1}
	}
}

func healthPasses(t *testing.T, r Rig) {
	r.start(t, r.deploy(t, web, checked("true")), nil)
	r.until(t, web, algebra.Running)
}

func healthFails(t *testing.T, r Rig) {
	r.start(t, r.deploy(t, web, checked("false")), nil)
	if o := r.until(t, web, algebra.Failed); o.Detail == "" {
		t.Error("does not say why")
	}
}

func killIsTold(t *testing.T, r Rig) {
	r.start(t, r.deploy(t, web, sleeps, sleeps), nil)
	r.until(t, web, algebra.Running)
	heard := r.listen(t)
	r.Kill(t, web, "webb")
	heard(web)
	if o := r.until(t, web, algebra.Failed); o.Detail == "" || o.Release.IsZero() {
		t.Errorf("shows as %+v: want its release and the reason", o)
	}
}

func removalIsTold(t *testing.T, r Rig) {
	r.start(t, r.deploy(t, web, sleeps), nil)
	heard := r.listen(t)
	r.Remove(t, web, "weba")
	heard(web)
	r.until(t, web, 0)
}

func changesEnd(t *testing.T, r Rig) {
	ctx, cancel := context.WithCancel(t.Context())
	changes, err := r.Runtime.Changes(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case _, open := <-changes:
		if open {
			t.Error("a change that nobody made")
		}
	case <-time.After(5 * time.Second):
		t.Error("after 5 s still open")
	}
}

func endedContext(t *testing.T, r Rig) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Runtime.Observe(ctx); err == nil {
		t.Error("observed")
	}
	if err := r.Runtime.Start(ctx, r.deploy(t, web, sleeps), nil); err == nil {
		t.Error("started")
	}
	if seen := r.observe(t); len(seen) != 0 {
		t.Errorf("left behind: %v", seen)
	}
}
