package operator

import (
	"context"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/planfile"
)

// PendingKey is under which the plan is published that waits for somebody's word.
const PendingKey = "pending"

// wordLook is how often it looks for the word that a plan waits for.
const wordLook = 2 * time.Second

// pending is the plan that people were last asked about.
type pending struct {
	file planfile.File
	plan planner.Plan
	// fresh says that nothing happened since to plan anew for.
	fresh bool
	// words is how many had approved when it was judged last.
	words int
}

// words are those who approved of a plan: of exactly this one, or of the one that is pending and does
// all that this one does. So a plan that people are asked about stays the same while devices come and
// go that have less to do.
func (l *loop) words(ctx context.Context, file planfile.File, plan planner.Plan) []string {
	if l.Approved == nil {
		return nil
	}
	who, err := l.Approved(ctx, file)
	if err == nil && len(who) == 0 && l.ask != nil && l.ask.plan.Covers(plan) {
		who, err = l.Approved(ctx, l.ask.file)
	}
	if err != nil {
		l.Log.Warn("who approved is not known", "error", err)
	}
	return who
}

// publishPending asks people about a plan, unless they are asked about it already.
func (l *loop) publishPending(ctx context.Context, file planfile.File, plan planner.Plan, words int) {
	if l.ask != nil && l.ask.plan.Covers(plan) {
		l.ask.fresh, l.ask.words = true, words
		return
	}
	l.ask = &pending{file, plan, true, words}
	if l.Publish != nil && l.held.Lead && l.Mode != DryRun {
		ctx, cancel := context.WithTimeout(ctx, goodbye)
		defer cancel()
		if err := l.Publish(ctx, PendingKey, file.JSON()); err != nil {
			l.Log.Warn("the pending plan is not published; muster plan --out makes the same, to be approved", "error", err)
		}
	}
}

// pendingPlan is the digest of the plan that people are asked about.
func (l *loop) pendingPlan() algebra.Digest {
	if l.ask == nil {
		return algebra.Digest{}
	}
	return l.ask.file.Digest()
}

// listening reports that people were asked about the plan as it still is, that nobody has spoken
// since, and that it is too early to have it judged again for nothing.
func (l *loop) listening(ctx context.Context) bool {
	if l.ask == nil || !l.ask.fresh || !l.again.After(l.Now()) {
		return false
	}
	who, err := l.Approved(ctx, l.ask.file)
	return err == nil && len(who) <= l.ask.words
}
