package possible

import (
	"fmt"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/analysis"
)

// Claim is a deployment that a rule gives to devices.
type Claim struct {
	App, Version string
	Priority     int
	// On is true of the devices that get it.
	On analysis.Predicate
	// By is the assignment with the rule, and Source where it stands; zero for an expression.
	By     string
	Source algebra.Source
	// Rule is the rule as written.
	Rule selectors.Rule
	// fleet is On as an expression of the scope of the assignment; nil where that is not known.
	fleet selectors.Expr
}

// Deployment is web@2.1.0.
func (c Claim) Deployment() string { return c.App + "@" + c.Version }

// ref names the deployment as the World does.
func (c Claim) ref() selectors.DeployRef { return selectors.DeployRef{App: c.App, Version: c.Version} }

// Claims are those of the assignments that are not abstract.
func Claims(w algebra.World) []Claim {
	var out []Claim
	for _, a := range w.Assignments {
		if a.Abstract {
			continue
		}
		for _, c := range Of(a.Expr) {
			c.By, c.Source = a.Name, a.Source
			out = append(out, c)
		}
	}
	return out
}

// Of are the claims of an assignment. The operations of assignments are those of sets of claims.
func Of(b *selectors.Bound) []Claim { return claims(b, b.Expr()) }

func claims(b *selectors.Bound, x selectors.Expr) []Claim {
	switch x := x.(type) {
	case selectors.Rule:
		var out []Claim
		for _, d := range x.Deploy {
			out = append(out, Claim{App: d.App, Version: d.Version, Priority: x.Priority, On: analysis.Part(b, x.From), Rule: x, fleet: x.From})
		}
		return out
	case selectors.Filter:
		out := claims(b, x.X)
		for i := range out {
			out[i].On = analysis.Both(out[i].On, analysis.Part(b, x.By))
			if out[i].fleet != nil {
				out[i].fleet = joined(selectors.And, out[i].fleet, x.By)
			}
		}
		return out
	case selectors.Name:
		return Of(b.Name(x.Name))
	case selectors.Binary:
		l, r := claims(b, x.L), claims(b, x.R)
		switch x.Op {
		case selectors.Or:
			return append(l, r...)
		case selectors.And, selectors.Minus:
			for i := range l {
				on := same(l[i], r)
				if x.Op == selectors.Minus {
					on = analysis.Not(on)
				}
				l[i].On = analysis.Both(l[i].On, on)
				l[i].fleet = nil
			}
			return l
		case selectors.Xor:
		}
	case selectors.Const, selectors.Compare, selectors.In, selectors.Glob, selectors.Contains, selectors.Has, selectors.Within,
		selectors.Quant, selectors.Sample, selectors.Not, selectors.Universe, selectors.Nodes, selectors.Take:
	}
	panic(fmt.Sprintf("possible: %T is no assignment", x))
}

// same is where one of the claims is made that c is.
func same(c Claim, among []Claim) analysis.Predicate {
	var on []analysis.Predicate
	for _, d := range among {
		if d.ref() == c.ref() && d.Priority == c.Priority {
			on = append(on, d.On)
		}
	}
	return analysis.Either(on...)
}
