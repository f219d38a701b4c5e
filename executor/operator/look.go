package operator

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/policies"
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

// propose has the whole plan judged, and carries it out if nobody objects.
func (l *loop) propose(ctx context.Context) {
	approved, report, plan := l.review(ctx)
	digest := report.File.Digest()
	switch {
	case report.Denied():
		l.again = l.Now().Add(l.Again) // windows and waivers come and go with time
		l.by(l.again)
		if l.ask != nil {
			l.by(l.Now().Add(wordLook))
		}
		if l.drive == nil {
			l.stand(Standing{State: Denied, Why: denials(report), Plan: digest})
		} else {
			l.Log.Warn("the plan of the new World is denied; the run that is under way goes on", "why", denials(report))
		}
		return
	case l.Mode == DryRun:
		l.stand(Standing{State: Planned, Why: planner.Summary(plan), Plan: digest})
		return
	case l.Mode == WaitForApproval && len(report.File.Request.VCS.Approvals) == 0:
		l.stand(Standing{State: Unapproved, Why: planner.Summary(plan) + " muster approve --pending gives the word", Plan: l.pendingPlan()})
		l.again = l.Now().Add(l.Again)
		l.by(l.Now().Add(wordLook))
		return
	case l.halted(ctx):
		return
	}
	if run, ok := l.cancelled(); ok {
		l.stand(Standing{State: Cancelled, Why: run.Reason + "; it waits for another World", Run: run.ID})
		return
	}
	if l.drive != nil { // it comes to rest first
		l.supersede(ctx, l.unfinished()...)
		l.leave()
		return
	}
	l.supersede(ctx, l.unfinished()...)
	l.apply(ctx, approved, digest)
}

// apply carries out what was approved, once that is on record.
func (l *loop) apply(ctx context.Context, approved policies.Approved, digest algebra.Digest) {
	plan := approved.Plan()
	if err := l.record(ctx, digest, plan); err != nil {
		l.fails++
		l.retry("not on record, so not done: "+err.Error(), "")
		return
	}
	l.stand(Standing{State: Running, Plan: digest, Why: planner.Summary(plan)})
	l.start(ctx, plan.World, func(ctx context.Context, a executor.Applier) (executor.Outcome, error) { return a.Apply(ctx, approved) })
}

// review makes the plan as of now and has it judged.
func (l *loop) review(ctx context.Context) (policies.Approved, policies.Report, planner.Plan) {
	began := time.Now()
	defer func() { l.rested = l.Now().Add(5 * time.Since(began)) }()
	plan, now := l.plan(ctx)
	approved, report, words := l.judge(ctx, plan, now)
	if (report.Denied() || l.Mode == WaitForApproval && len(report.File.Request.VCS.Approvals) == 0) && l.Approved != nil {
		l.publishPending(ctx, report.File, plan, words)
	}
	return approved, report, plan
}

// plan makes the plan as of now.
func (l *loop) plan(ctx context.Context) (planner.Plan, time.Time) {
	now := l.Now().UTC().Round(0)
	_, end := l.Span(ctx, "plan", slog.Int("devices", len(l.pending)))
	defer end(nil)
	l.note(l.mirror.Live.Apply(planner.Tick{At: now}))
	return l.mirror.Live.Plan(), now
}

// judge has the World's gates judge a plan, with the words that people gave for it.
func (l *loop) judge(ctx context.Context, plan planner.Plan, now time.Time) (approved policies.Approved, report policies.Report, words int) {
	_, end := l.Span(ctx, "review", slog.Int("changes", len(plan.Changes)))
	defer end(nil)
	p := policies.Proposal{Plan: plan, Reality: l.mirror.Live.Reality(), Request: l.world.Request, Now: now}
	approved, report = l.world.Judge(p)
	who := l.words(ctx, report.File, plan)
	if len(who) > 0 {
		p.Request.VCS.Approvals, p.Request.VCS.Trusted = slices.Concat(p.Request.VCS.Approvals, who), len(p.Request.VCS.Approvals) == 0
		approved, report = l.world.Judge(p)
	}
	return approved, report, len(who)
}

func (l *loop) record(ctx context.Context, digest algebra.Digest, plan planner.Plan) error {
	if l.Record == nil {
		return nil
	}
	detail := map[string]string{"world": plan.World.Short(), "does": planner.Summary(plan)}
	if sha := l.world.Request.VCS.SHA; sha != "" {
		detail["commit"] = sha
	}
	return l.Record(ctx, "apply", digest.String(), detail)
}

// denials are the reasons on one line: each that is another once, and at most some.
func denials(r policies.Report) string {
	var out []string
	seen := map[string]bool{}
	for _, d := range r.Denials() {
		text := d.Rule + ": " + d.Msg
		if seen[text] {
			continue
		}
		seen[text] = true
		if len(out) == 3 {
			return strings.Join(out, "; ") + "; and more"
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}
