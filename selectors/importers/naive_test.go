package importers_test

import (
	"slices"
	"testing"

	"github.com/musterfleet/muster/selectors"
)

// device is a device of a test: its name, labels and facts.
type device struct {
	name   string
	labels map[string]string
	facts  map[string]string
}

// Value makes a device readable by a selector.
func (d device) Value(k selectors.Key) (string, bool) {
	if k.Label {
		v, ok := d.labels[k.Name]
		return v, ok
	}
	if k.Name == "name" || k.Name == "id" {
		return d.name, true
	}
	v, ok := d.facts[k.Name]
	return v, ok
}

// admits reports whether an expression of either sort admits a device; names says who is in a
// @name.
func admits(t testing.TB, x selectors.Expr, d device, names map[string]func(device) bool) bool {
	t.Helper()
	switch x := x.(type) {
	case selectors.Universe:
		return !x.Empty
	case selectors.Nodes:
		return slices.Contains(x.Names, d.name)
	case selectors.Name:
		in, ok := names[x.Name]
		if !ok {
			t.Fatalf("unknown name @%s", x.Name)
		}
		return in(d)
	case selectors.Filter:
		return admits(t, x.X, d, names) && admits(t, x.By, d, names)
	case selectors.Not:
		return !admits(t, x.X, d, names)
	case selectors.Binary:
		l, r := admits(t, x.L, d, names), admits(t, x.R, d, names)
		switch x.Op {
		case selectors.Or:
			return l || r
		case selectors.And:
			return l && r
		case selectors.Minus:
			return l && !r
		case selectors.Xor:
			return l != r
		}
	}
	bound, err := selectors.Bind(x, selectors.Scope{})
	if err != nil {
		t.Fatalf("%s does not bind: %v", selectors.Print(x), err)
	}
	return bound.Matches(d)
}

// wellFormed checks what each result promises: it is printed, read back and bound.
func wellFormed(t testing.TB, x selectors.Expr) {
	t.Helper()
	printed := selectors.Print(x)
	back, err := selectors.Parse(printed)
	if err != nil || !selectors.Same(x, back) {
		t.Fatalf("%q is not read back as the same: %v", printed, err)
	}
	scope := selectors.Scope{Names: map[string]*selectors.Bound{}}
	for _, n := range namesIn(x) {
		all, err := selectors.Bind(selectors.Universe{}, selectors.Scope{})
		if err != nil {
			t.Fatal(err)
		}
		scope.Names[n] = all
	}
	if _, err := selectors.Bind(x, scope); err != nil {
		t.Fatalf("%q does not bind: %v", printed, err)
	}
}

func namesIn(x selectors.Expr) []string {
	switch x := x.(type) {
	case selectors.Name:
		return []string{x.Name}
	case selectors.Binary:
		return append(namesIn(x.L), namesIn(x.R)...)
	case selectors.Filter:
		return append(namesIn(x.X), namesIn(x.By)...)
	case selectors.Not:
		return namesIn(x.X)
	}
	return nil
}
