package sim

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/operator"
)

// console is one process of an operator, and the executor.Transport it works with. The process
// runs on a goroutine of its own until it calls; then the queue goes on, and answers in time.
type console struct {
	*life
	name  string
	skew  atomic.Int64 // how much its clock is ahead
	feeds []*feed
	// worlds is where it takes Worlds from, if it serves; behind says that it was not given the last.
	worlds chan operator.Loaded
	behind bool
	cancel context.CancelFunc
	dead   atomic.Bool
	gone   chan struct{} // closed as it dies
	// still is until when it stands still: what it asks, and what it is told, waits.
	still time.Duration
	// fence is that of the lease it wrote last, decisions how often it decided.
	fence     uint64
	decisions int
	orders    bool // it only passes on what a person says of a run
}

// call is what a process wants of the queue. It is answered once.
type call struct {
	by     *console
	do     func(answer func(any, error))
	answer chan answered // nil: it is its end, and nobody waits
}

type answered struct {
	value any
	err   error
}

var errDead = errors.New("the process was killed")

// desk takes the calls of all processes.
type desk struct {
	mu    sync.Mutex
	calls []call
}

func (d *desk) take() []call {
	d.mu.Lock()
	defer d.mu.Unlock()
	calls := d.calls
	d.calls = nil
	// Two that called at the same instant are heard in the order of their names.
	slices.SortStableFunc(calls, func(a, b call) int { return strings.Compare(a.by.name, b.by.name) })
	return calls
}

// asks has the queue do something for the process and waits for what comes of it.
func (c *console) asks(ctx context.Context, do func(answer func(any, error))) (any, error) {
	if c.dead.Load() {
		return nil, errDead
	}
	made := call{by: c, do: do, answer: make(chan answered, 1)}
	c.post(made)
	select {
	case a := <-made.answer:
		return a.value, a.err
	case <-c.gone:
	case <-ctx.Done():
	}
	if c.dead.Load() {
		return nil, errDead
	}
	return nil, ctx.Err()
}

func (c *console) post(made call) {
	c.desk.mu.Lock()
	c.desk.calls = append(c.desk.calls, made)
	c.desk.mu.Unlock()
	select {
	case c.posted <- struct{}{}:
	default:
	}
}

// later has an answer come back to the process, unless it is dead by then. One that stands still
// learns it when it goes on.
func (c *console) later(after time.Duration, do func()) {
	c.after(max(after, c.still-c.now), func() {
		switch {
		case c.dead.Load():
		case c.still > c.now: // it stopped meanwhile
			c.later(0, do)
		default:
			do()
		}
	})
}

// attend hears all who called, and tells those who listen what is due; it ends when nobody does
// anything more at this instant.
func (l *life) attend() {
	for busy := true; busy && l.breach == ""; {
		busy = false
		synctest.Wait()
		for _, made := range l.desk.take() {
			busy = true
			do := func() { made.do(func(v any, err error) { made.answer <- answered{v, err} }) }
			if made.answer == nil || made.by.still <= l.now {
				do()
			} else {
				made.by.later(0, do)
			}
		}
		for _, c := range l.consoles {
			busy = c.listen() || busy
		}
	}
}

var _ executor.Watcher = (*console)(nil)

// Read takes the records of people and plans first, and what devices say later, as the buckets are
// read one after the other.
func (c *console) Read(ctx context.Context) (executor.Records, error) {
	v, err := c.asks(ctx, func(answer func(any, error)) {
		first, version := c.bug.read(c.read()), c.version
		c.later(c.chance.takes(30*time.Millisecond), func() {
			if version == c.version {
				answer(first, nil)
				return
			}
			all := c.read()
			all.World, all.Runs, all.Quarantine, all.Lease = first.World, first.Runs, first.Quarantine, first.Lease
			for id, d := range all.Devices {
				d.Entry, d.Desired = first.Devices[id].Entry, first.Devices[id].Desired
				all.Devices[id] = d
			}
			answer(all, nil)
		})
	})
	if err != nil {
		return executor.Records{}, err
	}
	return v.(executor.Records), nil
}

// ReadRuns takes the records of people and plans.
func (c *console) ReadRuns(ctx context.Context) (executor.Records, error) {
	v, err := c.asks(ctx, func(answer func(any, error)) {
		r := c.bug.read(c.read())
		r.Devices = map[algebra.DeviceID]executor.Device{}
		c.later(c.chance.takes(10*time.Millisecond), func() { answer(r, nil) })
	})
	if err != nil {
		return executor.Records{}, err
	}
	return v.(executor.Records), nil
}

// PlanPart is a stored part of a plan.
func (c *console) PlanPart(ctx context.Context, sealed algebra.Digest, part int) ([]byte, error) {
	v, err := c.asks(ctx, func(answer func(any, error)) {
		data, err := c.fleet.PlanPart(context.Background(), sealed, part)
		c.later(c.chance.takes(5*time.Millisecond), func() { answer(data, err) })
	})
	data, _ := v.([]byte)
	return data, err
}

// Spec is a stored deployment.
func (c *console) Spec(ctx context.Context, d algebra.Digest) (algebra.Deployment, error) {
	v, err := c.asks(ctx, func(answer func(any, error)) {
		spec, err := c.fleet.Spec(context.Background(), d)
		c.later(c.chance.takes(5*time.Millisecond), func() { answer(spec, err) })
	})
	spec, _ := v.(algebra.Deployment)
	return spec, err
}

// Write sends each write on its way by itself.
func (c *console) Write(ctx context.Context, writes []executor.Write) ([]executor.Result, error) {
	v, err := c.asks(ctx, func(answer func(any, error)) { c.sends(writes, answer) })
	results, _ := v.([]executor.Result)
	return results, err
}
