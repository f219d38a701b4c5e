package algebra_test

import (
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/selectors"
)

// selection is Roster.Select or a wrong variant.
type selection func(*algebra.Roster, *selectors.Bound) algebra.Fleet

func homomorphismLaw(choose selection, some *int) gopter.Prop {
	v := algebratest.Vocabulary()
	return prop.ForAll(func(r *algebra.Roster, x, y selectors.Expr) bool {
		a, b := choose(r, v.Bind(x)), choose(r, v.Bind(y))
		if a.Len() > 0 && a.Len() < r.Len() {
			*some++
		}
		return choose(r, v.Bind(selectors.Binary{Op: selectors.And, L: x, R: y})).Equal(a.Intersect(b)) &&
			choose(r, v.Bind(selectors.Binary{Op: selectors.Or, L: x, R: y})).Equal(a.Union(b)) &&
			choose(r, v.Bind(selectors.Not{X: x})).Equal(r.All().Minus(a))
	}, algebratest.Rosters(), v.Selectors(), v.Selectors())
}

// TestSelectIsAHomomorphism: Select(a & b) = Select(a) ∩ Select(b), so for | and !.
func TestSelectIsAHomomorphism(t *testing.T) {
	some := 0
	algebratest.Law(t, cases)(homomorphismLaw((*algebra.Roster).Select, &some))
	if some < cases/5 {
		t.Errorf("the selector split the roster in %d of %d cases only", some, cases)
	}
}

// perDeviceLaw compares a selection with Matches on each device, as the roster shows it and as
// it entered, and with the oracle.
func perDeviceLaw(choose selection) gopter.Prop {
	v := algebratest.Vocabulary()
	names := algebratest.ReferenceNames(v.Names)
	return prop.ForAll(func(r *algebra.Roster, x selectors.Expr) bool {
		b := v.Bind(x)
		f := choose(r, b)
		for i := range uint32(r.Len()) {
			if f.Contains(i) != b.Matches(r.Attributes(i)) || f.Contains(i) != b.Matches(r.Device(i)) {
				return false
			}
		}
		return slices.Equal(algebratest.Names(f), oracleFleet(names.Fleet(b.Expr(), algebratest.ReferenceDevices(r))))
	}, algebratest.Rosters(), v.Selectors())
}

func oracleFleet(set map[string]bool) []string {
	var ids []string
	for id := range set {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func TestSelectDecidesEachDevice(t *testing.T) {
	algebratest.Law(t, cases)(perDeviceLaw((*algebra.Roster).Select))
}

func TestSelectLawsSeeWrongSelections(t *testing.T) {
	check, some := algebratest.Planted(t, planted), 0
	lacking := func(r *algebra.Roster, b *selectors.Bound) algebra.Fleet { // what lacks a key is never admitted
		f := r.Select(b)
		if a, ok := b.Expr().(selectors.Atom); ok && a.Subject().Label {
			_, absent := r.All().Partition(algebra.Key{Label: true, Name: a.Subject().Name})
			return f.Minus(absent)
		}
		return f
	}
	check("an absent key admits nothing, homomorphism", homomorphismLaw(lacking, &some))
	check("an absent key admits nothing, per device", perDeviceLaw(lacking))
	check("all but what is selected", perDeviceLaw(func(r *algebra.Roster, b *selectors.Bound) algebra.Fleet { return r.All().Minus(r.Select(b)) }))
}

// expressionLaw evaluates fleet expressions and assignments and compares them with the oracle.
func expressionLaw(evaluate func(algebra.Demand, *selectors.Bound) algebra.Fleet) gopter.Prop {
	v := algebratest.FullVocabulary()
	names := algebratest.ReferenceNames(v.Names)
	return prop.ForAll(func(r algebratest.Seen, x selectors.Expr) bool {
		b := v.Bind(x)
		f := evaluate(algebra.World{}.On(r.Reality), b)
		return slices.Equal(algebratest.Names(f), oracleFleet(names.Fleet(b.Expr(), r.Reference())))
	}, algebratest.Realities(), v.Fleets())
}

func TestFleetExpressionsDenoteWhatTheReferenceSays(t *testing.T) {
	algebratest.Law(t, cases)(expressionLaw(algebra.Demand.Fleet))
}

func TestFleetExpressionLawSeesAWrongOperator(t *testing.T) {
	algebratest.Planted(t, planted)("^ is read as |", expressionLaw(func(d algebra.Demand, b *selectors.Bound) algebra.Fleet {
		if x, ok := b.Expr().(selectors.Binary); ok && x.Op == selectors.Xor {
			x.Op = selectors.Or
			return d.Fleet(algebratest.FullVocabulary().Bind(x))
		}
		return d.Fleet(b)
	}))
}
