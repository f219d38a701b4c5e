package operator

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/policies"
)

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
