package analysis

import (
	"fmt"
	"slices"

	"github.com/musterfleet/muster/selectors"
)

// anatomy is an expression taken apart into leaves, whose sets of devices are known, so that
// what other expressions of the same leaves mean is soon said.
type anatomy struct {
	bound *selectors.Bound
	space *Space
	sets  map[string]int // of leaves by text; of a list each of its values stands for itself
}

func dissect(o Options, b *selectors.Bound) (*anatomy, error) {
	a := &anatomy{bound: b, sets: map[string]int{}}
	var of []Predicate
	add := func(text string, p Predicate) {
		if _, ok := a.sets[text]; !ok {
			a.sets[text] = len(of)
			of = append(of, p)
		}
	}
	for _, leaf := range leaves(b.Expr()) {
		list, ok := listOf(leaf)
		if !ok {
			add(selectors.Print(leaf), Part(b, leaf))
			continue
		}
		for _, v := range list.Values {
			one, err := selectors.Bind(selectors.In{Key: list.Key, Values: []selectors.Value{v}}, selectors.Scope{})
			if err != nil {
				panic("analysis: a constant of a bound atom does not bind: " + err.Error())
			}
			add(valueText(list.Key, v), Of(one))
		}
	}
	var err error
	a.space, err = NewSpace(o, of...)
	return a, err
}

// leaves are the parts without parts, in the order they are written.
func leaves(x selectors.Expr) []selectors.Expr {
	switch x := x.(type) {
	case selectors.Not:
		return leaves(x.X)
	case selectors.Binary:
		return append(leaves(x.L), leaves(x.R)...)
	case selectors.Filter:
		return append(leaves(x.X), leaves(x.By)...)
	case selectors.Const, selectors.Universe:
		return nil
	case selectors.Compare, selectors.In, selectors.Glob, selectors.Contains, selectors.Has, selectors.Within,
		selectors.Quant, selectors.Sample, selectors.Name, selectors.Nodes, selectors.Take:
		return []selectors.Expr{x}
	case selectors.Rule:
		panic("analysis: an assignment is no set of devices")
	}
	panic(fmt.Sprintf("analysis: unknown expression %T", x))
}

// listOf is a leaf as a list of values: k = v is k in (v).
func listOf(x selectors.Expr) (selectors.In, bool) {
	switch x := x.(type) {
	case selectors.In:
		return x, true
	case selectors.Compare:
		if x.Op == selectors.Equal || x.Op == selectors.NotEqual {
			return selectors.In{At: x.At, Key: x.Key, Values: []selectors.Value{x.Value}, Negated: x.Op == selectors.NotEqual}, true
		}
	case selectors.Const, selectors.Glob, selectors.Contains, selectors.Has, selectors.Within, selectors.Quant, selectors.Sample,
		selectors.Not, selectors.Binary, selectors.Name, selectors.Universe, selectors.Nodes, selectors.Filter, selectors.Take, selectors.Rule:
	}
	return selectors.In{}, false
}

func valueText(k selectors.Key, v selectors.Value) string {
	return selectors.Print(selectors.In{Key: k, Values: []selectors.Value{v}})
}

// leaf is the set of a leaf. Its list may be a part of one that the expression has.
func (a *anatomy) leaf(x selectors.Expr) Set {
	list, ok := listOf(x)
	if !ok {
		return a.space.Set(a.sets[selectors.Print(x)])
	}
	set := a.none()
	for _, v := range list.Values {
		set = set.Or(a.space.Set(a.sets[valueText(list.Key, v)]))
	}
	if list.Negated {
		return set.Not()
	}
	return set
}

func (a *anatomy) none() Set { return a.space.All().Not() }

// set is what an expression of the same leaves means.
func (a *anatomy) set(x selectors.Expr) Set { return a.relaxed(x, nil, new(int), true) }

// relaxed is the set without the leaves that are dropped, by their order: where such a leaf would
// only take devices away it takes none. A leaf both adds and takes below ^, and is not dropped
// there. next counts the leaves.
func (a *anatomy) relaxed(x selectors.Expr, dropped []bool, next *int, positive bool) Set {
	switch x := x.(type) {
	case selectors.Const:
		return a.constant(x.Value)
	case selectors.Universe:
		return a.constant(!x.Empty)
	case selectors.Not:
		return a.relaxed(x.X, dropped, next, !positive).Not()
	case selectors.Filter:
		return a.relaxed(x.X, dropped, next, positive).And(a.relaxed(x.By, dropped, next, positive))
	case selectors.Binary:
		if x.Op == selectors.Xor {
			l, r := a.set(x.L), a.set(x.R)
			*next += len(leaves(x))
			return l.Minus(r).Or(r.Minus(l))
		}
		l := a.relaxed(x.L, dropped, next, positive)
		r := a.relaxed(x.R, dropped, next, positive != (x.Op == selectors.Minus))
		switch x.Op {
		case selectors.And:
			return l.And(r)
		case selectors.Or:
			return l.Or(r)
		case selectors.Minus, selectors.Xor:
		}
		return l.Minus(r)
	case selectors.Compare, selectors.In, selectors.Glob, selectors.Contains, selectors.Has, selectors.Within,
		selectors.Quant, selectors.Sample, selectors.Name, selectors.Nodes, selectors.Take, selectors.Rule:
	}
	*next++
	if dropped != nil && dropped[*next-1] {
		return a.constant(positive)
	}
	return a.leaf(x)
}

func (a *anatomy) constant(yes bool) Set {
	if yes {
		return a.space.All()
	}
	return a.none()
}

// mostBlamed is how many leaves an expression may have for those to be found that clash: the set
// is made anew without each of them.
const mostBlamed = 250

// Clash is why an expression that no device matches has none: the parts that are enough for
// that, of which none can be spared. They are in the order they are written; there are none if
// some device matches, or where no part is to blame. The error is a *Budget.
func Clash(o Options, b *selectors.Bound) ([]selectors.Expr, error) {
	all := leaves(b.Expr())
	if len(all) > mostBlamed {
		return nil, &Budget{fmt.Sprintf("of %d parts it is not found which clash; ask about some of them", len(all))}
	}
	a, err := dissect(o, b)
	if err != nil {
		return nil, err
	}
	if empty, err := a.set(b.Expr()).IsEmpty(); err != nil || !empty {
		return nil, err
	}
	dropped := make([]bool, len(all))
	var kept []selectors.Expr
	for i, leaf := range all {
		dropped[i] = true
		empty, err := a.relaxed(b.Expr(), dropped, new(int), true).IsEmpty()
		if err != nil {
			return nil, err
		}
		if !empty {
			dropped[i] = false
			kept = append(kept, leaf)
		}
	}
	return kept, nil
}

// chain is the operands of a run of one operator.
func chain(op selectors.BinaryOp, x selectors.Expr) []selectors.Expr {
	if b, ok := x.(selectors.Binary); ok && b.Op == op {
		return slices.Concat(chain(op, b.L), chain(op, b.R))
	}
	return []selectors.Expr{x}
}
