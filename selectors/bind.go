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
	expr   Expr
	sort   Sort
	effect Effect
	takes  bool
	names  map[string]*Bound
}

// Expr is the checked tree. App-only deployments carry their version.
func (b *Bound) Expr() Expr { return b.expr }

// Sort is what the expression denotes. A Fleet document may hold a selector: it is then the
// fleet of all devices the selector admits, and its name may stand for either.
// So is any & or | of such names. Elsewhere a selector becomes a fleet as all[s] only.
func (b *Bound) Sort() Sort { return b.sort }

// Effect is what the expression's value depends on, that of the names in it included.
func (b *Bound) Effect() Effect { return b.effect }

// Takes reports whether take occurs in the expression or in a name it uses.
func (b *Bound) Takes() bool { return b.takes }

// Name is the definition of a @name that occurs in the expression. It panics on any other.
func (b *Bound) Name(name string) *Bound {
	d, ok := b.names[name]
	if !ok {
		panic("selectors: name " + name + " does not occur in this expression")
	}
	return d
}

// Part is a part of the expression as an expression of its own. It panics on what is none.
func (b *Bound) Part(x Expr) *Bound {
	part, err := Bind(x, Scope{Names: b.names})
	if err != nil {
		panic("selectors: a part of a bound expression does not bind: " + err.Error())
	}
	return part
}

// Bind resolves the names of x, fills in the versions of its deployments and checks its
// sorts and types. The result refers to the very definitions in s. The error is an Errors,
// its spans those of x.
func Bind(x Expr, s Scope) (*Bound, error) {
	b := newBinder(s)
	bound := b.whole(x)
	if err := errorOrNil(b.errors); err != nil {
		return nil, err
	}
	return bound, nil
}

// binder walks a tree bottom up. A node with an error has sort zero, which fits anywhere,
// so that one mistake is told once.
type binder struct {
	scope   Scope
	names   map[string]*Bound
	effect  Effect
	takes   bool
	element bool // inside a quantifier, where keys are an element's
	errors  []*Error
}

func newBinder(s Scope) *binder {
	return &binder{scope: s, names: map[string]*Bound{}, effect: Static}
}

// whole is x bound; of no use if there are errors.
func (b *binder) whole(x Expr) *Bound {
	checked, sort := b.bind(x)
	return &Bound{expr: checked, sort: sort, effect: b.effect, takes: b.takes, names: b.names}
}

func (b *binder) fail(at Span, code Code, message, hint string) {
	b.errors = append(b.errors, &Error{Code: code, At: at, Message: message, Hint: hint})
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
	case Glob:
		return b.glob(x), SelectorSort
	case Contains:
		return b.contains(x), SelectorSort
	case Has:
		return b.has(x), SelectorSort
	case Within:
		return b.within(x), SelectorSort
	case Quant:
		return b.quant(x), SelectorSort
	case Sample:
		b.onDevice(x.At, "sample")
		return x, SelectorSort
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
	case Take:
		return b.take(x)
	case Rule:
		return b.rule(x)
	}
	panic(fmt.Sprintf("selectors: unknown expression %T", x))
}

// name is the sort of a name's definition.
func (b *binder) name(x Name) Sort {
	b.onDevice(x.At, "a name")
	if d, ok := b.scope.Names[x.Name]; ok {
		b.names[x.Name] = d
		b.needs(d.effect)
		b.takes = b.takes || d.takes
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
	b.fail(x.At, unknownName, "unknown name @"+x.Name, hint)
	return 0
}
