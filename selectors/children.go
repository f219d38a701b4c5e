package selectors

import "fmt"

// Children are the expressions that x consists of, in the order they are written. Those inside
// a quantifier are about an element, not about a device.
func Children(x Expr) []Expr {
	switch x := x.(type) {
	case Const, Compare, In, Glob, Contains, Has, Within, Sample, Name, Universe, Nodes:
		return nil
	case Not:
		return []Expr{x.X}
	case Quant:
		return []Expr{x.By}
	case Binary:
		return []Expr{x.L, x.R}
	case Filter:
		return []Expr{x.X, x.By}
	case Take:
		return []Expr{x.X}
	case Rule:
		return []Expr{x.From}
	}
	panic(fmt.Sprintf("selectors: unknown expression %T", x))
}
