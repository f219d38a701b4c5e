package cel

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/parser"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/selectors"
)

var (
	undefinedField = regexp.MustCompile(`^undefined field '([^']+)'`)
	undeclaredName = regexp.MustCompile(`^undeclared reference to '([^']+)'`)
	wrongOperands  = regexp.MustCompile(`^found no matching overload for '_(.+)_' applied to '\((.+), (.+)\)'`)
)

// said is what the checker's message says in words of policies, what to write instead as far as it
// tells, and the misses left for the messages after it.
func (c *compiling) said(message string, misses []miss) (text, hint string, left []miss) {
	message = strings.ReplaceAll(message, " (in container '')", "")
	if m := undefinedField.FindStringSubmatch(message); m != nil {
		i := slices.IndexFunc(misses, func(x miss) bool { return x.field == m[1] })
		if i < 0 {
			return message, "", misses
		}
		hint = offer(m[1], misses[i].of.names())
		if misses[i].of == c.named && slices.ContainsFunc(c.policy.Variables, func(v algebra.NamedExpression) bool { return v.Name == m[1] }) {
			hint = "a variable may use those declared before it"
		}
		return message, hint, slices.Delete(slices.Clone(misses), i, i+1)
	}
	if m := wrongOperands.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%s %s %s: these types do not go together", m[2], m[1], m[3]), "", misses
	}
	if m := undeclaredName.FindStringSubmatch(message); m != nil {
		return message, c.offerName(m[1]), misses
	}
	return message, "", misses
}

// offerName is what a name that is not declared may have been meant to be.
func (c *compiling) offerName(name string) string {
	for s := policies.Action; s <= policies.Aggregate; s++ {
		if _, ok := declared(s)[name]; ok {
			return name + " is known in scope " + s.String()
		}
	}
	return offer(name, slices.Sorted(maps.Keys(c.vars)))
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
