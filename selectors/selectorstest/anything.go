package selectorstest

import (
	"math/rand"

	"github.com/leanovate/gopter"

	"github.com/musterfleet/muster/selectors"
)

// Anything makes trees by their shape alone: any part may be of the wrong sort for where it
// stands, as in what people write before Bind has told them.
func (v Vocabulary) Anything() gopter.Gen {
	return generate(func(r *rand.Rand) selectors.Expr { return v.anything(r, r.Intn(depth)) })
}

func (v Vocabulary) anything(r *rand.Rand, d int) selectors.Expr {
	if d == 0 {
		return pick(r, []func(*rand.Rand) selectors.Expr{v.leaf, v.fleetLeaf, v.assignmentLeaf, v.anyName})(r)
	}
	part := func() selectors.Expr { return v.anything(r, r.Intn(d)) }
	switch r.Intn(8) {
	case 0:
		return selectors.Not{X: part()}
	case 1:
		return selectors.Filter{X: part(), By: part()}
	case 2:
		return selectors.Rule{From: part(), Deploy: []selectors.DeployRef{{App: "agent", Version: "0.9"}}}
	case 3:
		return selectors.Take{X: part(), Amount: selectors.Amount{Count: 1}}
	}
	op := pick(r, []selectors.BinaryOp{selectors.Or, selectors.And, selectors.Minus, selectors.Xor})
	return selectors.Binary{Op: op, L: part(), R: part()}
}

func (v Vocabulary) anyName(r *rand.Rand) selectors.Expr {
	return selectors.Name{Name: pick(r, v.namesOf(selectors.SelectorSort, selectors.FleetSort, selectors.AssignmentSort))}
}
