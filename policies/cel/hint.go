package cel

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/parser"

	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/selectors"
)

var (
	undefinedField = regexp.MustCompile(`^undefined field '([^']+)'`)
	undeclaredName = regexp.MustCompile(`^undeclared reference to '([^']+)'`)
)

// suggestion is what to write instead, as far as the checker's message tells, and the misses
// left for the messages after it.
func suggestion(message string, vars map[string]*types.Type, misses []miss) (string, []miss) {
	if m := undefinedField.FindStringSubmatch(message); m != nil {
		i := slices.IndexFunc(misses, func(x miss) bool { return x.field == m[1] })
		if i < 0 {
			return "", misses
		}
		return offer(m[1], misses[i].of.names()), slices.Delete(slices.Clone(misses), i, i+1)
	}
	m := undeclaredName.FindStringSubmatch(message)
	if m == nil {
		return "", misses
	}
	for s := policies.Action; s <= policies.Aggregate; s++ {
		if _, ok := declared(s)[m[1]]; ok {
			return m[1] + " is known in scope " + s.String(), misses
		}
	}
	return offer(m[1], slices.Sorted(maps.Keys(vars))), misses
}

// offer is the nearest known word, or all of them.
func offer(word string, known []string) string {
	if near, ok := selectors.Nearest(word, known); ok {
		return "did you mean " + near + "?"
	}
	if len(known) == 0 {
		return "there are none"
	}
	return "known: " + strings.Join(known, ", ")
}

// safeIndex is how to read a key that may be missing, for the place in the expression that
// reads it, if that can be told.
func safeIndex(checked *cel.Ast, key string) string {
	tree := checked.NativeRep()
	text := `m[?key].orValue("")`
	ast.PostOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		var of ast.Expr
		switch e.Kind() {
		case ast.SelectKind:
			if e.AsSelect().FieldName() == key && !e.AsSelect().IsTestOnly() {
				of = e.AsSelect().Operand()
			}
		case ast.CallKind:
			args := e.AsCall().Args()
			if e.AsCall().FunctionName() == operators.Index && args[1].Kind() == ast.LiteralKind && args[1].AsLiteral().Value() == key {
				of = args[0]
			}
		}
		if of == nil || tree.GetType(of.ID()).Kind() != types.MapKind {
			return
		}
		source, err := parser.Unparse(of, tree.SourceInfo())
		if err == nil {
			text = source + "[?" + strings.ReplaceAll(`"`+key+`"`, "\n", " ") + "].orValue(" + emptyOf(tree.GetType(e.ID())) + ")"
		}
	}))
	return text
}

// emptyOf is the literal people use for nothing.
func emptyOf(t *types.Type) string {
	switch t.Kind() {
	case types.StringKind:
		return `""`
	case types.IntKind:
		return "0"
	case types.BoolKind:
		return "false"
	}
	return "…"
}
