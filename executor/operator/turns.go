package operator

import (
	"context"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
)

// known is a run that was carried out here: what it has to do, and when it was left last.
type known struct {
	script rollout.Script
	left   time.Time
}

// tookTurn notes what a drive that ends has shown of its run.
func (l *loop) tookTurn(d *drive) {
	if o := d.opened.Load(); o != nil {
		l.runs[o.run] = &known{o.script, l.Now()}
	}
	for id := range l.runs {
		if r, is := l.mirror.Runs[id]; is && r.Value.Status.Ended() {
			delete(l.runs, id)
		}
	}
}

// next is the run that has waited longest for its turn. One that rests has none, but for once: that
// shows what it has to do.
func (l *loop) next(runs []wire.Run) (next wire.Run, some bool) {
	var since time.Time
	for _, r := range runs {
		k := l.runs[r.ID]
		if _, rests := resting(r); rests && k != nil {
			continue
		}
		left := time.Time{}
		if k != nil {
			left = k.left
		}
		if !some || left.Before(since) {
			next, since, some = r, left, true
		}
	}
	return next, some
}

// takeTurns has another run go on, or somebody let in, where the one that is carried out has had
// its turn: it may go on for days, and all that is published now waits for devices and clocks.
func (l *loop) takeTurns(ctx context.Context) {
	now := l.Now()
	o := l.drive.opened.Load()
	if o == nil || l.Mode == DryRun {
		return
	}
	if until := o.since.Add(l.Turn); until.After(now) {
		l.by(until)
		return
	}
	for _, r := range l.current() {
		if _, rests := resting(r); !rests && r.ID != o.run {
			l.leave()
			return
		}
	}
	l.letIn(ctx)
}

// letIn publishes to who came into rollouts that are through while a run is under way that has
// nothing to do with them, and reports whether it does. It leaves that run for it. Those for whom a
// run is under way come after its waves, when it has ended. If it does nothing, it is looked again.
func (l *loop) letIn(ctx context.Context) bool {
	if l.Mode != Apply {
		return false
	}
	now := l.Now()
	if wait := later(l.letInAgain, l.notBefore); wait.After(now) {
		l.by(wait)
		return false
	}
	l.letInAgain = now.Add(l.Turn)
	l.by(l.letInAgain)
	if !l.joined() {
		return false
	}
	plan, at := l.plan(ctx)
	if plan = l.tails(plan); len(plan.Changes) == 0 {
		return false
	}
	approved, report, _ := l.judge(ctx, plan, at)
	switch {
	case report.Denied():
		l.Log.Warn("who came while a run is under way waits for its end", "why", denials(report))
		return false
	case l.halted(ctx):
		return false
	case l.drive != nil:
		l.letInAgain = time.Time{} // as soon as it has come to rest
		l.leave()
	default:
		l.apply(ctx, approved, report.File.Digest())
	}
	return true
}

// joined reports whether the plan may do something for which no run has to come to its end. It
// costs little.
func (l *loop) joined() bool {
	now, busy := l.Now(), l.busy()
	for id := range l.pending {
		if rec, _ := l.mirror.Live.Record(id); rec.Online(now) && !busy(planner.Target{Device: id}) {
			return true
		}
	}
	return false
}

// busy tells the slots that some run has yet to do with.
func (l *loop) busy() func(planner.Target) bool {
	under := l.current()
	scripts := make([]rollout.Script, len(under))
	for i, r := range under {
		k, some := l.runs[r.ID]
		if l.drive != nil {
			if o := l.drive.opened.Load(); o != nil && o.run == r.ID {
				k, some = &known{script: o.script}, true
			}
		}
		if !some {
			return func(planner.Target) bool { return true }
		}
		scripts[i] = k.script
	}
	return func(at planner.Target) bool {
		for i, r := range under {
			if scripts[i].Busy(r, at) {
				return true
			}
		}
		return false
	}
}

// tails is the part of a plan that goes out in tails of rollouts that are through, on devices that
// are online, and that no run has to do with. What hangs together on a device is in one batch: of
// it goes all or nothing.
func (l *loop) tails(plan planner.Plan) planner.Plan {
	tail := map[int]bool{}
	for _, c := range plan.Courses {
		if len(c.Waves) == 1 && c.Waves[0].Kind == planner.OfTail {
			tail[c.Waves[0].Batch] = true
		}
	}
	type part struct {
		device algebra.DeviceID
		batch  int
	}
	out := map[part]bool{}
	now, busy := l.Now(), l.busy()
	for _, c := range plan.Changes {
		at := c.Action.Target()
		rec, _ := l.mirror.Live.Record(at.Device)
		if !tail[c.Batch] || !rec.Online(now) || busy(at) {
			out[part{at.Device, c.Batch}] = true
		}
	}
	in := map[planner.Target]bool{}
	for _, c := range plan.Changes {
		if at := c.Action.Target(); !out[part{at.Device, c.Batch}] {
			in[at], in[planner.Target{Device: at.Device}] = true, true
		}
	}
	return plan.Of(func(t planner.Target) bool { return in[t] })
}
