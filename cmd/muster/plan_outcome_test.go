package main

import (
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/policies"
)

// outcomeLaw: the exit code follows from what is in the plan and what policies say of it, and
// from nothing else: 0 iff there is no action and no conflict, and always without the flag.
func outcomeLaw(outcome func(planning, planner.Plan, policies.Report) error, seen map[error]int) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation, on uint32, denies, detailed bool) bool {
		p := planner.Make(s.World, s.Reality())
		if p.Roster.Len() > 0 { // of one device, so that plans with one kind of entry are common
			p = p.Only(p.Roster.Among([]uint32{on % uint32(p.Roster.Len())}))
		}
		var report policies.Report
		if denies {
			report.Results = []policies.Result{{Rule: "no", Level: policies.Deny}}
		}
		want := error(nil)
		if actions := len(p.Changes)+len(p.Registry) > 0; detailed {
			switch {
			case actions && denies:
				want = denied
			case p.HasConflict():
				want = conflict
			case actions:
				want = changed
			}
		}
		seen[want]++
		return outcome(planning{detailed: detailed}, p, report) == want
	}, algebratest.Situations(), gen.UInt32(), gen.Bool(), gen.Bool())
}

func (p planning) outcomeOf(plan planner.Plan, report policies.Report) error {
	return p.outcome(plan, report)
}

const outcomes = 300

func TestExitCodeFollowsThePlan(t *testing.T) {
	seen := map[error]int{}
	algebratest.Law(t, outcomes)(outcomeLaw(planning.outcomeOf, seen))
	for _, want := range []error{nil, changed, denied, conflict} {
		if seen[want] < outcomes/50 {
			t.Errorf("%v in %d of %d cases only", want, seen[want], outcomes)
		}
	}
}

func TestExitCodeLawSeesWrongOnes(t *testing.T) {
	plant := algebratest.Planted(t, outcomes)
	ignored := map[error]int{}
	plant("blocked is changed", outcomeLaw(func(p planning, plan planner.Plan, r policies.Report) error {
		if p.detailed && len(plan.Blocked) > 0 && plan.IsEmpty() {
			return changed
		}
		return p.outcome(plan, r)
	}, ignored))
	plant("the registry does not count", outcomeLaw(func(p planning, plan planner.Plan, r policies.Report) error {
		plan.Registry = nil
		return p.outcome(plan, r)
	}, ignored))
}
