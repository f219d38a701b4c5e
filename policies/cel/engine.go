package cel

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"

	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/classes"
)

// The cost limits of one evaluation, in cel-go's units: about one a step, some two million a
// second. An action is a small thing, and there may be many. What judges a plan may look at
// each of its changes some hundred steps long, but not, in a large plan, at each pair of them.
const (
	actionCost    = 20_000
	wholeCost     = 1_000_000
	costPerChange = 500
)

// engine is one compiled expression.
type engine struct {
	env    *cel.Env
	ast    *cel.Ast
	params *object
	// program serves scope action; wider scopes make one to the size of the plan.
	program cel.Program
	reads   classes.Reads
	classed bool // reads is all it reads of a change
}

// Reads is policies.Reader.
func (e *engine) Reads() (classes.Reads, bool) { return e.reads, e.classed }

// program is an expression ready to run within a limit; one that is bounded by its own
// length needs none.
func program(env *cel.Env, ast *cel.Ast, limit uint64) (cel.Program, error) {
	if bounded(ast) {
		return env.Program(ast, cel.EvalOptions(cel.OptOptimize))
	}
	return env.Program(ast, cel.CostLimit(limit), cel.EvalOptions(cel.OptOptimize))
}

// Judge is policies.Engine.
func (e *engine) Judge(in policies.Input) ([]policies.Finding, error) {
	run, limit := e.program, uint64(actionCost)
	if in.Change == nil {
		limit = wholeCost + costPerChange*uint64(len(in.File.ResourceChanges))
		var err error
		if run, err = program(e.env, e.ast, limit); err != nil {
			return nil, err
		}
	}
	out, _, err := run.Eval(&variables{in, e.params})
	if err != nil {
		return nil, e.explain(err, limit)
	}
	holds, ok := out.(types.Bool)
	switch {
	case !ok:
		return nil, fmt.Errorf("it gives %v, neither true nor false", out.Type())
	case bool(holds):
		return nil, nil
	}
	return []policies.Finding{{}}, nil
}

// explain words an error of the evaluation, with what to write instead.
func (e *engine) explain(err error, limit uint64) error {
	var cancelled interpreter.EvalCancelledError
	if errors.As(err, &cancelled) && cancelled.Cause == interpreter.CostLimitExceeded {
		return fmt.Errorf("%w: more than %d steps; look at fewer things, or use scope plan to look at all once", policies.ErrCost, limit)
	}
	text := strings.TrimSpace(err.Error())
	if key, ok := strings.CutPrefix(text, "no such key: "); ok {
		return fmt.Errorf("%s; for a key that may be missing, write %s", text, safeIndex(e.ast, key))
	}
	return errors.New(text)
}

// variables are the variables of one evaluation (interpreter.Activation).
type variables struct {
	in     policies.Input
	params *object
}

// Parent is part of interpreter.Activation.
func (v *variables) Parent() interpreter.Activation { return nil }

// ResolveName is part of interpreter.Activation. Names that the scope does not have never
// get past the type checker.
func (v *variables) ResolveName(name string) (any, bool) {
	switch name {
	case "plan":
		return whole(v.in.File), true
	case "aggregates":
		return whole(&v.in.File.Aggregates), true
	case "request":
		return whole(&v.in.File.Request), true
	case "now":
		return types.Timestamp{Time: v.in.File.Now}, true
	case "params":
		return v.params, true
	case "batch":
		return whole(v.in.Batch), true
	}
	c := v.in.Change
	if c == nil {
		if name == "object" {
			return whole(v.in.File), true
		}
		return nil, false
	}
	switch name {
	case "action":
		return whole(c), true
	case "device":
		return whole(&c.Device), true
	case "assignment":
		return whole(&c.Assignment), true
	case "deployment":
		if c.Change.After != nil {
			return whole(c.Change.After), true
		}
		return whole(c.Change.Before), true
	case "object":
		return whole(c.Change.After), true
	case "oldObject":
		return whole(c.Change.Before), true
	}
	return nil, false
}

// whole is a part of the plan, or null.
func whole[T any](part *T) ref.Val {
	if part == nil {
		return types.NullValue
	}
	return &object{planSchema.byType[reflect.TypeFor[T]()], reflect.ValueOf(part).Elem()}
}

// declared are the variables of a scope and their types.
func declared(s policies.Scope) map[string]*types.Type {
	typ := func(t reflect.Type) *types.Type { return planSchema.byType[t].typ }
	file, deployment := typ(reflect.TypeFor[planfile.File]()), typ(reflect.TypeFor[planfile.Deployment]())
	vars := map[string]*types.Type{
		"plan":       file,
		"aggregates": typ(reflect.TypeFor[planfile.Aggregates]()),
		"request":    typ(reflect.TypeFor[planfile.Request]()),
		"now":        types.TimestampType,
	}
	switch s {
	case policies.Action:
		vars["action"] = typ(reflect.TypeFor[planfile.Change]())
		vars["device"] = typ(reflect.TypeFor[planfile.Device]())
		vars["assignment"] = typ(reflect.TypeFor[planfile.Assignment]())
		vars["deployment"], vars["object"], vars["oldObject"] = deployment, deployment, deployment
	case policies.Batch:
		vars["batch"] = typ(reflect.TypeFor[planfile.Batch]())
	case policies.Plan:
		vars["object"] = file
	case policies.Aggregate:
	}
	return vars
}
