package worldfile

import "github.com/musterfleet/muster/selectors"

// settle takes the expression over, if it says in so many words what is not plain to see: that
// devices may come and go by themselves, or which ones a take came to.
func (d *definition) settle(b *selectors.Bound) {
	switch {
	case b.Takes() && d.assignment:
		x := partOf(b, func(x selectors.Expr) bool { _, ok := x.(selectors.Take); return ok })
		d.at(x.Span()).fail("make it a Fleet document with frozen, and use its name", "%s depends on which other devices there are", brief(x))
	case b.Takes() && d.frozenNode == nil && !d.thaw:
		x := partOf(b, func(x selectors.Expr) bool { _, ok := x.(selectors.Take); return ok })
		d.at(x.Span()).fail("muster freeze writes the devices it comes to beside it, as frozen:", "%s depends on which other devices there are", brief(x))
	case b.Takes() && d.dynamicNode != nil:
		d.document.file.at(d.dynamicNode).fail("leave dynamic out", "a frozen fleet stays as it is")
	case b.Takes():
		d.taken, d.bound = b, bound(selectors.Nodes{Names: d.frozen})
	case d.frozenNode != nil:
		d.document.file.at(d.frozenNode).fail("leave frozen out, or write {…} as the expression", "frozen: the expression takes nothing, so there is nothing to freeze")
	case b.Effect() != selectors.Static && !d.dynamic:
		x := restless(b)
		d.at(x.Span()).fail("add dynamic: true if devices may come and go by themselves", "%s %s", brief(x), because(b.Effect()))
	default:
		d.bound = b
	}
}

// because says what an expression of that effect depends on.
func because(e selectors.Effect) string {
	switch e {
	case selectors.Observed:
		return "depends on what devices report"
	case selectors.Clock:
		return "depends on the time"
	case selectors.Static:
	}
	panic("worldfile: a static expression depends on nothing")
}

// restless is the first part of an expression that has its effect.
func restless(b *selectors.Bound) selectors.Expr {
	return partOf(b, func(x selectors.Expr) bool {
		if name, ok := x.(selectors.Name); ok {
			return b.Name(name.Name).Effect() == b.Effect()
		}
		if _, ok := x.(selectors.Within); ok {
			return true
		}
		if _, ok := x.(selectors.Quant); ok {
			return b.Effect() == selectors.Observed
		}
		a, ok := x.(selectors.Atom)
		return ok && b.Effect() == selectors.Observed && a.Subject().Name == selectors.Heartbeat && !a.Subject().Label
	})
}

// partOf is the first part of an expression that is as wanted, or all of it. It does not look
// behind names.
func partOf(b *selectors.Bound, is func(selectors.Expr) bool) selectors.Expr {
	var walk func(x selectors.Expr) (selectors.Expr, bool)
	walk = func(x selectors.Expr) (selectors.Expr, bool) {
		if is(x) {
			return x, true
		}
		for _, child := range selectors.Children(x) {
			if found, ok := walk(child); ok {
				return found, true
			}
		}
		return nil, false
	}
	if x, ok := walk(b.Expr()); ok {
		return x
	}
	return b.Expr()
}

// brief is an expression as an error shows it.
func brief(x selectors.Expr) string {
	const most = 60
	if text := []rune(selectors.Print(x)); len(text) > most {
		return string(text[:most]) + "…"
	}
	return selectors.Print(x)
}
