package selectors

import (
	"fmt"
	"iter"
	"time"
)

// Attributes is a device as a selector sees it.
type Attributes interface {
	// Value is the text of a key, and whether the device has the key at all.
	Value(k Key) (string, bool)
}

// Elements is a device of which is known what it runs. An observed selector needs one.
type Elements interface {
	Attributes
	// Elements yields what is in a collection of the device; Deploy is the one there is.
	Elements(collection string) iter.Seq[Attributes]
}

// Timed is a device seen at a time. A selector that asks the clock needs one.
type Timed interface {
	Attributes
	Now() time.Time
}

// Matches reports whether the selector admits the device. It panics unless the sort is
// SelectorSort and d is also an Elements or a Timed where the selector asks for it: what was
// not observed is not false.
//
// Laws: it is a homomorphism: !, & and | on selectors are not, and, or on what they match.
func (b *Bound) Matches(d Attributes) bool {
	if b.sort != SelectorSort {
		panic("selectors: Matches of " + b.sort.String())
	}
	return b.matches(b.expr, d, d)
}

// MatchesElement decides a selector inside a Quant of the expression on one element, at a time.
func (b *Bound) MatchesElement(by Expr, element Attributes, now time.Time) bool {
	return b.matches(by, element, instant{element, now})
}

// instant is a device of which the time is known.
type instant struct {
	Attributes
	now time.Time
}

func (i instant) Now() time.Time { return i.now }

// matches decides x on d: a device, or an element of one.
func (b *Bound) matches(x Expr, d, device Attributes) bool {
	switch x := x.(type) {
	case Const:
		return x.Value
	case Compare:
		return x.Holds(d.Value(x.Key))
	case In:
		return x.Holds(d.Value(x.Key))
	case Glob:
		return x.Holds(d.Value(x.Key))
	case Contains:
		return x.Holds(d.Value(x.Key))
	case Has:
		return x.Holds(d.Value(x.Key))
	case Within:
		clock, ok := device.(Timed)
		if !ok {
			panic(fmt.Sprintf("selectors: %T tells no time", device))
		}
		value, present := d.Value(x.Key)
		return x.Holds(value, present, clock.Now())
	case Quant:
		return b.quantified(x, device)
	case Sample:
		id, ok := d.Value(Key{Name: "id"})
		return ok && x.Admits(id)
	case Not:
		return !b.matches(x.X, d, device)
	case Binary:
		if x.Op == And {
			return b.matches(x.L, d, device) && b.matches(x.R, d, device)
		}
		return b.matches(x.L, d, device) || b.matches(x.R, d, device)
	case Name:
		return b.names[x.Name].Matches(d)
	case Universe, Nodes, Filter, Take, Rule:
		panic(fmt.Sprintf("selectors: %T in a selector", x))
	}
	panic(fmt.Sprintf("selectors: unknown expression %T", x))
}

// quantified is whether some element is as x says, or all are: every is no element that is not.
func (b *Bound) quantified(x Quant, device Attributes) bool {
	all, ok := device.(Elements)
	if !ok {
		panic(fmt.Sprintf("selectors: %T tells of no %s", device, x.Collection))
	}
	for e := range all.Elements(x.Collection) {
		if b.matches(x.By, e, device) != x.Every {
			return !x.Every
		}
	}
	return x.Every
}

// String is what a sort is called in sentences.
func (s Sort) String() string {
	switch s {
	case SelectorSort:
		return "a selector"
	case FleetSort:
		return "a fleet"
	case AssignmentSort:
		return "an assignment"
	}
	return fmt.Sprintf("Sort(%d)", uint8(s))
}
