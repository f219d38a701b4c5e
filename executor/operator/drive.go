package operator

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
)

// drive is a run that this operator carries out at the moment.
type drive struct {
	world algebra.Digest
	stop  context.CancelFunc
	// left says that it is left for another run.
	left bool
	// opened is the run, once it has taken its first step.
	opened atomic.Pointer[opened]
}

// opened is what a run has to do, and since when it does it.
type opened struct {
	run    string
	script rollout.Script
	since  time.Time
}

// ended is how a drive came to its end.
type ended struct {
	out executor.Outcome
	err error
}

// start carries something out beside the loop.
func (l *loop) start(ctx context.Context, world algebra.Digest, do func(context.Context, executor.Applier) (executor.Outcome, error)) {
	ctx, stop := context.WithCancel(ctx)
	d := &drive{world: world, stop: stop}
	l.drive = d
	waves := l.world.Waves // those of this World: a run of another one has none at hand
	if world != l.digest {
		waves = nil
	}
	go func() {
		ctx, end := l.Span(ctx, "run")
		a := l.Applier
		a.Waves = waves
		watch := a.Watch
		a.Watch = func(s rollout.Script, m rollout.Moment) {
			if d.opened.Load() == nil {
				d.opened.Store(&opened{m.Run.ID, s, l.Now()})
			}
			if l.WatchRun != nil {
				l.WatchRun(ctx, s, m)
			}
			if watch != nil {
				watch(s, m)
			}
		}
		out, err := do(ctx, a)
		end(err)
		l.ended <- ended{out, err}
	}()
}

// leave has what is carried out come to rest, so that something else has its turn.
func (l *loop) leave() {
	l.drive.left = true
	l.drive.stop()
}

// wait has what is carried out come to rest: it lets go of the lease then.
func (l *loop) wait() {
	if l.drive != nil {
		l.drive.stop()
		<-l.ended
	}
}

// conclude takes in how a drive ended.
func (l *loop) conclude(e ended) {
	d := l.drive
	l.drive.stop()
	l.drive = nil
	l.tookTurn(d)
	l.caught = l.caught.Join(e.out.Marks)
	run := e.out.Run
	switch {
	case d.left, errors.Is(e.err, executor.ErrEnded): // or news of its end are on their way
		l.soon()
	case errors.Is(e.err, executor.ErrHalted):
		l.stand(Standing{State: HaltedState, Why: e.err.Error(), Run: run.ID})
		l.by(l.Now().Add(haltLook))
	case errors.Is(e.err, executor.ErrHeld), errors.Is(e.err, executor.ErrOvertaken):
		l.stand(Standing{State: Busy, Why: e.err.Error()})
		l.by(l.Now().Add(l.lasts() / 2))
	case errors.Is(e.err, executor.ErrStale):
		l.fails++
		l.stale = run.ID
		l.notBefore = l.Now().Add(l.pause(time.Second))
		l.by(l.notBefore)
	case e.err != nil:
		l.fails++
		l.retry(e.err.Error(), run.ID)
	case run.Status == wire.RunFailed:
		l.fails++
		l.retry(run.Reason, run.ID)
	default:
		l.fails = 0
		l.soon()
	}
	if e.err != nil && !d.left {
		l.Log.Warn("left the run", "run", run.ID, "error", e.err)
	}
}

// haltLook is how often it looks whether a halt is over.
const haltLook = 5 * time.Second

// goodbye is how long the last write of an operator that ends may take.
const goodbye = 2 * time.Second

func (l *loop) lasts() time.Duration {
	if l.Applier.Lasts > 0 {
		return l.Applier.Lasts
	}
	return executor.DefaultLasts
}

// retry has nothing new begin for a while, the longer the more often runs failed.
func (l *loop) retry(why, run string) {
	l.notBefore = l.Now().Add(l.pause(5 * time.Second))
	l.stand(Standing{State: Retrying, Why: why, Run: run})
	l.by(l.notBefore)
}

// pause doubles with each failure, up to five minutes.
func (l *loop) pause(first time.Duration) time.Duration {
	return min(first<<min(max(l.fails-1, 0), 10), 5*time.Minute)
}

// unfinished are the runs of this operator that have not ended, the newest first.
func (l *loop) unfinished() []wire.Run {
	var found []wire.Run
	for _, r := range l.mirror.Runs {
		if r.Value.By == l.Applier.By && !r.Value.Status.Ended() {
			found = append(found, r.Value)
		}
	}
	slices.SortFunc(found, func(a, b wire.Run) int { return cmp.Or(b.Began.Compare(a.Began), cmp.Compare(a.ID, b.ID)) })
	return found
}

// current are those of the unfinished runs that are of the World that is planned for.
func (l *loop) current() []wire.Run {
	return slices.DeleteFunc(l.unfinished(), func(r wire.Run) bool { return r.World != l.digest })
}

// supersede has runs come to their end because another World is to be in force. What they published
// stays until the next run has it otherwise. Where that fails, the next look does it again.
func (l *loop) supersede(ctx context.Context, runs ...wire.Run) {
	for _, run := range runs {
		if run.Status == wire.RunCancelling {
			continue
		}
		l.Log.Info("the run is superseded by another World", "run", run.ID)
		if _, err := executor.OrderOf(ctx, l.Fleet, l.mirror.Runs[run.ID], rollout.Cancel{By: l.superseding()}); err != nil && !errors.Is(err, executor.ErrMoved) {
			l.Log.Warn("cannot cancel the run", "run", run.ID, "error", err)
		}
	}
}

// superseding is who cancels a run for another World, as its record says.
func (l *loop) superseding() string { return l.Applier.By + ", which has another World" }

// cancelled is the last run of the World that is planned for that a person cancelled, if none of this
// World began since.
func (l *loop) cancelled() (wire.Run, bool) {
	var last wire.Run
	began := time.Time{}
	for _, r := range l.mirror.Runs {
		if r.Value.World != l.digest {
			continue
		}
		if r.Value.Status == wire.RunCancelled && !strings.HasSuffix(r.Value.Reason, l.superseding()) && r.Value.Ended.After(last.Ended) {
			last = r.Value
		}
		if r.Value.Began.After(began) {
			began = r.Value.Began
		}
	}
	return last, last.ID != "" && !began.After(last.Ended)
}

// resting reports a run that goes on only when somebody decides.
func resting(r wire.Run) (why string, rests bool) {
	if r.Status == wire.RunPaused {
		return r.Reason, true
	}
	for _, lane := range r.Lanes {
		if lane.State == wire.LaneGoing || lane.State == wire.LaneRollingBack {
			return "", false
		}
		if lane.State == wire.LaneHeld {
			why, rests = lane.Reason, true
		}
	}
	return why, rests && r.Status == wire.RunActive
}
