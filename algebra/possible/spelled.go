package possible

import (
	"fmt"

	"github.com/musterfleet/muster/selectors"
)

// spelled is an expression with the definition of each name in its place, so that expressions of
// two Worlds can stand side by side. What cannot be written without names stays as it is.
func spelled(b *selectors.Bound) *selectors.Bound {
	if b == nil {
		return nil
	}
	out, err := selectors.Bind(spell(b, b.Expr()), selectors.Scope{})
	if err != nil {
		return b
	}
	return out
}

// spell makes fleets of selectors where a name was taken for a fleet.
func spell(b *selectors.Bound, x selectors.Expr) selectors.Expr {
	switch x := x.(type) {
	case selectors.Name:
		definition := b.Name(x.Name)
		return spell(definition, definition.Expr())
	case selectors.Not:
		x.X = spell(b, x.X)
		return x
	case selectors.Binary:
		x.L, x.R = spell(b, x.L), spell(b, x.R)
		switch x.Op {
		case selectors.And, selectors.Or:
			if !isRules(x.L) && !isRules(x.R) {
				x.L, x.R = alike(x.L, x.R)
			}
		case selectors.Minus, selectors.Xor:
			if !isRules(x.L) {
				x.L, x.R = lifted(x.L), lifted(x.R)
			}
		}
		return x
	case selectors.Filter:
		x.X, x.By = spell(b, x.X), spell(b, x.By)
		if !isRules(x.X) {
			x.X = lifted(x.X)
		}
		return x
	case selectors.Take:
		x.X = lifted(spell(b, x.X))
		return x
	case selectors.Rule:
		x.From = spell(b, x.From)
		return x
	case selectors.Const, selectors.Compare, selectors.In, selectors.Glob, selectors.Contains, selectors.Has, selectors.Within,
		selectors.Quant, selectors.Sample, selectors.Universe, selectors.Nodes:
		return x
	}
	panic(fmt.Sprintf("possible: unknown expression %T", x))
}

// isRules reports whether an expression without names is an assignment.
func isRules(x selectors.Expr) bool {
	switch x := x.(type) {
	case selectors.Rule:
		return true
	case selectors.Filter:
		return isRules(x.X)
	case selectors.Binary:
		return isRules(x.L)
	case selectors.Const, selectors.Compare, selectors.In, selectors.Glob, selectors.Contains, selectors.Has, selectors.Within,
		selectors.Quant, selectors.Sample, selectors.Universe, selectors.Nodes, selectors.Take, selectors.Not, selectors.Name:
	}
	return false
}
