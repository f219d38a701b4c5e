package algebra_test

import (
	"errors"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/selectors"
)

// cases is how many a law is tried on, planted how many a wrong variant is given to pass.
const (
	cases   = 1000
	planted = 300
)

// operations are what the Boolean laws speak of: those of fleets or assignments, or a wrong
// variant of them.
type operations[T any] struct {
	or, and, minus, xor func(x, y T) T
	equal               func(x, y T) bool
}

// law is an identity of two terms.
type law[T any] struct {
	name        string
	left, right func(o operations[T], x, y, z T) T
}

// relativeLaws hold of sets with union, intersection and difference, without a greatest one.
func relativeLaws[T any](none func(T) T) []law[T] {
	type o = operations[T]
	return []law[T]{
		{"| commutes", func(o o, x, y, _ T) T { return o.or(x, y) }, func(o o, x, y, _ T) T { return o.or(y, x) }},
		{"& commutes", func(o o, x, y, _ T) T { return o.and(x, y) }, func(o o, x, y, _ T) T { return o.and(y, x) }},
		{"| associates", func(o o, x, y, z T) T { return o.or(o.or(x, y), z) }, func(o o, x, y, z T) T { return o.or(x, o.or(y, z)) }},
		{"& associates", func(o o, x, y, z T) T { return o.and(o.and(x, y), z) }, func(o o, x, y, z T) T { return o.and(x, o.and(y, z)) }},
		{"& distributes over |", func(o o, x, y, z T) T { return o.and(x, o.or(y, z)) }, func(o o, x, y, z T) T { return o.or(o.and(x, y), o.and(x, z)) }},
		{"| distributes over &", func(o o, x, y, z T) T { return o.or(x, o.and(y, z)) }, func(o o, x, y, z T) T { return o.and(o.or(x, y), o.or(x, z)) }},
		{"| absorbs", func(o o, x, y, _ T) T { return o.or(x, o.and(x, y)) }, func(_ o, x, _, _ T) T { return x }},
		{"& absorbs", func(o o, x, y, _ T) T { return o.and(x, o.or(x, y)) }, func(_ o, x, _, _ T) T { return x }},
		{"none is the unit of |", func(o o, x, _, _ T) T { return o.or(x, none(x)) }, func(_ o, x, _, _ T) T { return x }},
		{"none is the zero of &", func(o o, x, _, _ T) T { return o.and(x, none(x)) }, func(_ o, x, _, _ T) T { return none(x) }},
		{"the difference is disjoint", func(o o, x, y, _ T) T { return o.and(o.minus(x, y), y) }, func(_ o, x, _, _ T) T { return none(x) }},
		{"the difference is the rest", func(o o, x, y, _ T) T { return o.or(o.minus(x, y), o.and(x, y)) }, func(_ o, x, _, _ T) T { return x }},
		{"- turns | into &", func(o o, x, y, z T) T { return o.minus(x, o.or(y, z)) }, func(o o, x, y, z T) T { return o.and(o.minus(x, y), o.minus(x, z)) }},
		{"- turns & into |", func(o o, x, y, z T) T { return o.minus(x, o.and(y, z)) }, func(o o, x, y, z T) T { return o.or(o.minus(x, y), o.minus(x, z)) }},
	}
}

// booleanLaws are the further laws of fleets, which have a greatest one.
func booleanLaws() []law[algebra.Fleet] {
	type F = algebra.Fleet
	type o = operations[F]
	all := func(x F) F { return x.Roster().All() }
	return append(relativeLaws(func(x F) F { return x.Roster().None() }), []law[F]{
		{"all is the unit of &", func(o o, x, _, _ F) F { return o.and(x, all(x)) }, func(_ o, x, _, _ F) F { return x }},
		{"all is the zero of |", func(o o, x, _, _ F) F { return o.or(x, all(x)) }, func(_ o, x, _, _ F) F { return all(x) }},
		{"complements cover", func(o o, x, _, _ F) F { return o.or(x, o.minus(all(x), x)) }, func(_ o, x, _, _ F) F { return all(x) }},
		{"complements are disjoint", func(o o, x, _, _ F) F { return o.and(x, o.minus(all(x), x)) }, func(_ o, x, _, _ F) F { return x.Roster().None() }},
		{"^ is one without the other", func(o o, x, y, _ F) F { return o.xor(x, y) }, func(o o, x, y, _ F) F { return o.or(o.minus(x, y), o.minus(y, x)) }},
		{"^ associates", func(o o, x, y, z F) F { return o.xor(o.xor(x, y), z) }, func(o o, x, y, z F) F { return o.xor(x, o.xor(y, z)) }},
	}...)
}

var fleetOperations = operations[algebra.Fleet]{algebra.Fleet.Union, algebra.Fleet.Intersect, algebra.Fleet.Minus, algebra.Fleet.Xor, algebra.Fleet.Equal}

// all checks every law on the same three values, and names the one that fails.
func (o operations[T]) all(laws []law[T], x, y, z T) (bool, error) {
	for _, l := range laws {
		if !o.equal(l.left(o, x, y, z), l.right(o, x, y, z)) {
			return false, errors.New(l.name)
		}
	}
	return true, nil
}

func fleetLaws(o operations[algebra.Fleet]) gopter.Prop {
	return prop.ForAll(func(f algebratest.Fleets) (bool, error) {
		return o.all(booleanLaws(), f.X, f.Y, f.Z)
	}, algebratest.FleetTriples())
}

func TestFleetsAreABooleanAlgebra(t *testing.T) {
	algebratest.Law(t, cases)(fleetLaws(fleetOperations))
}

