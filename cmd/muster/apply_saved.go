package main

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/selectors"
)

// Where a saved plan says what it was made from, as the paths were given then. Its digest does
// not cover this: what is found there is held against the digest of the World.
const (
	worldNote    = "muster.fleet/world"
	policiesNote = "muster.fleet/policies"
)

// saved is a plan file that is to be carried out.
type saved struct {
	name string
	file planfile.File
	plan planner.Plan
}

// load reads the plan, and takes from it what the flags leave open. Policies are never fewer
// than those the plan was shown with.
func (a *applyingFlags) load(name string) (saved, error) {
	f, err := a.console.loadPlan(name)
	if err != nil {
		return saved{}, err
	}
	a.world = cmp.Or(a.world, f.Metadata.Annotations[worldNote])
	a.judging.dir = cmp.Or(a.judging.dir, f.Metadata.Annotations[policiesNote])
	if a.world == "" {
		return saved{}, errors.New("apply: the plan does not say where its World is; name the directory by -w DIR")
	}
	plan, err := f.Plan(nil, nil)
	return saved{name, f, plan}, err
}

// current is what of the plan is to be carried out now, which newer does too. Where nothing
// is, it tells why, and what a plan would do by now; the error is stale.
func (s saved) current(c *console, w algebra.World, r algebra.Reality, newer planner.Plan) (planner.Plan, error) {
	if w.Digest() != s.plan.World {
		return planner.Plan{}, s.refuse(c, newer, "the World was changed since the plan was made: it was %s, and is %s", s.plan.World.Short(), w.Digest().Short())
	}
	moved := s.plan.Moved(w, r)
	if len(s.plan.Base) > 0 && len(moved) == len(s.plan.Base) {
		if len(s.plan.Changes) > 0 && s.plan.Done(r) {
			return planner.Plan{}, s.refuse(c, newer, "the plan is applied already: what it wants is published to all %s it touches", counted(len(s.plan.Base), "device", "devices"))
		}
		return planner.Plan{}, s.refuse(c, newer, "%s", devicesMoved(moved, len(s.plan.Base)))
	}
	if len(moved) > 0 {
		c.note("plan again for them", "%s; left to the next plan", devicesMoved(moved, len(s.plan.Base)))
	}
	return s.plan.Still(newer, moved), nil
}

// devicesMoved says which devices moved, by what moved.
func devicesMoved(moved []planner.Move, of int) string {
	names, order := map[string][]string{}, []string{}
	for _, m := range moved {
		if names[m.Why] == nil {
			order = append(order, m.Why)
		}
		names[m.Why] = append(names[m.Why], m.Device.String())
	}
	text := fmt.Sprintf("%d of %s moved since the plan was made", len(moved), counted(of, "device", "devices"))
	for _, why := range order {
		text += fmt.Sprintf("; %s: %s", selectors.Fold(names[why]), why)
	}
	return text
}

// refuse tells why a plan is stale, and what changed: how a plan made now differs from it.
func (s saved) refuse(c *console, newer planner.Plan, format string, args ...any) error {
	c.diagnose(diag.List{{Severity: diag.Error, File: s.name, Message: "stale: " + fmt.Sprintf(format, args...),
		Hint: "plan again; muster show still shows this one"}})
	d := planner.Compare(s.plan, newer)
	if !d.IsEmpty() {
		fmt.Fprint(c.errw, "\n"+d.Text(planner.Style{Color: c.color(c.errw), Width: c.columns()}, "A plan made now does besides", "It does no longer"))
	}
	return stale
}

// note adds where a plan was made.
func note(annotations map[string]string, world, policies string) {
	annotations[worldNote] = world
	if policies != "" {
		annotations[policiesNote] = policies
	}
}
