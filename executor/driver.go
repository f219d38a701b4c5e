package executor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/policies"
)

// driver is one process that carries a run out, or tries to.
type driver struct {
	Applier
	feed     <-chan Change
	stop     context.CancelFunc
	look     *lookout
	lease    Kept[wire.Lease]
	run      Kept[wire.Run]
	approved policies.Approved
	plan     planner.Plan // the approved one
	script   rollout.Script
	marks    Marks // of what it wrote
}

// open begins to follow the fleet, and reads who carries out what. What there is of devices is read
// once the lease is taken. It watches before it reads, so that nothing is missed.
func (a Applier) open(ctx context.Context, id string) (*driver, error) {
	clock := a.Now
	a.Now = func() time.Time { return clock().UTC().Round(0) } // as records tell it
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	feed, err := a.Transport.Watch(following)
	if err != nil {
		stop()
		return nil, err
	}
	d := &driver{Applier: a, feed: feed, stop: stop, run: Kept[wire.Run]{Value: wire.Run{ID: id}}}
	records, err := a.Transport.ReadRuns(ctx)
	if err != nil {
		stop()
		return nil, err
	}
	d.look = newLookout(records, a.Keys)
	return d, nil
}

func (d *driver) close() {
	d.release()
	d.stop()
}

// adopt has the driver carry out this approval.
func (d *driver) adopt(approved policies.Approved) {
	d.approved, d.plan = approved, approved.Plan()
	d.script = rollout.NewScript(d.plan, approved.Reverses)
	d.look.follow(d.run.Value.ID, approved.Digest(), d.plan)
}

// reread takes all records anew, where what is known is known to be old.
func (d *driver) reread(ctx context.Context) error {
	records, err := d.Transport.Read(ctx)
	if err == nil {
		d.look.replace(records)
	}
	return err
}

// drive does what Step says until the run ends, or rests until somebody decides, or ctx ends.
func (d *driver) drive(ctx context.Context) (Outcome, error) {
	if err := d.prepare(ctx); err != nil {
		return d.outcome(), err
	}
	if d.Waves == nil {
		d.approved = d.approved.Brief()
	}
	for {
		if d.run.Value.Fence > d.lease.Value.Fence {
			// Who took over wrote it. What they made of it stays, though a write on it would fit.
			return d.outcome(), d.overtaken()
		}
		began := time.Now()
		scene := d.look.at(d.Now())
		next, effects := d.script.Step(d.run.Value, rollout.Seen{View: d.judged(rollout.Survey(d.script, d.run.Value, scene))})
		next.Fence = d.lease.Value.Fence
		// The run is written before anything is published, though nothing may have changed in it:
		// who paused it meanwhile has the last word.
		if acts(effects) || !bytes.Equal(wire.Encode(next), wire.Encode(d.run.Value)) {
			moved, err := d.store(ctx, next)
			if err != nil {
				return d.outcome(), err
			}
			if moved {
				continue
			}
		}
		if d.Watch != nil {
			d.Watch(d.script, rollout.Moment{Scene: scene, Run: d.run.Value, Effects: effects})
		}
		if d.run.Value.Status.Ended() || resting(d.run.Value) && !d.Stay {
			return d.outcome(), nil
		}
		if err := d.setApart(ctx); err != nil {
			return d.outcome(), err
		}
		wake, acted, err := d.do(ctx, effects)
		if err != nil {
			return d.outcome(), err
		}
		if acted {
			continue
		}
		if err := d.wait(ctx, wake, time.Since(began)); err != nil {
			return d.outcome(), err
		}
	}
}

func acts(effects []rollout.Effect) bool {
	for _, e := range effects {
		switch e.(type) {
		case rollout.Publish, rollout.Restore, rollout.SetApart:
			return true
		case rollout.Wake, rollout.Finish:
		}
	}
	return false
}

// resting reports a run that does nothing more before somebody decides about a lane.
func resting(r wire.Run) bool {
	held := false
	for _, l := range r.Lanes {
		held = held || l.State == wire.LaneHeld
		if l.State == wire.LaneGoing || l.State == wire.LaneRollingBack {
			return false
		}
	}
	return held && r.Status == wire.RunActive
}

// do carries effects out and says when to look again.
func (d *driver) do(ctx context.Context, effects []rollout.Effect) (wake time.Time, acted bool, err error) {
	for _, e := range effects {
		switch e := e.(type) {
		case rollout.Publish:
			err, acted = d.publish(ctx, e.Lane, e.Devices, false), true
		case rollout.Restore:
			err, acted = d.publish(ctx, e.Lane, e.Devices, true), true
		case rollout.Wake:
			if wake.IsZero() || e.At.Before(wake) {
				wake = e.At
			}
		case rollout.SetApart, rollout.Finish: // setApart and drive see to them
		}
		if err != nil {
			return wake, acted, err
		}
	}
	return wake, acted, nil
}

// store writes the run. Moved says that somebody else wrote it, which has been taken in.
func (d *driver) store(ctx context.Context, next wire.Run) (moved bool, err error) {
	write := SetRun{next, d.run.Revision}
	results, err := d.Transport.Write(ctx, []Write{write})
	if err == nil {
		err = results[0].Err
	}
	switch {
	case errors.Is(err, ErrMoved):
		was := d.run.Revision
		return true, d.news(ctx, func() bool { return d.run.Revision != was })
	case err != nil:
		return false, fmt.Errorf("run %s: %w", next.ID, err)
	}
	d.run = Kept[wire.Run]{Value: next, Revision: results[0].Revision}
	d.marks = d.marks.Join(wrote(write, results[0].Revision))
	return false, nil
}

// hear takes one change in.
func (d *driver) hear(c Change) {
	d.look.hear(c)
	if r, ok := c.Message.(wire.Run); ok && r.ID == d.run.Value.ID && c.Revision > d.run.Revision {
		d.run = Kept[wire.Run]{Value: r, Revision: c.Revision, At: c.At}
	}
}

var errLost = errors.New("the connection to the fleet was lost; what is published stays, and the run can be attached to")

// news takes changes in until enough says so.
func (d *driver) news(ctx context.Context, enough func() bool) error {
	for !enough() {
		select {
		case c, ok := <-d.feed:
			if !ok {
				return errLost
			}
			d.hear(c)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// wait takes in what happens next, and all that waits behind it, so that a flood of reports is
// looked at once: the longer a look takes, the more it waits for. The lease is renewed meanwhile.
func (d *driver) wait(ctx context.Context, wake time.Time, look time.Duration) error {
	beat := d.lasts() / 3
	sleep := beat
	if !wake.IsZero() {
		sleep = max(min(sleep, wake.Sub(d.Now())), 0)
	}
	timer := time.NewTimer(sleep)
	defer timer.Stop()
	select {
	case c, ok := <-d.feed:
		if !ok {
			return errLost
		}
		d.hear(c)
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	settled := time.After(min(look, 250*time.Millisecond))
	for drained := false; !drained; {
		select {
		case c, ok := <-d.feed:
			if !ok {
				return errLost
			}
			d.hear(c)
		case <-settled:
			drained = true
		}
	}
	if d.Now().Sub(d.lease.At) >= beat {
		return d.renew(ctx)
	}
	return nil
}

func (d *driver) outcome() Outcome {
	scene := d.look.at(d.Now())
	if len(d.run.Value.Lanes) == 0 {
		return Outcome{Run: d.run.Value, Marks: d.marks}
	}
	return Outcome{Marks: d.marks, Run: d.run.Value, Rows: d.script.Table(d.run.Value, scene), Count: d.script.Total(scene), Left: d.script.Left(d.run.Value, scene)}
}
