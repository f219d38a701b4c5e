package inprocess

import (
	"context"
	"fmt"
	"path"
	"sync"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// Runtime holds slots in memory. The zero value is ready; set the fields before its first use.
type Runtime struct {
	// Delay is how long a call takes; nil is no time at all.
	Delay func(Call) time.Duration
	// Fail makes a call fail, before it has done anything; nil is never.
	Fail func(Call) error
	// Secret fetches a secret for its own sake; nil lets any be had.
	Secret func(context.Context, string) error
	// Absent names images that cannot be had.
	Absent map[string]bool

	mu    sync.Mutex
	logs  map[algebra.App][]wire.LogLine
	slots map[algebra.App]agent.Observed
	bells map[*agent.Bell]bool
}

// Call is one use of the runtime. Deployment is zero where the call names only an app.
type Call struct {
	Op         Op
	App        algebra.App
	Deployment algebra.Deployment
}

// Op names a call.
type Op uint8

// The calls that can be slow and fail.
const (
	Prepare Op = iota + 1
	Start
	Stop
)

var opNames = [...]string{"", "prepare", "start", "stop"}

// String is the call's name.
func (o Op) String() string { return opNames[o] }

var (
	_ agent.Runtime   = (*Runtime)(nil)
	_ agent.LogSource = (*Runtime)(nil)
)

const logsKept = 20

// Logs tell what became of the slot.
func (r *Runtime) Logs(_ context.Context, q agent.LogQuery) ([]wire.LogLine, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, runs := r.slots[q.App]; !runs {
		return nil, fmt.Errorf("%s does not run on %s", q.App, q.Device)
	}
	var lines []wire.LogLine
	for _, l := range r.logs[q.App] {
		if l.At.After(q.After) {
			lines = append(lines, l)
		}
	}
	return lines, nil
}

// Observe gives what the slots hold.
func (r *Runtime) Observe(ctx context.Context) (map[algebra.App]agent.Observed, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := make(map[algebra.App]agent.Observed, len(r.slots))
	for app, o := range r.slots {
		seen[app] = o
	}
	return seen, nil
}

// Prepare fails if an image is absent.
func (r *Runtime) Prepare(ctx context.Context, d algebra.Deployment) error {
	if err := r.use(ctx, Call{Prepare, d.App(), d}); err != nil {
		return err
	}
	for _, c := range containers(d) {
		for _, s := range c.Secrets {
			if r.Secret == nil {
				continue
			}
			if err := r.Secret(ctx, s.Name); err != nil {
				return fmt.Errorf("prepare %s: container %s: %w", d, c.Name, err)
			}
		}
		if r.Absent[c.Image] {
			return fmt.Errorf("prepare %s: container %s: image %s: not to be had", d, c.Name, c.Image)
		}
	}
	return nil
}

// Start fills the slot.
func (r *Runtime) Start(ctx context.Context, d algebra.Deployment, v algebra.Values) error {
	if err := r.use(ctx, Call{Start, d.App(), d}); err != nil {
		return err
	}
	for _, c := range containers(d) {
		if _, err := c.Environ(v); err != nil {
			return fmt.Errorf("start %s: %w", d, err)
		}
		if r.Absent[c.Image] {
			return fmt.Errorf("start %s: container %s: image %s: not to be had", d, c.Name, c.Image)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.slots[d.App()]; ok {
		return fmt.Errorf("start %s: the slot is not empty; stop what is in it first", d)
	}
	o := outcome(d)
	o.Release = algebra.Release{Version: d.Version(), Deployment: d.Digest(), Values: v.Digest()}
	r.put(d.App(), o)
	return nil
}

// Stop empties the slot.
func (r *Runtime) Stop(ctx context.Context, app algebra.App) error {
	if err := r.use(ctx, Call{Op: Stop, App: app}); err != nil {
		return err
	}
	r.Remove(app)
	return nil
}

// Changes delivers an app whenever its slot changed, by whoever's doing.
func (r *Runtime) Changes(ctx context.Context) (<-chan algebra.App, error) {
	b := agent.NewBell()
	r.mu.Lock()
	if r.bells == nil {
		r.bells = map[*agent.Bell]bool{}
	}
	r.bells[b] = true
	r.mu.Unlock()
	out := make(chan algebra.App)
	go func() {
		defer close(out)
		b.Hear(ctx, out)
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.bells, b)
	}()
	return out, nil
}

// Kill ends what runs in the slot, as if its process had been killed. It reports whether
// there was something.
func (r *Runtime) Kill(app algebra.App) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	o, ok := r.slots[app]
	if ok {
		o.Phase, o.Detail = algebra.Failed, "ended by signal 9"
		r.put(app, o)
	}
	return ok
}

// Remove empties the slot, as if somebody had removed the containers.
func (r *Runtime) Remove(app algebra.App) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.slots[app]
	if ok {
		delete(r.slots, app)
		r.ring(app)
	}
	return ok
}

// put fills the slot; the caller holds the lock.
func (r *Runtime) put(app algebra.App, o agent.Observed) {
	if r.slots == nil {
		r.slots = map[algebra.App]agent.Observed{}
	}
	r.slots[app] = o
	if r.logs == nil {
		r.logs = map[algebra.App][]wire.LogLine{}
	}
	line := wire.LogLine{At: time.Now().UTC(), Container: app.String(), Stream: "stdout", Text: o.Phase.String() + " " + o.Release.Version.String()}
	r.logs[app] = append(r.logs[app], line)[max(0, len(r.logs[app])-logsKept):]
	r.ring(app)
}

func (r *Runtime) ring(app algebra.App) {
	for b := range r.bells {
		b.Ring(app)
	}
}

// use takes the call's time, then fails if it shall.
func (r *Runtime) use(ctx context.Context, c Call) error {
	if r.Delay != nil {
		select {
		case <-ctx.Done():
		case <-time.After(r.Delay(c)):
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.Fail != nil {
		if err := r.Fail(c); err != nil {
			return fmt.Errorf("%s %s: %w", c.Op, c.App, err)
		}
	}
	return nil
}

// outcome is how a deployment fares, by the words it uses.
func outcome(d algebra.Deployment) agent.Observed {
	if d.Kind() != algebra.PodmanKind {
		return agent.Observed{Phase: algebra.Running}
	}
	o := agent.Observed{Phase: algebra.Completed}
	for _, c := range containers(d) {
		command := ""
		if len(c.Command) > 0 {
			command = path.Base(c.Command[0])
		}
		switch {
		case command == "false", command == "true" && (c.Restart == "" || c.Restart == "always"):
			return agent.Observed{Phase: algebra.Failed, Detail: "container " + c.Name + ": keeps ending"}
		case c.Health != nil && path.Base(c.Health.Exec[0]) == "false":
			return agent.Observed{Phase: algebra.Failed, Detail: "container " + c.Name + ": health check failed"}
		case command != "true":
			o.Phase = algebra.Running
		}
	}
	return o
}

// containers are those of a deployment that has any.
func containers(d algebra.Deployment) []algebra.Container {
	if p := d.Spec().Podman; p != nil {
		return p.Containers
	}
	return nil
}
