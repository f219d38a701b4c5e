package operator

import (
	"context"
	"fmt"
	"time"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
)

// look decides what is to be done now. Each step either leaves it to the next, or says how the
// operator stands and what it waits for.
func (l *loop) look(ctx context.Context) {
	if !l.mirror.Marks.Reach(l.caught) {
		l.by(l.Now().Add(l.lasts())) // news of what the last run wrote are on their way
		return
	}
	l.caught = executor.Marks{}
	if !l.held.Lead {
		l.stand(Standing{State: Standby})
		return
	}
	if l.Mode != DryRun && !l.owns(ctx) {
		return
	}
	if l.drive != nil && l.drive.world == l.digest {
		l.standRunning()
		l.takeTurns(ctx)
		return
	}
	if l.drive == nil && l.goesOn(ctx) {
		return
	}
	if len(l.pending) == 0 && l.drive == nil {
		l.rest(ctx, Standing{State: InSync})
		return
	}
	if why, offline := l.offline(); offline && l.drive == nil {
		l.rest(ctx, Standing{State: Waiting, Why: why})
		return
	}
	if l.listening(ctx) {
		l.by(l.Now().Add(wordLook))
		return
	}
	if wait := later(l.notBefore, l.rested); wait.After(l.Now()) {
		l.by(wait)
		return
	}
	l.propose(ctx)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (l *loop) standRunning() {
	runs := l.current()
	for _, run := range runs {
		if why, rests := resting(run); rests {
			l.stand(Standing{State: Held, Why: why, Run: run.ID})
			return
		}
	}
	s := Standing{State: Running}
	if len(runs) > 0 {
		s.Run = runs[0].ID
	}
	l.stand(s)
}

// goesOn goes on with what was begun for this World, by this process or by one before. A run of
// another World is left to when this one's plan is approved.
func (l *loop) goesOn(ctx context.Context) bool {
	if l.Mode == DryRun {
		return false
	}
	runs := l.current()
	if len(runs) == 0 {
		return false
	}
	next, some := l.next(runs)
	if !some {
		l.standRunning()
		l.letIn(ctx)
		return true
	}
	if l.halted(ctx) || l.notBefore.After(l.Now()) {
		l.by(l.notBefore)
		return true
	}
	if l.drive == nil && l.letIn(ctx) {
		return true
	}
	if next.ID == l.stale {
		l.supersede(ctx, next) // it ends, and this World is planned for anew
	}
	l.attach(ctx, next)
	return true
}

func (l *loop) attach(ctx context.Context, run wire.Run) {
	l.Log.Info("going on with a run", "run", run.ID)
	l.stand(Standing{State: Running, Run: run.ID})
	l.start(ctx, run.World, func(ctx context.Context, a executor.Applier) (executor.Outcome, error) { return a.Attach(ctx, run.ID) })
}

// rest is for when nothing can be done. The World is in force then, and runs that were superseded
// come to their end.
func (l *loop) rest(ctx context.Context, s Standing) {
	if l.Mode == DryRun {
		l.stand(s)
		return
	}
	if runs := l.unfinished(); len(runs) > 0 {
		l.supersede(ctx, runs[0])
		l.attach(ctx, runs[0])
		return
	}
	if w := l.mirror.World.Value; w.World != l.digest {
		next := w
		next.World, next.At = l.digest, l.Now().UTC()
		if !l.putWorld(ctx, next) {
			return
		}
	}
	l.stand(s)
}

// offline reports that all that differs is on devices that cannot be published to now.
func (l *loop) offline() (why string, offline bool) {
	now := l.Now()
	for id := range l.pending {
		part := l.mirror.Live.Part(id)
		if rec, _ := l.mirror.Live.Record(id); len(part.Registry) > 0 || rec.Online(now) {
			return "", false
		}
	}
	n := len(l.pending)
	if n == 1 {
		return "1 device that differs is offline", true
	}
	return fmt.Sprintf("all %d devices that differ are offline", n), true
}

// halted stands still while publishing is halted.
func (l *loop) halted(ctx context.Context) bool {
	if l.Halted == nil {
		return false
	}
	why, err := l.Halted(ctx)
	if err != nil {
		why = "whether publishing is halted is not known: " + err.Error()
	}
	if why == "" {
		return false
	}
	l.stand(Standing{State: HaltedState, Why: why})
	l.by(l.Now().Add(haltLook))
	return true
}
