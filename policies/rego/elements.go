package rego

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/musterfleet/muster/policies/classes"
)

// changesRef is where the plan's changes are in the input.
var changesRef = ast.MustParseRef("input.resource_changes")

// elementwise says what a verdict reads of each change, if it asks of each by itself:
//
//	deny(plan) = union of deny(plan with c alone), over the changes c
//
// That holds of a rule whose body draws one change from resource_changes, by one variable that
// it uses for nothing else, and that meets the changes nowhere else: not in a comprehension
// over all of them, nor in a rule it reads. Its other inputs are the same for all changes.
// It cannot be told (false) of anything else, nor of what takes a change as a whole. The named
// parts of a change have to be there for it.
func (c *compiling) elementwise(v verdict) (reads classes.Reads, named []classes.Path, ok bool) {
	for _, r := range v.rules {
		if !c.readsNoChanges(c.reach([]*ast.Rule{r})[1:]) || usesWith(r) || wholeInput(r) {
			return classes.Reads{}, nil, false
		}
		drawn, ok := drawnBy(r)
		switch {
		case !ok:
			return classes.Reads{}, nil, false
		case drawn == "":
			continue // it is about no change
		}
		e := &element{compiling: c, drawn: drawn, alias: map[ast.Var]classes.Path{}, naming: map[*ast.Expr]bool{}}
		e.body(r)
		reads.Verdict = append(reads.Verdict, e.reads.Verdict...)
		reads.Words = append(reads.Words, e.reads.Words...)
		named = append(named, e.named...)
		switch {
		case e.reads.Each == nil:
		case reads.Each == nil, slices.Equal(reads.Each, e.reads.Each):
			reads.Each = e.reads.Each
		default: // one map is asked of entry by entry, and others as a whole
			reads.Verdict = append(reads.Verdict, e.reads.Each)
		}
	}
	if reads.Each != nil && slices.ContainsFunc(reads.Verdict, reads.Each.Meets) {
		reads.Verdict, reads.Each = append(reads.Verdict, reads.Each), nil
	}
	return reads, named, !slices.ContainsFunc(reads.Verdict, func(p classes.Path) bool { return len(p) == 0 })
}

// readsNoChanges reports whether rules read resource_changes nowhere, not even as part of the
// whole input.
func (c *compiling) readsNoChanges(rules []*ast.Rule) bool {
	return !slices.ContainsFunc(rules, func(r *ast.Rule) bool {
		return len(changeRefs(r)) > 0 || wholeInput(r) || usesWith(r)
	})
}

func usesWith(r *ast.Rule) bool {
	found := false
	ast.WalkExprs(r, func(e *ast.Expr) bool {
		found = found || len(e.With) > 0
		return found
	})
	return found
}

// wholeInput reports whether a rule reads its input other than by a literal key.
func wholeInput(r *ast.Rule) bool { return inputsOf([]*ast.Rule{r}) == nil }

// changeRefs are the references of a rule into resource_changes.
func changeRefs(r *ast.Rule) []ast.Ref {
	var found []ast.Ref
	ast.WalkRefs(r, func(ref ast.Ref) bool {
		if ref.HasPrefix(changesRef) {
			found = append(found, ref)
		}
		return false
	})
	return found
}

// drawnBy is the variable by which a rule draws the one change it is about; empty if it is
// about none, and false if it is about more than one at a time.
func drawnBy(r *ast.Rule) (ast.Var, bool) {
	refs := changeRefs(r)
	if len(refs) == 0 {
		return "", true
	}
	var drawn ast.Var
	for _, ref := range refs {
		if len(ref) <= len(changesRef) {
			return "", false
		}
		v, is := ref[len(changesRef)].Value.(ast.Var)
		if !is || drawn != "" && v != drawn {
			return "", false
		}
		drawn = v
	}
	uses := 0
	ast.WalkTerms(r, func(t *ast.Term) bool {
		if v, is := t.Value.(ast.Var); is && v == drawn {
			uses++
		}
		return false
	})
	return drawn, uses == len(refs) && slices.ContainsFunc(r.Body, func(e *ast.Expr) bool { return draws(e, drawn) })
}

// draws reports whether an expression goes through the changes: it is not negated, and has
// the variable outside of comprehensions and loops.
func draws(e *ast.Expr, v ast.Var) bool {
	if e.Negated {
		return false
	}
	switch e.Terms.(type) {
	case *ast.Every, *ast.SomeDecl:
		return false
	}
	found := false
	vis := ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension:
			return true
		case ast.Var:
			found = found || x == v
		}
		return false
	})
	vis.Walk(e)
	return found
}
