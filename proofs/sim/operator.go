package sim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/operator"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/policies"
)

// person is an operator who sees to it that the fleet becomes what the World says, with one process
// at a time. There are two.
type person struct {
	*life
	name  string
	times int
	at    *console
	clock time.Duration
	stale map[string]bool // runs that said so, which somebody must cancel
}

// soon has the operator look again after a while.
func (o *person) soon(d time.Duration) { o.after(o.chance.takes(d), o.act) }

// begin starts the operator's next process; they look again when it has ended.
func (o *person) begin(what string, run func(context.Context, *console) error) {
	o.times++
	o.at = o.process(fmt.Sprintf("%s-%d", o.name, o.times), what, o.clock, run, func() { o.soon(30 * time.Second) })
}

// process runs something on a console of its own, and does what then is when it has ended.
func (l *life) process(name, what string, clock time.Duration, run func(context.Context, *console) error, then func()) *console {
	ctx, cancel := context.WithCancel(context.Background())
	c := &console{life: l, name: name, cancel: cancel, gone: make(chan struct{}), worlds: make(chan operator.Loaded), behind: true}
	c.skew.Store(int64(clock))
	l.consoles = append(l.consoles, c)
	l.say("%s: %s", name, what)
	l.running.Add(1)
	go func() {
		defer l.running.Done()
		err := run(ctx, c)
		// Its end is one more thing that the queue takes in turn.
		c.post(call{by: c, do: func(func(any, error)) {
			c.ended(err)
			then()
		}})
	}()
	return c
}

// ended takes note of how a process ended.
func (c *console) ended(err error) {
	c.dead.Store(true)
	c.cancel()
	c.consoles = slices.DeleteFunc(c.consoles, func(x *console) bool { return x == c })
	text := "done"
	if err != nil {
		text = err.Error()
	}
	c.say("%s: ends: %s", c.name, text)
	for name, target := range map[string]error{"overtaken": executor.ErrOvertaken, "held off": executor.ErrHeld, "stale": executor.ErrStale} {
		if errors.Is(err, target) {
			c.met[name]++
		}
	}
}

// kill ends a process. What it has sent stays on its way.
func (c *console) kill(how string) {
	if c.dead.Swap(true) {
		return
	}
	c.say("%s: is killed %s", c.name, how)
	close(c.gone)
	c.cancel()
}

func (o *person) other() *person {
	return o.operators[1-slices.Index(o.operators, o)]
}

func (o *person) alive() bool { return o.at != nil && !o.at.dead.Load() }

// act decides what to do next, by what there is.
func (o *person) act() {
	if o.serves {
		o.serve()
		return
	}
	if o.other().alive() && o.chance.life.IntN(4) > 0 {
		o.soon(30 * time.Second) // somebody is at it
		return
	}
	ids := slices.DeleteFunc(slices.Sorted(maps.Keys(o.runs)), func(id string) bool { return o.runs[id].Status.Ended() })
	if o.chance.quiet { // what waits for a word may keep the others from going on
		for _, id := range ids {
			if e := o.says(o.runs[id]); e != nil {
				o.order(id, e)
				return
			}
		}
	}
	for _, id := range ids {
		r := o.runs[id]
		if e := o.says(r); e != nil {
			o.order(id, e)
			return
		}
		if r.World == o.world().Digest() || r.Status == wire.RunCancelling {
			o.begin("attaches to "+id, func(ctx context.Context, c *console) error {
				_, err := c.applier().Attach(ctx, id)
				if errors.Is(err, executor.ErrStale) {
					o.stale[id] = true
				}
				return err
			})
			return
		}
	}
	o.plan()
}

// says is the order that a run needs from a person, nil if it needs none.
func (o *person) says(r wire.Run) rollout.Event {
	held := slices.ContainsFunc(r.Lanes, func(l wire.Lane) bool { return l.State == wire.LaneHeld })
	if held {
		o.met["held"]++
	}
	foreign := (r.World != o.world().Digest() || o.stale[r.ID]) && r.Status != wire.RunCancelling
	switch {
	case foreign && (o.chance.quiet || o.chance.hits(Orders, 6)):
		return rollout.Cancel{By: o.name}
	case foreign:
		return nil
	case r.Status == wire.RunPaused:
		return rollout.Resume{By: o.name}
	case r.Status == wire.RunCancelling:
		return nil
	case held && o.chance.quiet && o.standsStill(r):
		o.met["stands still"]++
		return nil
	case held && o.chance.quiet && !o.lastIsBad():
		return rollout.Approve{By: o.name}
	case held && o.chance.quiet:
		return nil // it waits for somebody, and says why
	case held:
		return []rollout.Event{rollout.Approve{By: o.name}, rollout.Resume{By: o.name}, rollout.Undo{By: o.name}, rollout.Cancel{By: o.name}}[o.chance.of(Orders, 4)]
	}
	return nil
}

// attends is a person's round where the operators are replicas that serve: runs wait for people.
func (l *life) attends() {
	l.after(l.chance.takes(40*time.Second), func() {
		for _, id := range slices.Sorted(maps.Keys(l.runs)) {
			if e := l.operators[0].says(l.runs[id]); e != nil && !l.runs[id].Status.Ended() {
				l.third(fmt.Sprintf("orders %T of %s", e, id), func(ctx context.Context, c *console) error { return c.order(ctx, id, e) })
			}
		}
		l.attends()
	})
}

func (o *person) order(id string, e rollout.Event) {
	o.begin(fmt.Sprintf("orders %T of %s", e, id), func(ctx context.Context, c *console) error { return c.order(ctx, id, e) })
}

func (c *console) order(ctx context.Context, id string, e rollout.Event) error {
	c.orders = true
	_, err := executor.Order(ctx, c, id, e)
	return err
}

// plan makes a plan and, after a while in which it may grow stale, applies it.
func (o *person) plan() {
	ctx := context.Background()
	now := o.time().Add(o.clock)
	reality, problems, err := executor.Observe(ctx, o.fleet, o.keys, now)
	if err != nil || len(problems) > 0 {
		panic(fmt.Sprint("sim: ", err, problems))
	}
	w := o.world()
	p := planner.Make(w, o.bug.seen(w, reality))
	o.planned(o.worlds[len(o.worlds)-1], p, reality)
	if p.IsEmpty() {
		o.soon(time.Minute)
		return
	}
	approved, report := policies.Review(policies.Proposal{Plan: p, Reality: reality, Now: now}, nil, policies.Options{NoGates: w.NoGates, AllowStop: 100})
	if report.Denied() {
		panic("sim: " + report.Text(false))
	}
	o.approves(o.worlds[len(o.worlds)-1], approved)
	wait := time.Duration(0)
	if !o.chance.quiet {
		wait = o.chance.takes(5 * time.Second)
	}
	o.after(wait, func() {
		o.begin(fmt.Sprintf("applies %s, %d changes", approved.Digest().Short(), len(p.Changes)), func(ctx context.Context, c *console) error {
			_, err := c.applier().Apply(ctx, approved)
			return err
		})
	})
}

func (c *console) applier() executor.Applier {
	return executor.Applier{Transport: c, Key: c.key, Keys: c.keys, By: "ops", Holder: c.name,
		Now:   func() time.Time { return time.Now().Add(time.Duration(c.skew.Load())) },
		Watch: func(s rollout.Script, m rollout.Moment) { c.decides(s, m) }}
}
