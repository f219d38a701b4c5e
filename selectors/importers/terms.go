package importers

import "github.com/musterfleet/muster/selectors"

// term is what a part of a text denotes: a selector, or a fleet where names or nodes occur.
type term struct {
	x     selectors.Expr
	fleet bool
}

func selector(x selectors.Expr) term { return term{x: x} }
func fleet(x selectors.Expr) term    { return term{x: x, fleet: true} }

// asFleet is the term where a fleet is needed: a selector is taken of all devices.
func (t term) asFleet() selectors.Expr {
	if t.fleet {
		return t.x
	}
	if c, ok := t.x.(selectors.Const); ok {
		return selectors.Universe{Empty: !c.Value}
	}
	return selectors.Filter{X: selectors.Universe{}, By: t.x}
}

// everything reports whether the term is true or all.
func (t term) everything() bool {
	c, isConst := t.x.(selectors.Const)
	u, isUniverse := t.x.(selectors.Universe)
	return isConst && c.Value || isUniverse && !u.Empty
}

// nothing reports whether the term is false or none.
func (t term) nothing() bool {
	c, isConst := t.x.(selectors.Const)
	u, isUniverse := t.x.(selectors.Universe)
	n, isNodes := t.x.(selectors.Nodes)
	return isConst && !c.Value || isUniverse && u.Empty || isNodes && len(n.Names) == 0
}

func union(a, b term) term {
	if a.fleet != b.fleet {
		return fleet(join(selectors.Or, a.asFleet(), b.asFleet()))
	}
	return term{join(selectors.Or, a.x, b.x), a.fleet}
}

// intersection of a fleet and a selector is a filter.
func intersection(a, b term) term {
	switch {
	case a.everything():
		return b
	case b.everything():
		return a
	case a.fleet && !b.fleet:
		return fleet(selectors.Filter{X: a.x, By: b.x})
	case b.fleet && !a.fleet:
		return fleet(selectors.Filter{X: b.x, By: a.x})
	}
	return term{join(selectors.And, a.x, b.x), a.fleet}
}

func difference(a, b term) term {
	switch {
	case b.nothing():
		return a
	case !b.fleet:
		return intersection(a, complement(b))
	}
	return fleet(join(selectors.Minus, a.asFleet(), b.x))
}

func symmetric(a, b term) term {
	return fleet(join(selectors.Xor, a.asFleet(), b.asFleet()))
}

func complement(t term) term {
	if t.fleet {
		return fleet(join(selectors.Minus, selectors.Universe{}, t.x))
	}
	return selector(negated(t.x))
}

// negated is the complement of a selector, a comparison by its twin.
func negated(x selectors.Expr) selectors.Expr {
	switch x := x.(type) {
	case selectors.Const:
		x.Value = !x.Value
		return x
	case selectors.In:
		x.Negated = !x.Negated
		return x
	case selectors.Glob:
		x.Negated = !x.Negated
		return x
	case selectors.Contains:
		x.Negated = !x.Negated
		return x
	case selectors.Not:
		return x.X
	case selectors.Compare:
		if op, ok := twins[x.Op]; ok {
			x.Op = op
			return x
		}
	case selectors.Has, selectors.Within, selectors.Quant, selectors.Sample, selectors.Binary, selectors.Name, selectors.Universe, selectors.Nodes, selectors.Filter, selectors.Take, selectors.Rule:
	}
	return selectors.Not{X: x}
}

// twins are the operators that have a complement.
var twins = map[selectors.CompareOp]selectors.CompareOp{
	selectors.Equal: selectors.NotEqual, selectors.NotEqual: selectors.Equal,
	selectors.Matches: selectors.NotMatches, selectors.NotMatches: selectors.Matches,
}

func join(op selectors.BinaryOp, l, r selectors.Expr) selectors.Expr {
	return selectors.Binary{Op: op, L: l, R: r}
}

// chain joins a list from left to right, which prints without parentheses. The list is not empty.
func chain(list []term, with func(a, b term) term) term {
	out := list[0]
	for _, t := range list[1:] {
		out = with(out, t)
	}
	return out
}

func labelKey(name string) selectors.Key { return selectors.Key{Label: true, Name: name} }

// nameKey is the id of a device, which all these tools know their hosts by.
var nameKey = selectors.Key{Name: "name"}

func text(s string) selectors.Value { return selectors.Value{Text: s, Quoted: true} }

func equal(k selectors.Key, value string) selectors.Expr {
	return selectors.Compare{Key: k, Op: selectors.Equal, Value: text(value)}
}

func matches(k selectors.Key, pattern string) selectors.Expr {
	return selectors.Compare{Key: k, Op: selectors.Matches, Value: text(pattern)}
}

// anyOf is the key being one of the values; there is at least one.
func anyOf(k selectors.Key, values []string) selectors.Expr {
	if len(values) == 1 {
		return equal(k, values[0])
	}
	list := make([]selectors.Value, len(values))
	for i, v := range values {
		list[i] = text(v)
	}
	return selectors.In{Key: k, Values: list}
}
