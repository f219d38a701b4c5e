package selectors_test

import (
	"errors"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/selectorstest"
)

// sortOf is the rules of sorts as a table: 0 where there is none. A selector made of names alone
// stands for the fleet of its devices where one is needed.
func sortOf(v selectorstest.Vocabulary, x selectors.Expr) selectors.Sort {
	const s, f, a = selectors.SelectorSort, selectors.FleetSort, selectors.AssignmentSort
	fleet := func(x selectors.Expr) bool {
		return sortOf(v, x) == f || sortOf(v, x) == s && namesAlone(x)
	}
	is := func(want selectors.Sort, when bool) selectors.Sort {
		if when {
			return want
		}
		return 0
	}
	switch x := x.(type) {
	case selectors.Universe, selectors.Nodes:
		return f
	case selectors.Name:
		return v.Names[x.Name].Sort()
	case selectors.Not:
		return is(s, sortOf(v, x.X) == s)
	case selectors.Take:
		return is(f, fleet(x.X))
	case selectors.Rule:
		from := sortOf(v, x.From)
		return is(a, from == s || from == f)
	case selectors.Filter:
		if sortOf(v, x.By) != s {
			return 0
		}
		return max(is(f, fleet(x.X)), is(a, sortOf(v, x.X) == a))
	case selectors.Binary:
		left, right := sortOf(v, x.L), sortOf(v, x.R)
		switch {
		case left == a && right == a:
			return is(a, x.Op != selectors.Xor)
		case left == s && right == s && (x.Op == selectors.And || x.Op == selectors.Or):
			return s
		}
		return is(f, fleet(x.L) && fleet(x.R))
	}
	return s // an atom, a quantifier, a constant or a sample
}

func namesAlone(x selectors.Expr) bool {
	if b, ok := x.(selectors.Binary); ok {
		return namesAlone(b.L) && namesAlone(b.R)
	}
	_, ok := x.(selectors.Name)
	return ok
}

// sortsLaw binds trees of any shape and compares the outcome with the table. What is refused is
// told in its text.
func sortsLaw(rule func(selectorstest.Vocabulary, selectors.Expr) selectors.Sort, classes map[selectors.Sort]int) gopter.Prop {
	v := selectorstest.Full()
	return prop.ForAll(func(x selectors.Expr) bool {
		text := selectors.Print(x)
		parsed, err := selectors.Parse(text)
		if err != nil || !selectors.Same(x, parsed) {
			return false
		}
		want := rule(v, x)
		classes[want]++
		b, err := selectors.Bind(parsed, v.Scope())
		if err == nil {
			return b.Sort() == want
		}
		var list selectors.Errors
		if want != 0 || !errors.As(err, &list) || len(list) == 0 {
			return false
		}
		for _, e := range list {
			if e.Message == "" || e.At.Start < 0 || e.At.Start >= e.At.End || e.At.End > len(text) {
				return false
			}
		}
		return true
	}, v.Anything())
}

func TestSortsAreThoseOfTheTable(t *testing.T) {
	classes := map[selectors.Sort]int{}
	check(t, sortsLaw(sortOf, classes))
	for _, sort := range []selectors.Sort{0, selectors.SelectorSort, selectors.FleetSort, selectors.AssignmentSort} {
		if classes[sort] < runs/10 {
			t.Errorf("few of some sort in %d trees, 0 being none: %v", runs, classes)
		}
	}
}

func TestSortsLawSeesWrongTables(t *testing.T) {
	wrong := func(name string, rule func(selectorstest.Vocabulary, selectors.Expr) selectors.Sort) {
		if sortsLaw(rule, map[selectors.Sort]int{}).Check(parameters()).Passed() {
			t.Errorf("the law does not see that %s", name)
		}
	}
	wrong("fleets have a complement", func(v selectorstest.Vocabulary, x selectors.Expr) selectors.Sort {
		if n, ok := x.(selectors.Not); ok && sortOf(v, n.X) == selectors.FleetSort {
			return selectors.FleetSort
		}
		return sortOf(v, x)
	})
	wrong("a fleet filters", func(v selectorstest.Vocabulary, x selectors.Expr) selectors.Sort {
		if f, ok := x.(selectors.Filter); ok && sortOf(v, f.By) == selectors.FleetSort {
			return sortOf(v, f.X)
		}
		return sortOf(v, x)
	})
	wrong("names of selectors are no fleets", func(v selectorstest.Vocabulary, x selectors.Expr) selectors.Sort {
		if b, ok := x.(selectors.Binary); ok && (namesAlone(b.L) && sortOf(v, b.L) == selectors.SelectorSort) && sortOf(v, b.R) == selectors.FleetSort {
			return 0
		}
		return sortOf(v, x)
	})
}
