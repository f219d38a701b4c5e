package selectors

import (
	"fmt"
	"maps"
	"slices"
)

// Sort is what an expression denotes.
type Sort uint8

// The three sorts.
const (
	SelectorSort Sort = iota + 1
	FleetSort
	AssignmentSort
)

// Attributes is a device as a selector sees it.
type Attributes interface {
	// Value is the text of a key, and whether the device has the key at all.
	Value(k Key) (string, bool)
}

// Scope is what names may mean where an expression stands.
type Scope struct {
	// Names are the definitions a @name may refer to.
	Names map[string]*Bound
	// Versions lists the known versions of each app. Nil leaves deployments unchecked.
	Versions map[string][]string
	// LabelKeys are label keys in use, for suggestions only.
	LabelKeys []string
}

// Bound is an expression whose names are resolved and whose sorts and types are right.
// Only Bind makes one.
type Bound struct {
	expr  Expr
	sort  Sort
	names map[string]*Bound
}

// Expr is the checked tree. App-only deployments carry their version.
func (b *Bound) Expr() Expr { return b.expr }

// Sort is what the expression denotes. A Fleet document may hold a selector: it is then the
// fleet of all devices the selector admits, and its name may stand for either.
// So is any & or | of such names. Elsewhere a selector becomes a fleet as all[s] only.
func (b *Bound) Sort() Sort { return b.sort }

// Name is the definition of a @name that occurs in the expression. It panics on any other.
func (b *Bound) Name(name string) *Bound {
	d, ok := b.names[name]
	if !ok {
		panic("selectors: name " + name + " does not occur in this expression")
	}
	return d
}

// Bind resolves the names of x, fills in the versions of its deployments and checks its
// sorts and types. The result refers to the very definitions in s. The error is an Errors,
// its spans those of x.
func Bind(x Expr, s Scope) (*Bound, error) {
	b := &binder{scope: s, names: map[string]*Bound{}}
	checked, sort := b.bind(x)
	if err := errorOrNil(b.errors); err != nil {
		return nil, err
	}
	return &Bound{expr: checked, sort: sort, names: b.names}, nil
}

// binder walks a tree bottom up. A node with an error has sort zero, which fits anywhere,
// so that one mistake is told once.
type binder struct {
	scope  Scope
	names  map[string]*Bound
	errors []*Error
}

func (b *binder) fail(at Span, message, hint string) {
	b.errors = append(b.errors, &Error{At: at, Message: message, Hint: hint})
}

// bind is the checked form of x and its sort.
func (b *binder) bind(x Expr) (Expr, Sort) {
	if len(b.errors) >= maxErrors {
		return x, 0
	}
	switch x := x.(type) {
	case Const:
		return x, SelectorSort
	case Compare:
		return b.compare(x), SelectorSort
	case In:
		return b.in(x), SelectorSort
	case Has:
		return b.has(x), SelectorSort
	case Not:
		return b.not(x)
	case Binary:
		return b.binary(x)
	case Name:
		return x, b.name(x)
	case Universe, Nodes:
		return x, FleetSort
	case Filter:
		return b.filter(x)
	case Rule:
		return b.rule(x)
	}
	panic(fmt.Sprintf("selectors: unknown expression %T", x))
}

// name is the sort of a name's definition.
func (b *binder) name(x Name) Sort {
	if d, ok := b.scope.Names[x.Name]; ok {
		b.names[x.Name] = d
		return d.sort
	}
	known := slices.Sorted(maps.Keys(b.scope.Names))
	hint := didYouMean(x.Name, known, func(n string) string { return "@" + n })
	switch {
	case hint != "":
	case len(known) == 0:
		hint = "no names are defined"
	default:
		hint = "known: " + listed("@", known)
	}
	for i := range len(x.Name) { // @prod-east where @prod and @east are known
		_, left := b.scope.Names[x.Name[:i]]
		_, right := b.scope.Names[x.Name[min(i+1, len(x.Name)):]]
		if x.Name[i] == '-' && left && right {
			hint = "did you mean @" + x.Name[:i] + " - @" + x.Name[i+1:] + "?"
		}
	}
	b.fail(x.At, "unknown name @"+x.Name, hint)
	return 0
}
