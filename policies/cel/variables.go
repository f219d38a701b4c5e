package cel

import (
	"errors"
	"reflect"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"

	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
)

// variables are the variables of one evaluation (interpreter.Activation).
type variables struct {
	in     policies.Input
	params *object
	lazy   *lazy // of the policy's own variables, or nil
	named  *object
}

func (e *engine) activation(in policies.Input) *variables {
	v := &variables{in: in, params: e.params}
	if len(e.variables) > 0 {
		v.lazy = &lazy{engine: e, vars: v, known: make([]ref.Val, len(e.variables))}
		v.named = &object{e.named, reflect.ValueOf(v.lazy)}
	}
	return v
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
	case "variables":
		return v.named, true
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

// lazy are the policy's own variables in one evaluation, each computed when it is first read.
type lazy struct {
	engine *engine
	vars   *variables
	known  []ref.Val
	costly error // one cost too much
}

func (l *lazy) value(i int) ref.Val {
	if l.known[i] == nil {
		out, err := l.engine.eval(l.engine.variables[i], l.vars)
		if errors.Is(err, policies.ErrCost) {
			l.costly = err
		}
		if err != nil {
			out = types.NewErr("variable %s: %v", l.engine.names[i], err)
		}
		l.known[i] = out
	}
	return l.known[i]
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
