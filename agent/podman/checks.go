package podman

import (
	"context"
	"sync"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// checks runs the declared health checks of containers, each on its own timer.
//
// Until a check has passed once it is run more often, so that a container that is up quickly
// shows so quickly; it has failed when `failures` whole intervals go by without a pass. After
// that it has failed when it fails as often in a row.
type checks struct {
	ctx context.Context
	// probe runs a container's check once.
	probe func(ctx context.Context, id string) outcome

	mu      sync.Mutex
	of      map[string]*check
	tellers map[int]func(algebra.App)
	next    int
}

// A check is what is known of one container's health.
type check struct {
	state health
	live  bool // a timer is running
}

// schedule is the declared rhythm of a check.
type schedule struct {
	every    time.Duration
	failures int
}

func scheduleOf(h algebra.Health) schedule {
	return schedule{time.Duration(checkEvery(h)) * time.Second, allowedFailures(h)}
}

// timeout is how long one check may take.
func (s schedule) timeout() time.Duration { return max(s.every, 5*time.Second) }

// outcome is the end of one probe.
type outcome uint8

const (
	well outcome = iota + 1
	unwell
	notRunning // the container is not up: ask again when it is
	gone       // there is no such container
)

// hurry is the first wait of a check that has not passed yet.
const hurry = 100 * time.Millisecond

func newChecks(ctx context.Context, probe func(context.Context, string) outcome) *checks {
	return &checks{ctx: ctx, probe: probe, of: map[string]*check{}, tellers: map[int]func(algebra.App){}}
}

// tell calls f whenever the health of an app's container changes, until forget is called.
func (c *checks) tell(f func(algebra.App)) (forget func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.next
	c.next++
	c.tellers[n] = f
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.tellers, n)
	}
}

// watch is the health of a running container; it starts a timer if there is none. recorded
// says that podman remembers a pass: it counts if this agent does not know the container yet,
// so that a new agent does not show as starting what has been up for long.
func (c *checks) watch(id string, app algebra.App, s schedule, recorded bool) health {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.of[id]
	if !ok {
		k = &check{state: waiting}
		if recorded {
			k.state = passed
		}
		c.of[id] = k
	}
	if !k.live {
		k.live = true
		go c.run(id, app, s, k.state)
	}
	return k.state
}

// run probes until the container is no longer up. Its next start is another watch.
func (c *checks) run(id string, app algebra.App, s schedule, state health) {
	began, wait, streak := time.Now(), hurry, 0
	for {
		ctx, cancel := context.WithTimeout(c.ctx, s.timeout()+time.Second)
		result := c.probe(ctx, id)
		cancel()
		if c.ctx.Err() != nil {
			return
		}
		next := state
		switch result {
		case well:
			streak, next = 0, passed
		case unwell:
			streak++
			late := time.Since(began) >= s.every*time.Duration(s.failures)
			if state == waiting && late || state == passed && streak >= s.failures {
				next = failed
			}
		case notRunning, gone:
			c.end(id, result == gone)
			return
		}
		if next != state {
			state = next
			c.set(id, app, state)
		}
		if wait = wait * 3 / 2; state != waiting || wait > s.every {
			wait = s.every
		}
		select {
		case <-c.ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func (c *checks) set(id string, app algebra.App, state health) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of[id].state = state
	for _, f := range c.tellers {
		f(app)
	}
}

// end forgets a container that is gone, and what was found of one that is down.
func (c *checks) end(id string, gone bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if gone {
		delete(c.of, id)
		return
	}
	c.of[id].state, c.of[id].live = waiting, false
}
