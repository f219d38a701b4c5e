package cel

import (
	"slices"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"

	"github.com/musterfleet/muster/policies/classes"
)

// loop is a loop of a rule that asks of each entry of a map by itself:
//
//	device.labels.all(k, size(device.labels[k]) <= 63)
//
// A rule with one such loop holds iff it holds with each entry alone, if there are any: as false <
// error < true, all and && are the least of what they join, exists and || are the greatest, and !
// turns one into the other.
type loop struct {
	id  int64
	key string // what it calls the keys
	of  classes.Path
}

// loopOf finds the loop of a rule, where all that is around it is &&, || and !.
func loopOf(rule *cel.Ast) *loop {
	tree := rule.NativeRep()
	var found []*loop
	var visit func(e ast.Expr, macro string)
	visit = func(e ast.Expr, macro string) {
		switch e.Kind() {
		case ast.CallKind:
			switch call := e.AsCall(); call.FunctionName() {
			case operators.LogicalNot:
				visit(call.Args()[0], map[string]string{"all": "exists", "exists": "all"}[macro])
			case operators.LogicalAnd, operators.LogicalOr:
				visit(call.Args()[0], macro)
				visit(call.Args()[1], macro)
			}
		case ast.ComprehensionKind:
			written, ok := tree.SourceInfo().GetMacroCall(e.ID())
			if !ok || written.AsCall().FunctionName() != macro {
				return
			}
			c := e.AsComprehension()
			of, ok := (&reading{tree: tree}).path(c.IterRange())
			if ok && (slices.Equal(of, classes.Labels) || slices.Equal(of, classes.Facts)) && !hides(c.LoopStep(), c.IterVar()) {
				found = append(found, &loop{e.ID(), c.IterVar(), of})
			}
		}
	}
	visit(tree.Expr(), "all")
	if len(found) != 1 || !bounded(rule) { // a limit would count the entries
		return nil
	}
	return found[0]
}

// hides reports whether an expression has a loop that calls something else by a name.
func hides(e ast.Expr, name string) bool {
	found := false
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		found = found || e.Kind() == ast.ComprehensionKind && e.AsComprehension().IterVar() == name
	}))
	return found
}

// isEntry reports whether a call is the entry that a loop is at.
func (r *reading) isEntry(call ast.CallExpr) bool {
	if r.beside == nil || call.FunctionName() != operators.Index && call.FunctionName() != operators.OptIndex {
		return false
	}
	of, ok := r.path(call.Args()[0])
	key := call.Args()[1]
	return ok && slices.Equal(of, r.beside.of) && key.Kind() == ast.IdentKind && key.AsIdent() == r.beside.key
}
