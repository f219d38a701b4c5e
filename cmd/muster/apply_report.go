package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/selectors"
)

// report says how it ended. Done is the outcome of a run that is through.
func (a *applyingFlags) report(o executor.Outcome, err error, took time.Duration, done error) error {
	to := a.console.out
	if a.machines() {
		to = a.console.errw
	}
	run, n := o.Run, o.Count
	took = took.Round(10 * time.Millisecond)
	switch {
	case errors.Is(err, executor.ErrStale):
		a.console.diagnose(diag.List{{Severity: diag.Error, Message: err.Error()}})
		return stale
	case errors.Is(err, executor.ErrHeld):
		return fmt.Errorf("%w; wait for it, or `muster rollout list`", err)
	case errors.Is(err, executor.ErrOwned):
		a.console.diagnose(diag.List{{Severity: diag.Error, Message: err.Error(), Hint: "--take-over does; serve goes on once its own World is changed"}})
		return exit(1)
	case errors.Is(err, context.Canceled) && run.Status != 0:
		fmt.Fprintf(to, "Left as it stands after %s: %s. The run is %s.\n%s", took, countText(n), run.ID, hints("apply --attach", "rollout cancel", run.ID))
		return exit(1)
	case err != nil:
		return err
	}
	fmt.Fprint(to, leftText(o.Left))
	switch run.Status {
	case wire.RunSucceeded:
		fmt.Fprintf(to, "Done: %s as declared, in %s.\n", counted(n.Healthy, "device runs", "devices run"), took)
		return done
	case wire.RunCancelled:
		fmt.Fprintf(to, "Cancelled after %s: %s; what is published stays.\n", took, countText(n))
	case wire.RunFailed:
		fmt.Fprintf(to, "Not done after %s: %s; %s.\n", took, run.Reason, countText(n))
		if slices.ContainsFunc(run.Lanes, func(l wire.Lane) bool { return l.State == wire.LaneRolledBack }) {
			fmt.Fprint(to, "What failed is in quarantine until the World has another version, or:\n"+hints("rollout retry", run.ID))
		}
	case wire.RunActive, wire.RunPaused, wire.RunCancelling:
		fmt.Fprintf(to, "Held after %s: %s.\n", took, countText(n))
		for _, l := range run.Lanes {
			if l.State == wire.LaneHeld {
				fmt.Fprintf(to, "  %s: %s\n", cmp.Or(l.Rollout, "default"), l.Reason)
			}
		}
		fmt.Fprint(to, hints("rollout approve", "rollout resume", "rollout cancel", run.ID)+"Then:\n"+hints("apply --attach", run.ID))
	}
	return exit(1)
}

// hints are commands on a run, the last argument.
func hints(verbs ...string) string {
	text := ""
	for _, v := range verbs[:len(verbs)-1] {
		text += "  muster " + v + " " + verbs[len(verbs)-1] + "\n"
	}
	return text
}

// mostReasons is how many reasons are told of what is left.
const mostReasons = 12

// leftText names the devices that are left, by why.
func leftText(left []rollout.Left) string {
	why := map[string][]string{}
	var order []string
	for _, l := range left {
		if why[l.Why] == nil {
			order = append(order, l.Why)
		}
		why[l.Why] = append(why[l.Why], l.Device.String())
	}
	text := ""
	for i, reason := range order {
		if i == mostReasons {
			return text + fmt.Sprintf("  and %d more reasons\n", len(order)-i)
		}
		text += fmt.Sprintf("  %s: %s\n", selectors.Fold(why[reason]), reason)
	}
	return text
}

// conflictOf is the exit code that says a conflict blocks a slot.
func conflictOf(plan planner.Plan) error {
	if plan.HasConflict() {
		return conflict
	}
	return nil
}
