package worldfile

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// theoremDraft is a Theorem that is not bound yet.
type theoremDraft struct {
	algebra.Theorem
	never   expression
	written bool // there is a never and it parses
}

// isTheorem reports whether a Policy document says never: it is proved, not evaluated.
func (d document) isTheorem() bool {
	if d.spec == nil || d.spec.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i < len(d.spec.Content); i += 2 {
		if d.spec.Content[i].Value == "never" {
			return true
		}
	}
	return false
}

// theorem reads a Policy document with never.
func (l *loader) theorem(d document) {
	t := &theoremDraft{Theorem: algebra.Theorem{Name: d.name, Source: d.source()}}
	l.theorems = append(l.theorems, t)
	spec, ok := d.readSpec("never")
	if !ok {
		return
	}
	if n, given := spec.need("never"); given {
		t.never, t.written = d.file.expression(n, "never")
	}
}

// bindTheorem binds what must never be. Of what is deployed it may ask what the World says of
// it, not how it fares.
func (l *loader) bindTheorem(t *theoremDraft, scope selectors.Scope) {
	if !t.written {
		return
	}
	b, ok := l.bindExpression(t.never, "never", scope)
	switch {
	case !ok:
	case b.Sort() == selectors.AssignmentSort:
		t.never.at(t.never.expr.Span()).fail("write what no device may be, such as label(\"zone\") = \"clinical\" & any(deploy: app = beta)",
			"never: want a selector, and this is an assignment")
	case b.Takes():
		t.never.at(t.never.expr.Span()).fail("name a frozen Fleet", "never: it depends on which other devices there are")
	default:
		if key, found := reported(b, b.Expr()); found {
			t.never.at(t.never.expr.Span()).fail("a theorem is about labels and facts, and about the app and version of what is deployed",
				"never: %s is reported by devices, and no World says it", key)
			return
		}
		t.Never = b
	}
}

// reported finds a key that only a running device has a value of.
func reported(b *selectors.Bound, x selectors.Expr) (key string, found bool) {
	if n, ok := x.(selectors.Name); ok {
		return reported(b.Name(n.Name), b.Name(n.Name).Expr())
	}
	var k selectors.Key
	if a, ok := x.(selectors.Atom); ok {
		k = a.Subject()
	} else if w, ok := x.(selectors.Within); ok {
		k = w.Key
	}
	if !k.Label && slices.Contains([]string{"phase", "since", "restarts", selectors.Heartbeat}, k.Name) {
		return k.String(), true
	}
	for _, child := range selectors.Children(x) {
		if key, found := reported(b, child); found {
			return key, true
		}
	}
	return "", false
}
