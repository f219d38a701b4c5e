package cel

import (
	"slices"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/musterfleet/muster/policies/classes"
)

// roots are the variables that are parts of the change judged. The others are the same for
// all changes of a plan.
var roots = map[string]classes.Path{
	"action":     {},
	"device":     {"device"},
	"assignment": {"assignment"},
	"deployment": {classes.Deployment},
	"object":     {"change", "after"},
	"oldObject":  {"change", "before"},
}

// reads finds the parts of the change that checked expressions read, by their syntax: a chain
// of fields and literal keys from a variable, as far as it goes. What is read by a computed
// key is all it is a key of. It cannot be told (false) of an expression that takes the change
// as a whole.
func reads(expressions ...*cel.Ast) ([]classes.Path, bool) {
	var paths []classes.Path
	for _, e := range expressions {
		paths = append(paths, readsBeside(nil, e)...)
	}
	for _, p := range paths {
		if len(p) == 0 {
			return nil, false
		}
	}
	return paths, true
}

// readsBeside are the parts that one expression reads but for what a loop of it, if any is given,
// reads entry by entry.
func readsBeside(l *loop, e *cel.Ast) []classes.Path {
	r := &reading{tree: e.NativeRep(), beside: l}
	r.visit(r.tree.Expr())
	return r.paths
}

// reading is the state of one reads.
type reading struct {
	tree   *ast.AST
	paths  []classes.Path
	beside *loop // or nil
}

func (r *reading) visit(e ast.Expr) {
	if p, ok := r.path(e); ok {
		r.paths = append(r.paths, p)
		return
	}
	switch e.Kind() {
	case ast.SelectKind:
		r.visit(e.AsSelect().Operand())
	case ast.CallKind:
		if r.isEntry(e.AsCall()) {
			return
		}
		if p, ok := r.presence(e.AsCall()); ok {
			r.paths = append(r.paths, p)
			return
		}
		if e.AsCall().IsMemberFunction() {
			r.visit(e.AsCall().Target())
		}
		for _, a := range e.AsCall().Args() {
			r.visit(a)
		}
	case ast.ListKind:
		for _, x := range e.AsList().Elements() {
			r.visit(x)
		}
	case ast.MapKind:
		for _, x := range e.AsMap().Entries() {
			r.visit(x.AsMapEntry().Key())
			r.visit(x.AsMapEntry().Value())
		}
	case ast.StructKind:
		for _, x := range e.AsStruct().Fields() {
			r.visit(x.AsStructField().Value())
		}
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		if r.beside == nil || r.beside.id != e.ID() {
			r.visit(c.IterRange())
		}
		for _, x := range []ast.Expr{c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()} {
			r.visit(x)
		}
	case ast.IdentKind, ast.LiteralKind, ast.UnspecifiedExprKind:
	}
}

// presence is what a call reads that asks only whether something is there: x == null of a deployment,
// which its app tells, as every deployment has one, and "key" in a map.
func (r *reading) presence(call ast.CallExpr) (classes.Path, bool) {
	switch args := call.Args(); call.FunctionName() {
	case operators.Equals, operators.NotEquals:
		for i, e := range args {
			p, ok := r.path(e)
			if other := args[1-i]; ok && other.Kind() == ast.LiteralKind && other.AsLiteral() == types.NullValue && isDeployment(p) {
				return append(p[:len(p):len(p)], "app"), true
			}
		}
	case operators.In:
		if args[0].Kind() != ast.LiteralKind {
			return nil, false
		}
		p, ok := r.path(args[1])
		key, text := args[0].AsLiteral().(types.String)
		if ok && text && r.tree.GetType(args[1].ID()).Kind() == types.MapKind {
			return append(p[:len(p):len(p)], string(key)), true
		}
	}
	return nil, false
}

func isDeployment(p classes.Path) bool {
	return slices.ContainsFunc([]string{"deployment", "object", "oldObject"}, func(root string) bool { return slices.Equal(p, roots[root]) })
}

// path is what an expression reads, if it is a chain from a variable that is part of the change.
// A variable of a macro that hides such a name counts as if it did not: that reads too much,
// which does no harm.
func (r *reading) path(e ast.Expr) (classes.Path, bool) {
	switch e.Kind() {
	case ast.IdentKind:
		p, ok := roots[e.AsIdent()]
		return p, ok
	case ast.SelectKind:
		return r.below(e.AsSelect().Operand(), e.AsSelect().FieldName())
	case ast.CallKind:
		call := e.AsCall()
		switch call.FunctionName() {
		case operators.Index, operators.OptIndex, operators.OptSelect:
		default:
			return nil, false
		}
		key := call.Args()[1]
		if key.Kind() != ast.LiteralKind {
			return nil, false
		}
		if text, ok := key.AsLiteral().(types.String); ok {
			return r.below(call.Args()[0], string(text))
		}
	case ast.ComprehensionKind, ast.ListKind, ast.LiteralKind, ast.MapKind, ast.StructKind, ast.UnspecifiedExprKind:
	}
	return nil, false
}

// below extends a chain by a key. What is below an optional value is not told by its type, and
// so is all of it.
func (r *reading) below(of ast.Expr, key string) (classes.Path, bool) {
	p, ok := r.path(of)
	if !ok {
		return nil, false
	}
	switch r.tree.GetType(of.ID()).Kind() {
	case types.StructKind, types.MapKind:
		return append(p[:len(p):len(p)], key), true
	}
	return p, true
}

// named are the parts that words about a workload that is not known take from a change, for
// the paths that may lead to one (schema.go).
func named(paths []classes.Path) []classes.Path {
	var out []classes.Path
	for _, p := range paths {
		for _, root := range []classes.Path{roots["deployment"], roots["object"], roots["oldObject"]} {
			if root.Meets(p) {
				out = append(out, append(root[:len(root):len(root)], "app"), append(root[:len(root):len(root)], "version"))
			}
		}
	}
	return out
}
