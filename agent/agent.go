package agent

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// Agent runs one device. Device, Runtime, Link and Keys are required.
type Agent struct {
	Device  algebra.DeviceID
	Runtime Runtime
	Link    Link
	// Keys are the operators' keys: a desired state signed by another counts for nothing.
	Keys wire.Keyring
	// Dir is where the agent remembers; nil is only for simulation.
	Dir *Dir
	// Facts finds out what to report of the machine; nil is nothing.
	Facts func() map[string]string
	// Heartbeat is the time between heartbeats; 0 is 30 s. Repeat is the time after which
	// everything is looked at and reported anew; 0 is 10 min. Both vary by a tenth.
	Heartbeat, Repeat time.Duration
	// Holds delivers why somebody at the device holds it, and the empty text when nobody does any
	// more; nil is never. Held is what it was at the start.
	Holds <-chan string
	Held  string
	// Veto is asked before what runs gives way, or something comes to run; its error is the reason
	// not to. nil never vetoes.
	Veto func(ctx context.Context, c Consult) error
	// Log is told what happens; nil is slog.Default().
	Log *slog.Logger

	events chan Event
	outbox *outbox
	wake   *time.Timer
	work   sync.WaitGroup // what perform does beside the loop
	// state is what the loop last knew, for those who ask; began is when it started.
	state atomic.Pointer[State]
	began time.Time
}

// Run works until ctx ends. What runs is left running; work that has begun may end, for
// lastWork at most. The error is for what makes the agent unable to begin.
func (a *Agent) Run(ctx context.Context) error {
	if a.Device.IsZero() || a.Runtime == nil || a.Link == nil {
		return fmt.Errorf("agent: device, runtime and link are required")
	}
	if a.Log == nil {
		a.Log = slog.Default()
	}
	var memory Memory
	if a.Dir != nil {
		var problems []string
		var err error
		if memory, problems, err = a.Dir.Load(a.Device, a.Keys); err != nil {
			return err
		}
		for _, p := range problems {
			a.Log.Error(p)
		}
	}
	a.events = make(chan Event, 16)
	a.outbox = newOutbox()
	a.wake = time.AfterFunc(maxDelay, func() { a.send(ctx, Woke{}) })
	defer a.wake.Stop()

	// Work ends a while after ctx, so that a slot that was emptied is filled again.
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()

	memory.Held, memory.Veto = a.Held, a.Veto != nil
	a.outbox.fact(a.Device, FactHold, a.Held)
	s, effects := Begin(a.Device, a.Keys, memory)
	a.began = time.Now()
	a.state.Store(&s)
	if set := memory.Keyset.Generation; set > 0 {
		a.outbox.fact(a.Device, FactKeyset, strconv.FormatUint(set, 10))
	}
	a.Log.Info("agent starts", "device", a.Device, "generation", s.Generation())
	a.perform(work, effects)
	a.background(ctx)
	end, ending, late := ctx.Done(), false, (<-chan time.Time)(nil) // a ctx that never ends has no channel
	for !ending || !s.Idle() {
		var e Event
		select {
		case <-end:
			a.Log.Info("agent ends; what runs is left running")
			e, end, ending, late = End{}, nil, true, time.After(lastWork)
		case e = <-a.events:
		case reason := <-a.Holds:
			a.Log.Warn("hold", "reason", reason)
			a.outbox.fact(a.Device, FactHold, reason)
			e = Held{reason}
		case <-late:
			cancel()
			a.work.Wait() // a start that is given up undoes what it did
			return nil
		}
		a.logEvent(e)
		next, effects := Step(s, e, time.Now())
		s = next
		a.state.Store(&next)
		a.perform(work, effects)
	}
	return nil
}

// Trusted are the operators' keys that count now: those of the configuration until the fleet sent
// others.
func (a *Agent) Trusted() wire.Keyring {
	if s := a.state.Load(); s != nil {
		return s.Keys()
	}
	return a.Keys
}

// lastWork is how long work that has begun may go on after the end was asked for.
const lastWork = 10 * time.Second

// background starts what brings events and sends reports, each for as long as ctx lasts.
func (a *Agent) background(ctx context.Context) {
	for _, f := range []func(context.Context){a.followDesired, a.followChanges, a.beat, a.repeat, a.post, a.serve} {
		go f(ctx)
	}
}

// send passes an event to the loop, unless that has ended.
func (a *Agent) send(ctx context.Context, e Event) {
	select {
	case <-ctx.Done():
	case a.events <- e:
	}
}

// followDesired offers whatever the link brings, and asks anew when the link was lost.
func (a *Agent) followDesired(ctx context.Context) {
	a.follow(ctx, "desired state", func(ctx context.Context) error {
		states, err := a.Link.Desired(ctx)
		if err != nil {
			return err
		}
		for raw := range states {
			a.send(ctx, Offered{raw})
			a.outbox.ring() // the link is there: what waits can go
		}
		return nil
	})
}

// followChanges passes on what changed by itself. What changed while nobody listened is found
// by looking at everything.
func (a *Agent) followChanges(ctx context.Context) {
	a.follow(ctx, "runtime", func(ctx context.Context) error {
		apps, err := a.Runtime.Changes(ctx)
		if err != nil {
			return err
		}
		a.send(ctx, Changed{})
		for app := range apps {
			a.send(ctx, Changed{app})
		}
		return nil
	})
}

// follow keeps a subscription alive. Waits grow while it cannot be had.
func (a *Agent) follow(ctx context.Context, what string, subscribe func(context.Context) error) {
	for wait := firstDelay; ctx.Err() == nil; {
		began := time.Now()
		err := subscribe(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > maxDelay {
			wait = firstDelay
		}
		a.Log.Warn(what+" lost; trying again", "in", wait, "error", err)
		pause(ctx, vary(wait))
		wait = min(2*wait, maxDelay/10)
	}
}

// beat says each Heartbeat that the device is alive. A heartbeat that cannot be sent is not
// kept: the next one says more.
func (a *Agent) beat(ctx context.Context) {
	began, lost := time.Now(), false
	for n := uint64(1); ctx.Err() == nil; n++ {
		err := a.Link.Report(ctx, wire.Heartbeat{Device: a.Device, Sequence: n, Uptime: int64(time.Since(began).Seconds())})
		if err != nil && ctx.Err() == nil {
			a.Log.Debug("heartbeat not sent", "error", err)
		}
		if err == nil && lost { // of what went out just before, nobody knows what arrived
			a.send(ctx, Repeat{})
			a.tellFacts(true)
		}
		lost = err != nil
		pause(ctx, vary(cmp.Or(a.Heartbeat, 30*time.Second)))
		// Facts that changed go out with the heartbeat, and what may have been lost: the machine is
		// awake for it anyway.
		a.tellFacts(false)
		a.outbox.repeat()
	}
}

// repeat makes up for what may have been missed on either side.
func (a *Agent) repeat(ctx context.Context) {
	a.tellFacts(true)
	for {
		pause(ctx, vary(cmp.Or(a.Repeat, 10*time.Minute)))
		if ctx.Err() != nil {
			return
		}
		a.tellFacts(true)
		a.send(ctx, Changed{})
		a.send(ctx, Repeat{})
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// vary keeps a fleet from doing the same at the same time.
func vary(d time.Duration) time.Duration {
	return d - d/20 + rand.N(d/10+1)
}
