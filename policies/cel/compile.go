package cel

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/ext"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/policies"
)

// maxErrors is how many errors of one expression are told: more would hide the first.
const maxErrors = 5

// Compile makes gates of policies. With an error in the list there are no gates: a policy
// that cannot be compiled is never left out in silence. A policy in another language is such
// an error.
func Compile(list []algebra.Policy) (policies.Gates, diag.List) {
	var gates policies.Gates
	var problems diag.List
	for _, p := range list {
		g, found := compile(p)
		gates = append(gates, g)
		problems = append(problems, found...)
	}
	if problems.Err() != nil {
		return nil, problems.Sorted()
	}
	return gates, nil
}

func compile(p algebra.Policy) (policies.Gate, diag.List) {
	c := &compiling{policy: p}
	if p.Language != "cel" {
		c.fail("", "%s policies are not supported in this version; write it in cel", p.Language)
		return policies.Gate{}, c.problems
	}
	gate, err := policies.NewGate(p, unready{})
	if err != nil {
		for _, one := range each(err) {
			c.fail("", "%v", one)
		}
		return policies.Gate{}, c.problems
	}
	e, ok := c.engine(gate.Scope())
	if !ok {
		return policies.Gate{}, c.problems
	}
	gate, err = policies.NewGate(p, e)
	if err != nil {
		panic("cel: " + err.Error()) // it was checked above
	}
	return gate, c.problems
}

// unready stands for an engine while only the rest of a policy is checked.
type unready struct{}

func (unready) Judge(policies.Input) ([]policies.Finding, error) {
	return nil, errors.New("not compiled")
}

func each(err error) []error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		return many.Unwrap()
	}
	return []error{err}
}

// compiling is the state of one compile.
type compiling struct {
	policy   algebra.Policy
	problems diag.List
}

func (c *compiling) fail(hint, format string, args ...any) {
	c.problems = append(c.problems, diag.Diagnostic{
		Severity: diag.Error, File: c.policy.Source.File, Line: c.policy.Source.Line,
		Message: "policy " + c.policy.Name + ": " + fmt.Sprintf(format, args...), Hint: hint,
	})
}

// engine compiles the expression.
func (c *compiling) engine(scope policies.Scope) (*engine, bool) {
	params, err := paramsType(c.policy.Params)
	if err != nil {
		c.fail("", "%v", err)
		return nil, false
	}
	vars := declared(scope)
	vars["params"] = params.typ
	env, types, err := environment(vars, params)
	if err != nil {
		panic("cel: " + err.Error()) // it does not depend on the policy's text
	}
	ast, issues := env.Compile(c.policy.Text)
	if issues.Err() != nil {
		misses := types.missed
		for _, e := range issues.Errors()[:min(len(issues.Errors()), maxErrors)] {
			var hint string
			hint, misses = suggestion(e.Message, vars, misses)
			message := strings.ReplaceAll(e.Message, " (in container '')", "")
			c.fail(hint, "%d:%d of its expression: %s", e.Location.Line(), e.Location.Column()+1, message)
		}
		return nil, false
	}
	if !ast.OutputType().IsExactType(cel.BoolType) {
		c.fail("write what must hold, such as x == 1", "its expression gives a value of type %s, and a policy is true or false", ast.OutputType())
		return nil, false
	}
	run, err := program(env, ast, actionCost)
	if err != nil {
		c.fail("", "%v", err)
		return nil, false
	}
	e := &engine{env: env, ast: ast, params: &object{typ: params}, program: run}
	e.reads.Verdict, e.classed = reads(ast)
	e.reads.Words = named(e.reads.Verdict)
	return e, true
}

// environment is what an expression may use. It is closed: nothing in it reads a clock, a
// file, the network or the process. cel-go's own functions are pure.
func environment(vars map[string]*types.Type, params *structType) (*cel.Env, *provider, error) {
	p := &provider{schema: planSchema, params: params}
	opts := []cel.EnvOption{
		cel.OptionalTypes(),
		cel.EnableMacroCallTracking(), // so that loops are shown as they were written
		ext.Strings(),
		ext.Sets(),
		func(e *cel.Env) (*cel.Env, error) {
			p.Provider = e.CELTypeProvider()
			e, err := cel.CustomTypeAdapter(adapter{planSchema})(e)
			if err != nil {
				return nil, err
			}
			return cel.CustomTypeProvider(p)(e)
		},
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		opts = append(opts, cel.Variable(name, vars[name]))
	}
	env, err := cel.NewEnv(opts...)
	return env, p, err
}
