package rego

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// wordless are the builtins that are defined of, and fail on, no arguments a wording has.
var wordless = []string{"sprintf", "internal.template_string"}

// wording tells the steps that only word the objection: they are always defined, or as the
// deciding steps are, and what they make is used by nothing but such steps and the head.
func (e *element) wording(r *ast.Rule) map[int]bool {
	out := map[int]bool{}
	used := map[ast.Var]bool{} // by a deciding step
	for i := len(r.Body) - 1; i >= 0; i-- {
		x := r.Body[i]
		if made, ok := e.words(x); ok && !used[made] && e.alias[made] == nil && !metBefore(r.Body[:i], made) {
			out[i] = true
			continue
		}
		ast.WalkVars(x, func(v ast.Var) bool { used[v] = true; return false })
	}
	return out
}

// words is the variable that a step makes, if the step cannot fail by itself.
func (e *element) words(x *ast.Expr) (ast.Var, bool) {
	if x.Negated || len(x.With) > 0 {
		return "", false
	}
	if v, term, ok := assigned(x); ok {
		return v, e.isSafe(term)
	}
	if !x.IsCall() || !slices.Contains(wordless, x.Operator().String()) {
		return "", false
	}
	args := x.Operands()
	v, is := args[len(args)-1].Value.(ast.Var)
	if !is {
		return "", false
	}
	if format, text := args[0].Value.(ast.String); x.Operator().String() == "sprintf" && (!text || strings.Contains(string(format), "*")) {
		return "", false
	}
	return v, !slices.ContainsFunc(args[:len(args)-1], func(t *ast.Term) bool { return !e.isSafe(t) })
}

// isSafe reports whether a term has no calls and no loops, so that only its references may
// be undefined. Comprehensions of such steps are made by texts with {parts}.
func (e *element) isSafe(t *ast.Term) bool {
	safe := true
	vis := ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case ast.Call, *ast.ArrayComprehension, *ast.ObjectComprehension, *ast.Every:
			safe = false
		case *ast.Expr:
			_, term, ok := assigned(x)
			safe = safe && ok && !x.Negated && e.isSafe(term)
			return true
		}
		return !safe
	})
	vis.Walk(t)
	return safe
}
