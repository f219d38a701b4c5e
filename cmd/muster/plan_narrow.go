package main

import (
	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/selectors"
)

// narrowing is the devices that a plan is asked to keep to.
type narrowing struct{ only, except string }

func (n *narrowing) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&n.only, "only", "", "plan for the devices of `EXPR` alone, a selector or a fleet")
	cmd.Flags().StringVar(&n.except, "except", "", "leave out the devices of `EXPR`, a selector or a fleet")
}

// given reports whether anything is to be left out.
func (n narrowing) given() bool { return n.only != "" || n.except != "" }

// of is that part of a plan. The expressions may use the World's names, and see labels as they
// will be. What one app requires of another is on one device, so no part tears them apart.
func (n narrowing) of(plan planner.Plan, world algebra.World, reality algebra.Reality) (planner.Plan, error) {
	if !n.given() {
		return plan, nil
	}
	g := ground{world: world, declared: true, reality: reality, roster: plan.Roster, demand: world.On(reality.Of(plan.Roster))}
	keep := plan.Roster.All()
	for _, e := range []struct {
		flag, text string
		join       func(algebra.Fleet, algebra.Fleet) algebra.Fleet
	}{{"--only", n.only, algebra.Fleet.Intersect}, {"--except", n.except, algebra.Fleet.Minus}} {
		if e.text == "" {
			continue
		}
		f, err := g.named(e.flag, e.text)
		if err != nil {
			return plan, err
		}
		keep = e.join(keep, f)
	}
	return plan.Only(keep), nil
}

// named evaluates a selector or fleet that a flag gives.
func (g ground) named(flag, text string) (algebra.Fleet, error) {
	at := diag.Source{File: flag, Line: 1, Text: text}
	expr, err := selectors.Parse(text)
	if err != nil {
		return algebra.Fleet{}, placed(at, err)
	}
	bound, err := g.bind(expr, g.scope(), at)
	if err != nil {
		return algebra.Fleet{}, err
	}
	if bound.Sort() == selectors.AssignmentSort {
		return algebra.Fleet{}, diag.List{at.At(expr.Span().Start, expr.Span().End, "this is an assignment", "name devices: a selector or a fleet")}
	}
	return g.demand.Fleet(bound), nil
}
