package operator

import (
	"context"
	"errors"
	"strings"
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
	// left says that it is left for the run of another World.
	left bool
}

// ended is how a drive came to its end.
type ended struct {
	out executor.Outcome
	err error
}

// start carries something out beside the loop.
func (l *loop) start(ctx context.Context, world algebra.Digest, do func(context.Context, executor.Applier) (executor.Outcome, error)) {
	ctx, stop := context.WithCancel(ctx)
	l.drive = &drive{world: world, stop: stop}
	waves := l.world.Waves // those of this World: a run of another one has none at hand
	if world != l.digest {
		waves = nil
	}
	go func() {
		ctx, end := l.Span(ctx, "run")
		a := l.Applier
		a.Waves = waves
		if watch := a.Watch; l.WatchRun != nil {
			a.Watch = func(s rollout.Script, m rollout.Moment) {
				l.WatchRun(ctx, s, m)
				if watch != nil {
					watch(s, m)
				}
			}
		}
		out, err := do(ctx, a)
		end(err)
		l.ended <- ended{out, err}
	}()
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
	l.caught = max(l.caught, e.out.Desired)
	run := e.out.Run
	switch {
	case d.left:
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

// unfinished is a run of this operator that has not ended, if there is one: the newest, and of
// the World that is planned for rather than of another.
func (l *loop) unfinished() (wire.Run, bool) {
	var found wire.Run
	for _, r := range l.mirror.Runs {
		if r.Value.By != l.Applier.By || r.Value.Status.Ended() {
			continue
		}
		ours, theirs := r.Value.World == l.digest, found.World == l.digest
		if found.ID == "" || ours && !theirs || ours == theirs && r.Value.Began.After(found.Began) {
			found = r.Value
		}
	}
	return found, found.ID != ""
}

// supersede has a run come to its end because another World is to be in force. What it published
// stays until the next run has it otherwise. Where that fails, the next look does it again.
func (l *loop) supersede(ctx context.Context, run wire.Run) {
	if run.Status == wire.RunCancelling {
		return
	}
	l.Log.Info("the run is superseded by another World", "run", run.ID)
	if _, err := executor.OrderOf(ctx, l.Fleet, l.mirror.Runs[run.ID], rollout.Cancel{By: l.superseding()}); err != nil && !errors.Is(err, executor.ErrMoved) {
		l.Log.Warn("cannot cancel the run", "run", run.ID, "error", err)
	}
}

// superseding is who cancels a run for another World, as its record says.
func (l *loop) superseding() string { return l.Applier.By + ", which has another World" }

// cancelled is the last run of the World that is planned for, if a person cancelled it.
func (l *loop) cancelled() (wire.Run, bool) {
	var last wire.Run
	for _, r := range l.mirror.Runs {
		if r.Value.World == l.digest && r.Value.Began.After(last.Began) {
			last = r.Value
		}
	}
	return last, last.Status == wire.RunCancelled && !strings.HasSuffix(last.Reason, l.superseding())
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
