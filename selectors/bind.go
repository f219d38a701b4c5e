package selectors

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
func (b *Bound) Sort() Sort { return b.sort }

// Name is the definition of a @name that occurs in the expression. It panics on any other.
func (b *Bound) Name(name string) *Bound {
	d, ok := b.names[name]
	if !ok {
		panic("selectors: name " + name + " does not occur in this expression")
	}
	return d
}
