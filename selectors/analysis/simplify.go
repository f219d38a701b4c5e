package analysis

import (
	"slices"

	"github.com/musterfleet/muster/selectors"
)

// mostLeaves is how many leaves an expression may have to be simplified: the time is about cubic.
const mostLeaves = 120

// Simplify is a shorter expression of the same devices, or the very same where none is found. It
// takes parts away one by one as long as the set stays the same, so that at last none can be
// spared, and joins lists of one key. Names stay names.
//
// Law: it means the same, and is no longer than before.
func Simplify(o Options, b *selectors.Bound) (selectors.Expr, error) {
	x := b.Expr()
	if len(leaves(x)) > mostLeaves {
		return nil, &Budget{"an expression of so many parts is not simplified; name a part of it"}
	}
	a, err := dissect(o, b)
	if err != nil {
		return nil, err
	}
	want := a.set(x)
	scope := selectors.Scope{Names: namesIn(b, x, map[string]*selectors.Bound{})}
	sort := b.Sort()
	for length := len(selectors.Print(x)); ; {
		better := false
		for _, y := range reductions(x) {
			if n := len(selectors.Print(y)); n >= length {
				continue
			}
			if same, err := a.set(y).Equal(want); err != nil || !same {
				if err != nil {
					return nil, err
				}
				continue
			}
			again, err := selectors.Bind(y, scope)
			if err != nil || again.Sort() != sort {
				continue // of another sort
			}
			x, length, better = y, len(selectors.Print(y)), true
			break
		}
		if !better {
			return x, nil
		}
	}
}

func namesIn(b *selectors.Bound, x selectors.Expr, names map[string]*selectors.Bound) map[string]*selectors.Bound {
	if n, ok := x.(selectors.Name); ok {
		names[n.Name] = b.Name(n.Name)
	}
	for _, child := range selectors.Children(x) {
		namesIn(b, child, names)
	}
	return names
}

// reductions are shorter expressions, made in one step; those that leave out most come first.
func reductions(x selectors.Expr) []selectors.Expr {
	out := []selectors.Expr{selectors.Const{Value: true}, selectors.Const{}, selectors.Universe{}, selectors.Universe{Empty: true}}
	return append(out, within(x)...)
}

// within are the reductions that keep something of x.
func within(x selectors.Expr) []selectors.Expr {
	var out []selectors.Expr
	switch x := x.(type) {
	case selectors.Binary:
		out = append(out, x.L, x.R)
		if x.Op == selectors.And || x.Op == selectors.Or {
			out = append(out, merges(x)...)
		}
		for _, l := range within(x.L) {
			out = append(out, selectors.Binary{Op: x.Op, L: l, R: x.R})
		}
		for _, r := range within(x.R) {
			out = append(out, selectors.Binary{Op: x.Op, L: x.L, R: r})
		}
	case selectors.Not:
		if n, ok := x.X.(selectors.Not); ok {
			out = append(out, n.X)
		}
		if twin, ok := opposite(x.X); ok {
			out = append(out, twin)
		}
		for _, y := range within(x.X) {
			out = append(out, selectors.Not{X: y})
		}
	case selectors.Filter:
		out = append(out, x.X)
		for _, y := range within(x.X) {
			out = append(out, selectors.Filter{X: y, By: x.By})
		}
		for _, y := range within(x.By) {
			out = append(out, selectors.Filter{X: x.X, By: y})
		}
	case selectors.In:
		for i := range x.Values {
			if len(x.Values) > 1 {
				out = append(out, list(x.Key, slices.Delete(slices.Clone(x.Values), i, i+1), x.Negated))
			}
		}
	case selectors.Const, selectors.Universe, selectors.Compare, selectors.Glob, selectors.Contains, selectors.Has, selectors.Within,
		selectors.Quant, selectors.Sample, selectors.Name, selectors.Nodes, selectors.Take, selectors.Rule:
	}
	return out
}

// list is k in (…), or k = v if there is one value.
func list(k selectors.Key, values []selectors.Value, negated bool) selectors.Expr {
	if len(values) > 1 {
		return selectors.In{Key: k, Values: values, Negated: negated}
	}
	op := selectors.Equal
	if negated {
		op = selectors.NotEqual
	}
	return selectors.Compare{Key: k, Op: op, Value: values[0]}
}

// merges join two lists of one key in a chain: of | if they are positive, of & if negated.
func merges(x selectors.Binary) []selectors.Expr {
	var out []selectors.Expr
	parts := chain(x.Op, x)
	for i, p := range parts {
		a, ok := listOf(p)
		if !ok || a.Negated != (x.Op == selectors.And) {
			continue
		}
		for j := i + 1; j < len(parts); j++ {
			b, ok := listOf(parts[j])
			if !ok || b.Negated != a.Negated || a.Key.String() != b.Key.String() {
				continue
			}
			rest := slices.Delete(slices.Clone(parts), j, j+1)
			rest[i] = list(a.Key, union(a.Values, b.Values), a.Negated)
			out = append(out, chained(x.Op, rest))
		}
	}
	return out
}

func union(a, b []selectors.Value) []selectors.Value {
	out := slices.Clone(a)
	for _, v := range b {
		if !slices.ContainsFunc(out, func(w selectors.Value) bool { return w.Text == v.Text }) {
			out = append(out, v)
		}
	}
	return out
}

// chained is the operands in a chain.
func chained(op selectors.BinaryOp, parts []selectors.Expr) selectors.Expr {
	x := parts[0]
	for _, p := range parts[1:] {
		x = selectors.Binary{Op: op, L: x, R: p}
	}
	return x
}

// opposite is the comparison that holds where another does not, if the language has it.
func opposite(x selectors.Expr) (selectors.Expr, bool) {
	switch x := x.(type) {
	case selectors.In:
		x.Negated = !x.Negated
		return x, true
	case selectors.Compare:
		switch x.Op {
		case selectors.Equal:
			x.Op = selectors.NotEqual
			return x, true
		case selectors.NotEqual:
			x.Op = selectors.Equal
			return x, true
		case selectors.Less, selectors.LessEqual, selectors.Greater, selectors.GreaterEqual, selectors.Matches, selectors.NotMatches:
		}
	case selectors.Const, selectors.Glob, selectors.Contains, selectors.Has, selectors.Within, selectors.Quant, selectors.Sample,
		selectors.Not, selectors.Binary, selectors.Name, selectors.Universe, selectors.Nodes, selectors.Filter, selectors.Take, selectors.Rule:
	}
	return nil, false
}
