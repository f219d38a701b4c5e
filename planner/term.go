package planner

import (
	"fmt"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// term is one of the ways in which an assignment makes a claim: the devices it is made at,
// and what selects them, in words.
type term struct {
	expr  selectors.Expr
	text  string
	fleet algebra.Fleet
}

func newTerm(x selectors.Expr, f algebra.Fleet) term { return term{x, selectors.Print(x), f} }

// made names a claim of a definition.
type made struct {
	definition string
	deployment algebra.DeploymentRef
	priority   int
}

// term says what selects the device for the claim: the first of the alternatives that holds.
func (m *making) term(def algebra.Definition, c algebra.Claim, i uint32) string {
	key := made{def.Name, c.Deployment.Ref(), c.Priority}
	terms, ok := m.terms[key]
	if !ok {
		terms = m.termsOf(def.Expr, def.Expr.Expr(), key)
		m.terms[key] = terms
	}
	for _, t := range terms {
		if t.fleet.Contains(i) {
			return t.text
		}
	}
	return ""
}

// termsOf takes an assignment apart at its unions, and the fleets of its rules too. What a
// difference or an intersection takes away from a claim is looked at no further: the claim is made.
func (m *making) termsOf(b *selectors.Bound, x selectors.Expr, key made) []term {
	switch x := x.(type) {
	case selectors.Rule:
		places := func(d selectors.DeployRef) bool {
			return d.App == key.deployment.App.String() && d.Version == key.deployment.Version.String()
		}
		if x.Priority != key.priority || !slices.ContainsFunc(x.Deploy, places) {
			return nil
		}
		return m.alternatives(b, x.From)
	case selectors.Name:
		return m.termsOf(b.Name(x.Name), b.Name(x.Name).Expr(), key)
	case selectors.Filter:
		by := m.demand.Fleet(b.Part(x.By))
		var out []term
		for _, t := range m.termsOf(b, x.X, key) {
			out = append(out, newTerm(selectors.Filter{X: t.expr, By: x.By}, t.fleet.Intersect(by)))
		}
		return out
	case selectors.Binary:
		out := m.termsOf(b, x.L, key)
		if x.Op == selectors.Or {
			out = append(out, m.termsOf(b, x.R, key)...)
		}
		return out
	case selectors.Const, selectors.Compare, selectors.In, selectors.Glob, selectors.Contains, selectors.Has, selectors.Within,
		selectors.Quant, selectors.Sample, selectors.Not, selectors.Universe, selectors.Nodes, selectors.Take:
	}
	panic(fmt.Sprintf("planner: %T is no assignment", x))
}

func (m *making) alternatives(b *selectors.Bound, x selectors.Expr) []term {
	if y, ok := x.(selectors.Binary); ok && y.Op == selectors.Or {
		return append(m.alternatives(b, y.L), m.alternatives(b, y.R)...)
	}
	return []term{newTerm(x, m.demand.Fleet(b.Part(x)))}
}
