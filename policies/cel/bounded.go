package cel

import (
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
)

// bounded reports whether an expression takes no more steps than it has nodes, each linear
// in what it reads: it has no loop, and no call that could make texts or lists grow. Such
// an expression needs no meter, which costs as much again as the evaluation.
func bounded(checked *cel.Ast) bool {
	ok := true
	ast.PostOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.ComprehensionKind:
			ok = false
		case ast.CallKind:
			ok = ok && linear[e.AsCall().FunctionName()]
		}
	}))
	return ok
}

// linear are the functions that read what they are given once and make nothing larger of it.
var linear = set("_&&_", "_||_", "!_", "_?_:_", "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "@in",
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
