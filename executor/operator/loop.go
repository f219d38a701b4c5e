package operator

import (
	"context"
	"errors"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/operator/rota"
	"github.com/musterfleet/muster/planner"
)

// loop is an operator for as long as its connection lasts.
type loop struct {
	*Operator
	mirror *executor.Mirror
	// pending are the devices on which the plan does something.
	pending map[algebra.DeviceID]bool
	drive   *drive
	ended   chan ended
	// due is when to look again, zero if only news give a reason to.
	due time.Time
	// fails counts runs that failed in a row; until notBefore nothing new is begun.
	fails     int
	notBefore time.Time
	// stale is a run that cannot go on, as another World was put in force after it had begun.
	stale string
	// caught is how far the mirror must have come before it is planned from: until then it does not
	// know all that the last run published, and what failed in it.
	caught executor.Marks
	// kept is the World that was loaded when this operator last owned what is in force.
	kept algebra.Digest
	// again is when a plan that is denied or waits is judged anew though nothing happened.
	again time.Time
	// ask is the plan that people are asked about, if there is one.
	ask *pending
	// held is what this replica is to do.
	held rota.Held
	// changed says that a summary may be another than what was published, last; summarized is when
	// that was looked at, and until summaryDue it is not again.
	changed                bool
	summarized, summaryDue time.Time
	last                   [rota.Shards]string
	told                   Told
	// runs are those that were carried out here, as long as they have not ended.
	runs map[string]*known
	// letInAgain is when it is looked again whether there is somebody to let in.
	letInAgain time.Time
	// rested is until when no plan is judged again: what that costs is a small part of its time.
	rested time.Time
}

var errLost = errors.New("the connection to the fleet was lost")

// watch follows the fleet until the connection is lost or ctx ends.
func (o *Operator) watch(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	l := &loop{Operator: o, ended: make(chan ended, 1), runs: map[string]*known{}}
	var duties <-chan rota.Held
	defer func() {
		cancel()
		l.wait()
		if duties != nil {
			for range duties { // until what it holds is given up
			}
		}
	}()
	feed, err := o.Fleet.WatchAll(ctx) // before it is read, so that nothing is missed
	if err != nil {
		return err
	}
	if err := l.begin(ctx); err != nil {
		return err
	}
	duties = l.duties(ctx)
	l.soon()
	for {
		o.turned.Store(o.Now().UnixNano())
		timer := time.NewTimer(l.sleep())
		select {
		case w, open := <-o.Worlds:
			if !open {
				return errors.New("there are no more Worlds")
			}
			if o.load(w) {
				l.declare(ctx)
			}
		case c, open := <-feed:
			if !open {
				return errLost
			}
			if err := l.hear(ctx, feed, c); err != nil {
				return err
			}
		case h, open := <-duties:
			if !open { // ctx ended
				duties = nil
				continue
			}
			l.hold(h)
		case e := <-l.ended:
			l.conclude(e)
		case <-timer.C:
			l.note(l.mirror.Live.Apply(planner.Tick{At: l.Now().UTC()})) // ages that rules ask for pass
			if !l.due.IsZero() && !l.due.After(l.Now()) {
				l.due = time.Time{}
				l.look(ctx)
			}
			l.publishSummaries(ctx)
		case <-ctx.Done():
			timer.Stop()
			l.letGo()
			return ctx.Err()
		}
		timer.Stop()
		l.publishStatus(ctx)
	}
}

// duties tells what this replica is to do. Without others that is everything.
func (l *loop) duties(ctx context.Context) <-chan rota.Held {
	if l.Rota != nil && l.Mode != DryRun {
		return l.Rota.Run(ctx)
	}
	l.held.Lead = true
	for n := range l.held.Shards {
		l.held.Shards[n] = true
	}
	return nil
}

// hold takes in what this replica is to do from now on. Who leads no more leaves its run as it
// stands: who leads now goes on with it.
func (l *loop) hold(h rota.Held) {
	l.held, l.changed = h, true
	if !h.Lead && l.drive != nil {
		l.leave()
	}
	l.soon()
}

// begin reads the fleet and plans once.
func (l *loop) begin(ctx context.Context) (err error) {
	ctx, end := l.Span(ctx, "read")
	defer func() { end(err) }()
	m, problems, err := executor.NewMirror(ctx, l.Fleet, l.Applier.Keys, l.world.World, l.Now())
	if err != nil {
		return err
	}
	l.tellProblems(problems)
	l.mirror, l.pending = m, map[algebra.DeviceID]bool{}
	for id := range m.Live.Plan().Base {
		l.pending[id] = true
	}
	l.count()
	return nil
}

// tick is how often it lets time pass for rules that ask for ages.
const tick = 15 * time.Second

// sleep is how long nothing is to be done if nothing happens.
func (l *loop) sleep() time.Duration {
	wait := tick
	for _, at := range []time.Time{l.due, l.summaryAt()} {
		if !at.IsZero() {
			wait = min(wait, max(at.Sub(l.Now()), 0))
		}
	}
	return wait
}

// soon has it look once no more news come in, and after some time even if they do.
func (l *loop) soon() { l.by(l.Now().Add(l.Settle)) }

// by has it look at that time at the latest.
func (l *loop) by(at time.Time) {
	if l.due.IsZero() || at.Before(l.due) {
		l.due = at
	}
}
