package selectors

import (
	"fmt"
	"strings"
	"time"
)

// contains checks set contains "element".
func (b *binder) contains(x Contains) Expr {
	k, ok := b.key(x.Key)
	element := x.Element.Text
	switch {
	case !ok:
	case isTextual(k):
		b.fail(x.At, wrongOperator, fmt.Sprintf("contains needs a set, and %s is %s", x.Key, k.noun()), "for a part of a text write "+brief(Glob{Key: x.Key, Pattern: Value{Text: "*" + element + "*"}, Negated: x.Negated}))
	case k != setKind:
		b.fail(x.At, wrongOperator, fmt.Sprintf("contains needs a set, and %s is %s", x.Key, k.noun()), "compare it with = or <")
	case element == "" || element != strings.TrimSpace(element) || strings.Contains(element, ","):
		b.fail(x.Element.At, badValue, valueText(x.Element)+" is no element of a set", "an element has no comma and no space around it; join two contains with &")
	default:
		x.test = &test{kind: setKind, constants: []reading{{text: element}}, negated: x.Negated}
	}
	return x
}

// failSet records that a set is compared as a whole.
func (b *binder) failSet(at Span, key Key, element Value, negated bool) {
	element.Quoted = true
	b.fail(at, wrongOperator, key.String()+" is a set", "write "+brief(Contains{Key: key, Element: element, Negated: negated}))
}

// within checks instant within length.
func (b *binder) within(x Within) Expr {
	k, ok := b.key(x.Key)
	b.needs(Clock)
	length, fits := parseLength(x.Length.Text)
	switch {
	case !ok:
	case k != instantKind:
		b.fail(x.At, wrongOperator, fmt.Sprintf("within needs an instant, and %s is %s", x.Key, k.noun()), "write for example "+Heartbeat+" within 5m")
	case !fits || length == 0 || x.Length.Quoted:
		b.fail(x.Length.At, badValue, valueText(x.Length)+" is no length of time", "write for example 90s, 5m, 1h30m or 7d")
	default:
		x.length = length
	}
	return x
}

// Holds decides the atom on the text of an instant, or its absence, at a time. One that Bind
// has not made holds nowhere.
func (x Within) Holds(value string, present bool, now time.Time) bool {
	r, ok := instantKind.read(value)
	return present && ok && x.Admits(r.instant, now)
}

// Admits reports whether the instant is at most the length before now. An instant after now
// is: clocks differ.
func (x Within) Admits(instant, now time.Time) bool {
	return x.length > 0 && now.Sub(instant) <= x.length
}

// Age is the length: how old an instant may be to be recent.
func (x Within) Age() time.Duration { return x.length }

// quant checks any(deploy: …) and every(deploy: …).
func (b *binder) quant(x Quant) Expr {
	b.needs(Observed)
	if b.element {
		b.fail(x.At, badQuantifier, "a quantifier inside a quantifier", "each asks about one deployment: join two with &")
		return x
	}
	if x.Collection != Deploy {
		hint := didYouMean(x.Collection, []string{Deploy}, func(c string) string { return c })
		if hint == "" {
			hint = "known: " + Deploy
		}
		b.fail(x.CollectionAt, badQuantifier, "unknown collection "+x.Collection, hint)
		return x
	}
	b.element = true
	by, sort := b.bind(x.By)
	b.element = false
	if sort == FleetSort || sort == AssignmentSort {
		b.fail(x.By.Span(), wrongSort, fmt.Sprintf("a quantifier asks by a selector, and this is %s", sort), "write what holds of a deployment: phase = Running")
	}
	x.By = by
	return x
}

// onDevice checks that something that speaks of devices does not stand in a quantifier.
func (b *binder) onDevice(at Span, what string) {
	if b.element {
		b.fail(at, badQuantifier, what+" speaks of devices, and this is about a deployment", "join it outside with &")
	}
}

// take checks take(F, n by key).
func (b *binder) take(x Take) (Expr, Sort) {
	b.takes = true
	inner, sort := b.bind(x.X)
	if x.By != (Key{}) {
		b.key(x.By)
		if x.By.Name == Heartbeat && !x.By.Label {
			b.fail(x.By.At, wrongOperator, "devices are not grouped by "+Heartbeat, "group them by a label or a fact")
		}
	}
	switch {
	case sort == SelectorSort && !lifts(x.X):
		lifted := x
		lifted.X = lift(x.X)
		b.fail(x.X.Span(), wrongSort, "take needs a fleet, and this is a selector", "write "+brief(lifted))
	case sort == AssignmentSort:
		b.fail(x.X.Span(), wrongSort, "take needs a fleet, and this is an assignment", "take from the fleet before its ->")
	}
	x.X = inner
	return x, FleetSort
}