// TestFleetLawsSeeWrongOperations swaps or spoils one operation at a time; some law must fail.
func TestFleetLawsSeeWrongOperations(t *testing.T) {
	type F = algebra.Fleet
	type ops = operations[F]
	firstless := func(f F) F {
		for id := range f.IDs() {
			one, _ := f.Roster().Fleet(func(yield func(algebra.DeviceID) bool) { yield(id) })
			return f.Minus(one)
		}
		return f
	}
	for name, spoil := range map[string]func(*ops){
		"| is ^":                   func(o *ops) { o.or = F.Xor },
		"| forgets a device":       func(o *ops) { o.or = func(x, y F) F { return firstless(x.Union(y)) } },
		"& is its left side":       func(o *ops) { o.and = func(x, _ F) F { return x } },
		"- is ^":                   func(o *ops) { o.minus = F.Xor },
		"- is the other way round": func(o *ops) { o.minus = func(x, y F) F { return y.Minus(x) } },
		"^ is |":                   func(o *ops) { o.xor = F.Union },
	} {
		o := fleetOperations
		spoil(&o)
		algebratest.Planted(t, planted)(name, fleetLaws(o))
	}
}

// filter is Fleet.Where or a wrong variant.
type filter func(algebra.Fleet, *selectors.Bound) algebra.Fleet

func filterLaw(where filter, narrowed *int) gopter.Prop {
	v := algebratest.Vocabulary()
	return prop.ForAll(func(f algebratest.Fleets, s, t selectors.Expr) bool {
		bs, bt := v.Bind(s), v.Bind(t)
		both := v.Bind(selectors.Binary{Op: selectors.And, L: s, R: t})
		if !f.X.Equal(where(f.X, bs)) {
			*narrowed++
		}
		return where(where(f.X, bs), bt).Equal(where(f.X, both)) &&
			where(f.X.Union(f.Y), bs).Equal(where(f.X, bs).Union(where(f.Y, bs))) &&
			where(f.X, bs).Equal(f.X.Intersect(f.Roster.Select(bs)))
	}, algebratest.FleetTriples(), v.Selectors(), v.Selectors())
}

// TestFiltersCompose: F[s][t] = F[s & t], (F | G)[s] = F[s] | G[s] and F[s] = F & all[s].
func TestFiltersCompose(t *testing.T) {
	narrowed := 0
	algebratest.Law(t, cases)(filterLaw(algebra.Fleet.Where, &narrowed))
	if narrowed < cases/5 {
		t.Errorf("the filter took devices away in %d of %d cases only", narrowed, cases)
	}
}

func TestFilterLawsSeeWrongFilters(t *testing.T) {
	n, check := 0, algebratest.Planted(t, planted)
	check("the fleet is forgotten", filterLaw(func(f algebra.Fleet, s *selectors.Bound) algebra.Fleet { return f.Roster().Select(s) }, &n))
	check("no filter where nothing would be left", filterLaw(func(f algebra.Fleet, s *selectors.Bound) algebra.Fleet {
		if g := f.Where(s); !g.IsEmpty() {
			return g
		}
		return f
	}, &n))
}

// partition is Fleet.Partition or a wrong variant.
type partition func(algebra.Fleet, algebra.Key) ([]algebra.Part, algebra.Fleet)

func partitionLaw(split partition, several *int) gopter.Prop {
	return prop.ForAll(func(f algebratest.Fleets) bool {
		for _, k := range append(f.Roster.Keys(), algebra.Key{Label: true, Name: "unknown"}) {
			parts, cover := split(f.X, k)
			for id := range cover.Ordinals() {
				if _, ok := f.Roster.Value(id, k); ok {
					return false
				}
			}
			for i, p := range parts {
				if p.Fleet.IsEmpty() || !p.Fleet.Intersect(cover).IsEmpty() || i > 0 && parts[i-1].Value >= p.Value {
					return false
				}
				for ord := range p.Fleet.Ordinals() {
					if v, ok := f.Roster.Value(ord, k); !ok || v != p.Value {
						return false
					}
				}
				cover = cover.Union(p.Fleet)
			}
			if len(parts) > 1 {
				*several++
			}
			if !cover.Equal(f.X) {
				return false
			}
		}
		return true
	}, algebratest.FleetTriples())
}

// TestPartitionIsDisjointAndCovers: each part is the devices of one value, in order of values;
// with those that lack the key they are the fleet.
func TestPartitionIsDisjointAndCovers(t *testing.T) {
	several := 0
	algebratest.Law(t, cases)(partitionLaw(algebra.Fleet.Partition, &several))
	if several < cases {
		t.Errorf("a key split a fleet in several parts %d times only", several)
	}
}

func TestPartitionLawSeesWrongParts(t *testing.T) {
	n, check := 0, algebratest.Planted(t, planted)
	check("the absent are left out", partitionLaw(func(f algebra.Fleet, k algebra.Key) ([]algebra.Part, algebra.Fleet) {
		parts, _ := f.Partition(k)
		return parts, f.Roster().None()
	}, &n))
	check("the absent are all", partitionLaw(func(f algebra.Fleet, k algebra.Key) ([]algebra.Part, algebra.Fleet) {
		parts, _ := f.Partition(k)
		return parts, f
	}, &n))
	check("parts of the whole roster", partitionLaw(func(f algebra.Fleet, k algebra.Key) ([]algebra.Part, algebra.Fleet) {
		return f.Roster().All().Partition(k)
	}, &n))
}
