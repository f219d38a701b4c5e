// Package selectors is muster's language: one grammar, one syntax tree, three sorts.
//
//	Selector    arch = aarch64 & label("ring") in ("0", "1")    a pure predicate on a device
//	Fleet       @prod - @canary                                 a finite set of devices
//	Assignment  @edge -> {web@2.1.0} at 10                      a set of claims
//
// A text becomes a value in two steps, each with its own type:
//
//	Parse: text -> Expr        syntax only, spans kept, no name looked up
//	Bind:  Expr -> *Bound      names resolved, sorts and types checked
//
// Laws: Parse(Print(x)) equals x up to spans; every negative atom is the complement of
// its positive twin, so an absent key makes != and "not in" true and the Boolean laws hold.
//
// The package knows nothing of fleets as sets: it says what an expression means on one
// device (Bound.Matches) or one value (Atom.Holds). Package algebra evaluates on rosters.
package selectors
