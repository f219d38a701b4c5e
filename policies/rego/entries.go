package rego

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/musterfleet/muster/policies/classes"
)

// entryRef is a reference to one entry of the device's labels or facts, by a variable.
type entryRef struct {
	of  classes.Path
	key ast.Var
}

// entryOf takes a reference to an entry apart: c.device.labels[k].
func (e *element) entryOf(t *ast.Term) (entryRef, bool) {
	ref, is := t.Value.(ast.Ref)
	if !is || len(ref) < 2 {
		return entryRef{}, false
	}
	key, is := ref[len(ref)-1].Value.(ast.Var)
	p, whole := e.path(ast.NewTerm(ref[:len(ref)-1]))
	return entryRef{p, key}, is && whole && (slices.Equal(p, classes.Labels) || slices.Equal(p, classes.Facts))
}

// noteEntry keeps a reference that is to an entry. In a function it may mean any.
func (e *element) noteEntry(t *ast.Term) bool {
	at, ok := e.entryOf(t)
	if ok = ok && !e.inner; ok {
		e.entries = append(e.entries, at)
	}
	return ok
}

// drawEntries finds out whether a rule draws one entry of a map, and meets the map nowhere else: then it
// asks of each entry by itself, as rules do of each change. Else it reads the map as a whole.
func (e *element) drawEntries(body ast.Body) {
	if len(e.entries) == 0 {
		return
	}
	at := e.entries[0]
	if e.reads.Each == nil && e.isOnly(at) && slices.ContainsFunc(body, func(x *ast.Expr) bool { return e.drawsEntry(x, at) }) {
		e.reads.Each = at.of
		return
	}
	for _, one := range e.entries {
		e.note(one.of, false)
	}
}

// isOnly reports whether all entries met are the same one.
func (e *element) isOnly(at entryRef) bool {
	return !slices.ContainsFunc(e.entries, func(o entryRef) bool { return o.key != at.key || !slices.Equal(o.of, at.of) })
}

// drawsEntry reports whether an expression goes through the entries, or fails for lack of one: it
// has one outside of comprehensions and loops, and is not negated.
func (e *element) drawsEntry(x *ast.Expr, at entryRef) bool {
	if x.Negated {
		return false
	}
	found := false
	vis := ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension, *ast.Every:
			return true
		case *ast.Term:
			one, ok := e.entryOf(x)
			found = found || ok && one.key == at.key && slices.Equal(one.of, at.of)
		}
		return found
	})
	vis.Walk(x)
	return found
}
