package cel

import (
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// bounded reports whether an expression takes no more steps than it has nodes, each linear
// in what it reads: it has no call that could make texts or lists grow, and no loop but over a
// part of the change, to ask of each element what does not depend on how many there are. Such
// an expression needs no meter, which costs as much again as the evaluation.
func bounded(checked *cel.Ast) bool {
	return linearly(checked.NativeRep().Expr(), true)
}

// linearly is bounded of an expression that may have loops, or that is in one.
func linearly(of ast.Expr, loops bool) bool {
	ok := true
	var visit func(e ast.Expr)
	visit = func(e ast.Expr) {
		switch e.Kind() {
		case ast.ComprehensionKind:
			c := e.AsComprehension()
			ok = ok && loops && isPart(c.IterRange()) && asks(c) && linearly(c.LoopCondition(), false) && linearly(c.LoopStep(), false)
		case ast.CallKind:
			call := e.AsCall()
			ok = ok && linear[call.FunctionName()] && (loops || isShort(call))
			if call.IsMemberFunction() {
				visit(call.Target())
			}
			for _, a := range call.Args() {
				visit(a)
			}
		case ast.SelectKind:
			visit(e.AsSelect().Operand())
		case ast.ListKind:
			for _, x := range e.AsList().Elements() {
				visit(x)
			}
		case ast.IdentKind:
			ok = ok && (loops || e.AsIdent() != "variables") // which are computed when they are read
		case ast.LiteralKind:
		case ast.MapKind, ast.StructKind, ast.UnspecifiedExprKind:
			ok = false
		}
	}
	visit(of)
	return ok
}

// isShort reports whether a call takes as long as the expression is, or a text it reads: it goes
// through no list but one that is written there.
func isShort(call ast.CallExpr) bool {
	written := func(e ast.Expr) bool { return e.Kind() == ast.LiteralKind || e.Kind() == ast.ListKind }
	switch call.FunctionName() {
	case operators.In:
		return written(call.Args()[1])
	case operators.Equals, operators.NotEquals:
		return written(call.Args()[0]) || written(call.Args()[1])
	}
	return true
}

// isPart reports whether an expression is a part of the change.
func isPart(e ast.Expr) bool {
	for e.Kind() == ast.SelectKind {
		e = e.AsSelect().Operand()
	}
	if e.Kind() != ast.IdentKind {
		return false
	}
	_, ok := roots[e.AsIdent()]
	return ok
}

// asks reports whether a loop comes to true or false: it is all or exists.
func asks(c ast.ComprehensionExpr) bool {
	if c.AccuInit().Kind() != ast.LiteralKind || c.Result().Kind() != ast.IdentKind {
		return false
	}
	_, is := c.AccuInit().AsLiteral().(types.Bool)
	return is
}

// linear are the functions that read what they are given once and make nothing larger of it.
var linear = set("@not_strictly_false", "_&&_", "_||_", "!_", "_?_:_", "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "@in",
	"_+_", "_-_", "_*_", "_/_", "_%_", "-_", "_[_]", "_[?_]", "_?._", "orValue", "or", "hasValue", "value",
	"optional.of", "optional.none", "optional.ofNonZeroValue", "size", "startsWith", "endsWith", "contains", "matches",
	"timestamp", "duration", "int", "string", "bool", "double", "dyn", "type",
	"getFullYear", "getMonth", "getDayOfYear", "getDayOfMonth", "getDate", "getDayOfWeek", "getHours", "getMinutes", "getSeconds",
	"lowerAscii", "upperAscii", "trim", "split", "indexOf", "lastIndexOf", "charAt", "substring")

func set(words ...string) map[string]bool {
	m := map[string]bool{}
	for _, w := range words {
		m[w] = true
	}
	return m
}
