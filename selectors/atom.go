package selectors

import (
	"fmt"
	"regexp"
)

// test is an atom with its constants read: what Bind makes of it, once.
//
// A positive test is false on an absent value and on one that cannot be read; a negative
// one is its complement. So each atom and its twin split the devices in two.
type test struct {
	kind      kind
	op        CompareOp // never NotEqual
	constants []reading // any of them; with no constants, that the value can be read
	set       map[string]bool
	pattern   *regexp.Regexp // the whole text, instead of constants
	negated   bool
}

// longList is the number of texts from which a list is looked up rather than searched.
const longList = 8

func compareTest(k kind, op CompareOp, constant reading) *test {
	if op == NotEqual {
		return &test{kind: k, op: Equal, constants: []reading{constant}, negated: true}
	}
	return &test{kind: k, op: op, constants: []reading{constant}}
}

func inTest(k kind, constants []reading, negated bool) *test {
	t := &test{kind: k, op: Equal, constants: constants, negated: negated}
	if isTextual(k) && len(constants) >= longList {
		t.set = make(map[string]bool, len(constants))
		for _, c := range constants {
			t.set[c.text] = true
		}
	}
	return t
}

func isTextual(k kind) bool { return k == textKind || k == wordKind || k == enumKind }

func (t *test) holds(value string, present bool) bool {
	return (present && t.positive(value)) != t.negated
}

func (t *test) positive(value string) bool {
	switch {
	case t.set != nil:
		return t.set[value]
	case t.pattern != nil:
		return t.pattern.MatchString(value)
	case t.kind == setKind && t.constants != nil:
		return hasElement(value, t.constants[0].text)
	}
	r, ok := t.kind.read(value)
	if !ok {
		return false
	}
	for _, c := range t.constants {
		if t.kind == addressKind {
			if c.network.Contains(r.network.Addr()) && r.network.IsSingleIP() {
				return true
			}
		} else if t.op.accepts(t.kind.compare(r, c)) {
			return true
		}
	}
	return t.constants == nil
}

// accepts reports whether a value that compares so with the constant passes the operator.
func (o CompareOp) accepts(order int) bool {
	switch o {
	case Equal:
		return order == 0
	case NotEqual:
		return order != 0
	case Less:
		return order < 0
	case LessEqual:
		return order <= 0
	case Greater:
		return order > 0
	case GreaterEqual:
		return order >= 0
	case Matches, NotMatches: // these have a pattern, and so no order
	}
	panic(fmt.Sprintf("selectors: unknown CompareOp %d", uint8(o)))
}

// Subject is the key the atom asks about.
func (x Compare) Subject() Key { return x.Key }

// Subject is the key the atom asks about.
func (x In) Subject() Key { return x.Key }

// Subject is the key the atom asks about.
func (x Glob) Subject() Key { return x.Key }

// Subject is the key the atom asks about.
func (x Contains) Subject() Key { return x.Key }

// Subject is the key the atom asks about.
func (x Has) Subject() Key { return x.Key }

// Holds decides the atom; one that Bind has not made holds nowhere.
func (x Compare) Holds(value string, present bool) bool {
	return x.test != nil && x.test.holds(value, present)
}

// Holds decides the atom; one that Bind has not made holds nowhere.
func (x In) Holds(value string, present bool) bool {
	return x.test != nil && x.test.holds(value, present)
}

// Holds decides the atom; one that Bind has not made holds nowhere.
func (x Glob) Holds(value string, present bool) bool {
	return x.test != nil && x.test.holds(value, present)
}

// Holds decides the atom; one that Bind has not made holds nowhere.
func (x Contains) Holds(value string, present bool) bool {
	return x.test != nil && x.test.holds(value, present)
}

// Holds decides the atom; one that Bind has not made holds nowhere.
func (x Has) Holds(value string, present bool) bool {
	return x.test != nil && x.test.holds(value, present)
}
