package analysis

import "github.com/musterfleet/muster/selectors"

// Predicate says something of each possible device.
//
//sumtype:decl
type Predicate interface {
	predicate() // sealed
}

type part struct {
	bound *selectors.Bound
	expr  selectors.Expr
}

type (
	both   []Predicate
	either []Predicate
	except struct{ of Predicate }
)

func (part) predicate()   {}
func (both) predicate()   {}
func (either) predicate() {}
func (except) predicate() {}

// Of is true of the devices that a selector or a fleet admits.
func Of(b *selectors.Bound) Predicate { return part{b, b.Expr()} }

// Part is Of for a part of a bound expression that is a selector or a fleet itself.
func Part(b *selectors.Bound, x selectors.Expr) Predicate { return part{b, x} }

// Both is true where all of them are; of none, everywhere.
func Both(of ...Predicate) Predicate { return both(of) }

// Either is true where any of them is; of none, nowhere.
func Either(of ...Predicate) Predicate { return either(of) }

// Not is true where the predicate is not.
func Not(of Predicate) Predicate { return except{of} }

// Always is true of every device.
func Always() Predicate { return both{} }
