package selectors

import "fmt"

// Matches reports whether the selector admits the device. It panics unless the sort is
// SelectorSort.
//
// Laws: it is a homomorphism: !, & and | on selectors are not, and, or on what they match.
func (b *Bound) Matches(d Attributes) bool {
	if b.sort != SelectorSort {
		panic("selectors: Matches of " + b.sort.String())
	}
	return b.matches(b.expr, d)
}

func (b *Bound) matches(x Expr, d Attributes) bool {
	switch x := x.(type) {
	case Const:
		return x.Value
	case Compare:
		return x.Holds(d.Value(x.Key))
	case In:
		return x.Holds(d.Value(x.Key))
	case Has:
		return x.Holds(d.Value(x.Key))
	case Not:
		return !b.matches(x.X, d)
	case Binary:
		if x.Op == And {
			return b.matches(x.L, d) && b.matches(x.R, d)
		}
		return b.matches(x.L, d) || b.matches(x.R, d)
	case Name:
		return b.names[x.Name].Matches(d)
	case Universe, Nodes, Filter, Rule:
		panic(fmt.Sprintf("selectors: %T in a selector", x))
	}
	panic(fmt.Sprintf("selectors: unknown expression %T", x))
}

// String is what a sort is called in sentences.
func (s Sort) String() string {
	switch s {
	case SelectorSort:
		return "a selector"
	case FleetSort:
		return "a fleet"
	case AssignmentSort:
		return "an assignment"
	}
	return fmt.Sprintf("Sort(%d)", uint8(s))
}
