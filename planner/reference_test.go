package planner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/proofs/reference"
)

// planning is planner.Make, or a variant with a planted bug.
type planning func(algebra.World, algebra.Reality) planner.Plan

// said is a plan in words that both the planner and the oracle can be brought to.
func said(actions []reference.Action, blocked map[reference.Slot]string, relabels reference.Set, running int, inFlight map[reference.Slot]bool) string {
	var lines []string
	for _, a := range actions {
		lines = append(lines, fmt.Sprintf("%s/%s %v -> %v", a.At.Device, a.At.App, a.Have, a.Want))
	}
	for at, why := range blocked {
		lines = append(lines, fmt.Sprintf("%s/%s blocked by %s", at.Device, at.App, why))
	}
	for id := range relabels {
		lines = append(lines, "relabel "+id)
	}
	for at := range inFlight {
		lines = append(lines, fmt.Sprintf("%s/%s in flight", at.Device, at.App))
	}
	slices.Sort(lines)
	return strings.Join(append(lines, fmt.Sprintf("%d run as wanted", running)), "\n")
}

func saidByPlanner(p planner.Plan) string {
	blocked, relabels, inFlight := map[reference.Slot]string{}, reference.Set{}, map[reference.Slot]bool{}
	for _, b := range p.Blocked {
		blocked[slotOf(b.At)] = b.Why.String()
	}
	for _, c := range p.Registry {
		relabels[c.Device.String()] = true
	}
	for _, f := range p.InFlight {
		inFlight[slotOf(f.At)] = true
	}
	return said(referenceActions(p.Actions()), blocked, relabels, p.Unchanged, inFlight)
}

func slotOf(t planner.Target) reference.Slot {
	return reference.Slot{Device: t.Device.String(), App: t.App.String()}
}

func referenceActions(actions []planner.Action) []reference.Action {
	var out []reference.Action
	for _, a := range actions {
		r := reference.Action{At: slotOf(a.Target())}
		switch a := a.(type) {
		case planner.Start:
			r.Want = algebratest.ReferenceRelease(a.Want)
		case planner.Replace:
			r.Have, r.Want = algebratest.ReferenceRelease(a.Have), algebratest.ReferenceRelease(a.Want)
		case planner.Stop:
			r.Have = algebratest.ReferenceRelease(a.Have)
		}
		out = append(out, r)
	}
	return out
}

func oracle(s algebratest.Situation) string {
	p := s.ReferenceWorld().Make(s.ReferenceReality())
	return said(p.Actions, p.Blocked, p.Relabels, p.Running, p.InFlight)
}

// matchesReference compares all of a plan with the oracle's.
func matchesReference(make planning) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation) (bool, error) {
		if have, want := saidByPlanner(make(s.World, s.Reality())), oracle(s); have != want {
			return false, fmt.Errorf("planner:\n%s\noracle:\n%s", have, want)
		}
		return true, nil
	}, algebratest.Situations())
}

// TestMakeIsTheReference counts besides that every kind of slot occurs in at least one case of
// twenty.
func TestMakeIsTheReference(t *testing.T) {
	const runs = 2000
	met, total := map[string]int{}, 0
	counting := func(w algebra.World, r algebra.Reality) planner.Plan {
		plan := planner.Make(w, r)
		total++
		for class := range classes(plan) {
			met[class]++
		}
		return plan
	}
	algebratest.Law(t, runs)(matchesReference(counting))
	for _, class := range []string{
		"start", "replace", "stop", "no-op", "in flight", "relabel", "retired", "values changed",
		"conflict", "resource_clash", "requirement_missing", "refused_by_device", "device_revoked", "value_missing",
	} {
		t.Logf("%-20s %4.1f %%", class, 100*float64(met[class])/float64(total))
		if met[class]*20 < total {
			t.Errorf("%s: in %d of %d cases, want one of twenty", class, met[class], total)
		}
	}
}

// classes are the kinds of slots that a plan has.
func classes(p planner.Plan) map[string]bool {
	out := map[string]bool{}
	for _, c := range p.Changes {
		switch c.Action.(type) {
		case planner.Start:
			out["start"] = true
		case planner.Replace:
			out["replace"] = true
		case planner.Stop:
			out["stop"] = true
		}
		if c.Reason == planner.Retired {
			out["retired"] = true
		}
		if c.Reason == planner.ValuesChanged {
			out["values changed"] = true
		}
	}
	for _, b := range p.Blocked {
		out[b.Why.String()] = true
	}
	if p.Unchanged > 0 {
		out["no-op"] = true
	}
	if len(p.InFlight) > 0 {
		out["in flight"] = true
	}
	if len(p.Registry) > 0 {
		out["relabel"] = true
	}
	return out
}
