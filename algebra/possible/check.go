package possible

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/analysis"
)

// Finding is one thing to say about a World.
type Finding struct {
	// Source is what it is about; Other is a second place, if there is one.
	Source, Other algebra.Source
	Message, Hint string
	// Witness is a device that shows it; nil where none is needed.
	Witness *analysis.Device
	// Unproved says that a theorem of the World does not hold, or was too large to prove: no
	// World may have such a one.
	Unproved bool
}

// mostConflicts is how many conflicts one World reports: more of them have one cause.
const mostConflicts = 100

// Check lists what is suspicious about a World for any device there could be: conflicts, rules
// that never apply, fleets with no device or with all by accident, waves that no device reaches,
// and theorems that do not hold. What would take too much memory to decide is a finding too.
func Check(w algebra.World) []Finding {
	c := checker{world: w}
	var err error
	if c.survey, err = newSurvey(options(), Claims(w)); err != nil {
		c.undecided(algebra.Source{}, "conflicts", err)
		c.survey = &survey{}
	}
	for _, f := range w.Fleets {
		if f.Taken == nil {
			c.trivial(f, "@"+f.Name)
		}
	}
	c.rules()
	c.conflicts()
	for _, r := range w.Rollouts {
		c.waves(r)
	}
	for _, t := range w.Theorems {
		c.theorem(t)
	}
	slices.SortStableFunc(c.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Source.File, b.Source.File), cmp.Compare(a.Source.Line, b.Source.Line))
	})
	return c.found
}

type checker struct {
	*survey
	world algebra.World
	found []Finding
}

// options read the time as the Unix epoch: what a World says of all devices must not depend on
// when it is read.
func options() analysis.Options { return analysis.Options{Now: time.Unix(0, 0).UTC()} }

func (c *checker) add(f Finding) { c.found = append(c.found, f) }

// undecided notes what was too large.
func (c *checker) undecided(at algebra.Source, what string, err error) {
	c.add(Finding{Source: at, Message: fmt.Sprintf("%s: not decided: %s", what, err), Hint: "name a smaller part of it, or split the World"})
}

// trivial notes a fleet that has no possible device, or every one though it does not say so.
func (c *checker) trivial(f algebra.Definition, what string) {
	if isTrivial(f.Expr) {
		return
	}
	s, err := analysis.NewSpace(options(), analysis.Of(f.Expr))
	if err != nil {
		c.undecided(f.Source, what, err)
		return
	}
	set := s.Set(0)
	if empty, err := set.IsEmpty(); err == nil && empty {
		c.add(Finding{Source: f.Source, Message: what + ": no device can be in it", Hint: "muster analyze sat shows the parts that clash; write none if that is meant"})
		return
	}
	if all, err := s.All().Within(set); err == nil && all {
		c.add(Finding{Source: f.Source, Message: what + ": every device is in it", Hint: "write all or true if that is meant"})
	}
}

// isTrivial reports whether the expression says itself that it is all or nothing, or is but a
// name, of which that is told where it is defined.
func isTrivial(b *selectors.Bound) bool {
	_, constant := b.Expr().(selectors.Const)
	_, universe := b.Expr().(selectors.Universe)
	_, name := b.Expr().(selectors.Name)
	return constant || universe || name
}

// rules notes claims that no device gets, and those that others of higher priority always take.
func (c *checker) rules() {
	for i, claim := range c.all {
		what := fmt.Sprintf("%s: the rule for %s", claim.By, claim.Deployment())
		if c.empty[i] {
			if x, ok := claim.Rule.From.(selectors.Universe); !ok || !x.Empty {
				c.add(Finding{Source: claim.Source, Message: what + " never applies: no device can be in its fleet"})
			}
			continue
		}
		over := c.above(i)
		if len(over) == 0 {
			continue
		}
		s, err := analysis.NewSpace(options(), c.wins(i))
		if err != nil {
			c.undecided(claim.Source, what, err)
			continue
		}
		if taken, err := s.Set(0).IsEmpty(); err == nil && taken {
			c.add(Finding{Source: claim.Source, Message: what + " never applies: rules of higher priority take each of its devices",
				Hint: "take it out, or give it a higher priority"})
		}
	}
}

func (c *checker) conflicts() {
	found, err := c.survey.conflicts(HoldingsOf(c.world), mostConflicts)
	if err != nil {
		c.undecided(algebra.Source{}, "conflicts", err)
	}
	for _, x := range found {
		message := fmt.Sprintf("%s and %s can give one device %s and %s", x.A.By, x.B.By, x.A.Deployment(), x.B.Deployment())
		hint := "make their fleets disjoint, or give one of them a higher priority"
		if x.Resource == "" {
			message += fmt.Sprintf(", both at priority %d", x.A.Priority)
		} else {
			message += fmt.Sprintf(", which both hold %s", x.Resource)
			hint = "make their fleets disjoint, or let one of them hold something else"
		}
		c.add(Finding{Source: x.B.Source, Other: x.A.Source, Message: message, Hint: hint, Witness: &x.Witness})
	}
	if len(found) == mostConflicts {
		c.add(Finding{Message: fmt.Sprintf("there may be more conflicts than the %d that are told", mostConflicts)})
	}
}

// ruleText is the rule of a claim as the language has it.
func ruleText(c Claim) string { return selectors.Print(c.Rule) }
