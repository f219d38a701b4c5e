package cel

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/interpreter"
	"github.com/google/cel-go/parser"

	"github.com/musterfleet/muster/policies"
)

// Explain is policies.Explained: the expression and its parts, each with its value. Of a loop
// the last turn shows, which is the one that decided.
func (e *engine) Explain(in policies.Input) (policies.Explanation, error) {
	return explain(e.env, e.ast, e.activation(in))
}

// Parts is policies.Explained: each condition must have been seen true, and seen false.
func (e *engine) Parts() []string {
	w := &walk{tree: e.ast.NativeRep()}
	w.visit(w.tree.Expr(), 0, true)
	return w.parts
}

func explain(env *cel.Env, checked *cel.Ast, vars interpreter.Activation) (policies.Explanation, error) {
	run, err := env.Program(checked, cel.CostLimit(wholeCost), cel.EvalOptions(cel.OptTrackState))
	if err != nil {
		return policies.Explanation{}, err
	}
	out, details, err := run.Eval(vars)
	w := &walk{tree: checked.NativeRep(), values: map[int64]ref.Val{}}
	if details != nil {
		for _, id := range details.State().IDs() {
			w.values[id], _ = details.State().Value(id)
		}
	}
	if err == nil {
		w.values[w.tree.Expr().ID()] = out
	}
	w.visit(w.tree.Expr(), 0, true)
	return policies.Explanation{Steps: w.steps, Covered: w.covered}, err
}

// walk lists the parts of an expression. values is nil where nothing was evaluated.
type walk struct {
	tree    *ast.AST
	values  map[int64]ref.Val
	steps   []policies.Step
	parts   []string
	covered []string
}

// visit lists a part and those it is made of. A condition is a part that decides.
func (w *walk) visit(e ast.Expr, depth int, condition bool) {
	if e.Kind() == ast.LiteralKind || e.Kind() == ast.UnspecifiedExprKind {
		return
	}
	value, known := w.values[e.ID()]
	text := w.text(e)
	_, plain := worded(value)
	if shown := condition || plain || !known; shown && e.Kind() != ast.IdentKind || plain {
		words := ""
		if known {
			words, _ = worded(value)
		}
		w.steps = append(w.steps, policies.Step{Depth: depth, Text: text, Value: words})
		depth++
	}
	if condition {
		w.note(e, text, value)
	}
	if known || w.values == nil { // the parts of what was not looked at were not either
		w.descend(e, depth, condition)
	}
}

// note keeps what coverage counts: the condition, true and false.
func (w *walk) note(e ast.Expr, text string, value ref.Val) {
	at := w.tree.SourceInfo().GetStartLocation(e.ID())
	for _, truth := range []types.Bool{types.True, types.False} {
		part := fmt.Sprintf("%d:%d %s is %t", at.Line(), at.Column()+1, text, bool(truth))
		w.parts = append(w.parts, part)
		if value == truth {
			w.covered = append(w.covered, part)
		}
	}
}

func (w *walk) descend(e ast.Expr, depth int, condition bool) {
	if macro, ok := w.tree.SourceInfo().GetMacroCall(e.ID()); ok && e.Kind() == ast.ComprehensionKind {
		call := macro.AsCall()
		if call.IsMemberFunction() {
			w.visit(call.Target(), depth, false)
		}
		for i, arg := range call.Args() {
			if i > 0 {
				w.visit(arg, depth, w.isBool(arg))
			}
		}
		return
	}
	switch e.Kind() {
	case ast.CallKind:
		call := e.AsCall()
		if call.IsMemberFunction() {
			w.visit(call.Target(), depth, false)
		}
		for i, arg := range call.Args() {
			switch call.FunctionName() {
			case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot:
				w.visit(arg, depth, true)
			case operators.Conditional:
				w.visit(arg, depth, i == 0 || condition)
			default:
				w.visit(arg, depth, false)
			}
		}
	case ast.SelectKind:
		if of := e.AsSelect().Operand(); of.Kind() != ast.IdentKind && of.Kind() != ast.SelectKind {
			w.visit(of, depth, false)
		}
	case ast.ListKind:
		for _, item := range e.AsList().Elements() {
			w.visit(item, depth, false)
		}
	case ast.ComprehensionKind, ast.IdentKind, ast.LiteralKind, ast.MapKind, ast.StructKind, ast.UnspecifiedExprKind:
	}
}

func (w *walk) isBool(e ast.Expr) bool { return w.tree.GetType(e.ID()).Kind() == types.BoolKind }

func (w *walk) text(e ast.Expr) string {
	text, err := parser.Unparse(e, w.tree.SourceInfo())
	if err != nil {
		return "…"
	}
	return strings.ReplaceAll(text, "\n", " ") // which it breaks where lines get long
}

// worded is a value as people read it, and whether it is plain: no list, map or part of the plan.
func worded(v ref.Val) (text string, plain bool) {
	switch v := v.(type) {
	case nil:
		return "", false
	case types.String:
		return strconv.Quote(string(v)), true
	case types.Bool, types.Int, types.Double, types.Uint, types.Null:
		return fmt.Sprint(v.Value()), true
	case types.Timestamp:
		return v.UTC().Format(time.RFC3339), true
	case types.Duration:
		return v.Duration.String(), true
	case *types.Err:
		return "error: " + v.Error(), true
	case *types.Optional:
		if !v.HasValue() {
			return "none", true
		}
		return worded(v.GetValue())
	case traits.Lister:
		return fmt.Sprintf("a list of %v", v.Size().Value()), false
	case traits.Mapper:
		return fmt.Sprintf("a map of %v", v.Size().Value()), false
	}
	return v.Type().TypeName(), false
}
