package selectorstest

import (
	"maps"
	"math/rand"
	"reflect"
	"slices"

	"github.com/leanovate/gopter"

	"github.com/musterfleet/muster/selectors"
)

// depth bounds the height of a random tree.
const depth = 4

// Selectors makes selectors.
func (v Vocabulary) Selectors() gopter.Gen {
	return generate(func(r *rand.Rand) selectors.Expr { return v.selector(r, r.Intn(depth+1)) })
}

// Fleets makes fleets. Some are names of selectors, which stand for fleets too.
func (v Vocabulary) Fleets() gopter.Gen {
	return generate(func(r *rand.Rand) selectors.Expr { return v.fleet(r, r.Intn(depth+1)) })
}

// Assignments makes assignments.
func (v Vocabulary) Assignments() gopter.Gen {
	return generate(func(r *rand.Rand) selectors.Expr { return v.assignment(r, r.Intn(depth+1)) })
}

// Expressions makes expressions of all three sorts.
func (v Vocabulary) Expressions() gopter.Gen {
	return generate(func(r *rand.Rand) selectors.Expr {
		switch r.Intn(3) {
		case 0:
			return v.selector(r, r.Intn(depth+1))
		case 1:
			return v.fleet(r, r.Intn(depth+1))
		}
		return v.assignment(r, r.Intn(depth+1))
	})
}

// generate is a generator of what one throw of the dice gives. A tree is not shrunk.
func generate(throw func(*rand.Rand) selectors.Expr) gopter.Gen {
	sum := reflect.TypeFor[selectors.Expr]()
	return func(p *gopter.GenParameters) *gopter.GenResult {
		return &gopter.GenResult{Result: throw(p.Rng), ResultType: sum, Shrinker: gopter.NoShrinker}
	}
}

func (v Vocabulary) selector(r *rand.Rand, d int) selectors.Expr {
	if d == 0 {
		return v.leaf(r)
	}
	switch r.Intn(4) {
	case 0:
		return selectors.Not{X: v.selector(r, d-1)}
	case 1:
		return v.leaf(r)
	}
	op := pick(r, []selectors.BinaryOp{selectors.Or, selectors.And})
	return selectors.Binary{Op: op, L: v.selector(r, d-1), R: v.selector(r, d-1)}
}

func (v Vocabulary) leaf(r *rand.Rand) selectors.Expr {
	switch names := v.namesOf(selectors.SelectorSort); {
	case r.Intn(12) == 0:
		return selectors.Const{Value: r.Intn(2) == 0}
	case r.Intn(6) == 0 && len(names) > 0:
		return selectors.Name{Name: pick(r, names)}
	}
	return v.Atom(r)
}

func (v Vocabulary) fleet(r *rand.Rand, d int) selectors.Expr {
	if d == 0 {
		return v.fleetLeaf(r)
	}
	switch n := r.Intn(5); {
	case n == 0:
		return v.fleetLeaf(r)
	case n == 1 && v.Takes:
		return v.take(r, d)
	case n < 3:
		return selectors.Filter{X: v.fleet(r, d-1), By: v.selector(r, d-1)}
	}
	op := pick(r, []selectors.BinaryOp{selectors.Or, selectors.And, selectors.Minus, selectors.Xor})
	l, right := v.fleet(r, d-1), v.fleet(r, d-1)
	if v.isSelector(l) && v.isSelector(right) && op != selectors.Minus && op != selectors.Xor {
		l = selectors.Filter{X: selectors.Universe{}, By: l} // else the whole were a selector
	}
	return selectors.Binary{Op: op, L: l, R: right}
}

// take takes from a random fleet.
func (v Vocabulary) take(r *rand.Rand, d int) selectors.Expr {
	x := selectors.Take{X: v.fleet(r, d-1), Amount: selectors.Amount{Count: r.Intn(5)}}
	if r.Intn(2) == 0 {
		x.Amount = selectors.Amount{Share: selectors.Percent(r.Intn(10_001)), Shared: true}
	}
	if r.Intn(2) == 0 {
		x.By, _, _ = v.key(r)
		x.By.Cast = selectors.NoCast
	}
	return x
}

// isSelector reports whether a fleet is the name of a selector.
func (v Vocabulary) isSelector(x selectors.Expr) bool {
	n, ok := x.(selectors.Name)
	return ok && v.Names[n.Name].Sort() == selectors.SelectorSort
}

func (v Vocabulary) fleetLeaf(r *rand.Rand) selectors.Expr {
	switch names := v.namesOf(selectors.SelectorSort, selectors.FleetSort); {
	case r.Intn(3) == 0 && len(names) > 0:
		return selectors.Name{Name: pick(r, names)}
	case r.Intn(3) == 0 && len(v.Nodes) > 0:
		var some []string
		for range 1 + r.Intn(4) {
			some = append(some, pick(r, v.Nodes))
		}
		slices.Sort(some)
		return selectors.Nodes{Names: slices.Compact(some)}
	case r.Intn(2) == 0:
		return selectors.Filter{X: selectors.Universe{}, By: v.leaf(r)}
	}
	return selectors.Universe{Empty: r.Intn(4) == 0}
}

func (v Vocabulary) assignment(r *rand.Rand, d int) selectors.Expr {
	if d == 0 {
		return v.assignmentLeaf(r)
	}
	switch r.Intn(4) {
	case 0:
		return v.assignmentLeaf(r)
	case 1:
		return selectors.Filter{X: v.assignment(r, d-1), By: v.selector(r, d-1)}
	}
	op := pick(r, []selectors.BinaryOp{selectors.Or, selectors.And, selectors.Minus})
	return selectors.Binary{Op: op, L: v.assignment(r, d-1), R: v.assignment(r, d-1)}
}

func (v Vocabulary) assignmentLeaf(r *rand.Rand) selectors.Expr {
	names := v.namesOf(selectors.AssignmentSort)
	apps := slices.Sorted(maps.Keys(v.Versions))
	if len(apps) == 0 || r.Intn(4) == 0 && len(names) > 0 {
		return selectors.Name{Name: pick(r, names)}
	}
	rule := selectors.Rule{From: v.fleet(r, r.Intn(2)), Priority: pick(r, []int{0, 0, 10, -10})}
	if r.Intn(2) == 0 {
		rule.From = v.selector(r, r.Intn(2))
	}
	for range 1 + r.Intn(2) {
		app := pick(r, apps)
		d := selectors.DeployRef{App: app, Version: pick(r, v.Versions[app])}
		if len(v.Versions[app]) == 1 && r.Intn(2) == 0 {
			d.Version = ""
		}
		rule.Deploy = append(rule.Deploy, d)
	}
	return rule
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.Intn(len(list))] }
