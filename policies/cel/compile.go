package cel

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
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
		for _, one := range rulesOf(p) {
			g, found := compile(one)
			gates = append(gates, g)
			problems = append(problems, found...)
		}
	}
	if problems.Err() != nil {
		return nil, problems.Sorted()
	}
	return gates, nil
}

// rulesOf are a policy's validations, each as a policy: p/id, or p alone where it has no id.
func rulesOf(p algebra.Policy) []algebra.Policy {
	if len(p.Validations) == 0 {
		return []algebra.Policy{p}
	}
	var out []algebra.Policy
	for _, v := range p.Validations {
		one := p
		one.Validations, one.Text = nil, v.Text
		one.Level, one.Message, one.Words = cmp.Or(v.Level, p.Level), cmp.Or(v.Message, p.Message), cmp.Or(v.Words, p.Words)
		if v.ID != "" {
			one.Name += "/" + v.ID
		}
		out = append(out, one)
	}
	return out
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
	vars     map[string]*types.Type
	known    *provider
	named    *structType // of the policy's own variables
	problems diag.List
}

func (c *compiling) fail(hint, format string, args ...any) {
	c.problems = append(c.problems, diag.Diagnostic{
		Severity: diag.Error, File: c.policy.Source.File, Line: c.policy.Source.Line,
		Message: "policy " + c.policy.Name + ": " + fmt.Sprintf(format, args...), Hint: hint,
	})
}

// failAt is fail about a place in an expression: where that stands in its file, if it is known.
func (c *compiling) failAt(what, text string, at common.Location, message, hint string) {
	written, ok := c.policy.Written[text]
	if !ok {
		c.fail(hint, "%d:%d of %s: %s", at.Line(), at.Column()+1, what, message)
		return
	}
	if what != ruleItself {
		message = what + ": " + message
	}
	start, end := wordAt(text, at)
	source := diag.Source{File: c.policy.Source.File, Line: 1, Text: written.File, Offset: written.At[start]}
	c.problems = append(c.problems, source.At(0, end-start, "policy "+c.policy.Name+": "+message, hint))
}

// wordAt is the bytes of the word, or sign, at a place of an expression. The place of a field is the
// dot before it.
func wordAt(text string, at common.Location) (start, end int) {
	lines := strings.SplitAfter(text, "\n")
	for _, line := range lines[:min(max(at.Line()-1, 0), len(lines))] {
		start += len(line)
	}
	for range at.Column() {
		_, n := utf8.DecodeRuneInString(text[start:])
		start += n
	}
	start = min(start, len(text)-1)
	word := func(s string) int {
		rest := strings.TrimLeftFunc(s, func(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) })
		return len(s) - len(rest)
	}
	if n := word(text[start+1:]); text[start] == '.' && n > 0 {
		return start + 1, start + 1 + n
	}
	return start, start + max(1, word(text[start:]))
}

// ruleItself is what the expression of a rule is called.
const ruleItself = "its expression"

// engine compiles the expressions.
func (c *compiling) engine(scope policies.Scope) (*engine, bool) {
	params, err := paramsType(c.policy.Params)
	if err != nil {
		c.fail("", "%v", err)
		return nil, false
	}
	vars := declared(scope)
	vars["params"] = params.typ
	named := &structType{types.NewObjectType("policy.Variables"), map[string]field{}}
	c.named = named
	if len(c.policy.Variables) > 0 {
		vars["variables"] = named.typ
	}
	env, known, err := environment(vars, params, named)
	if err != nil {
		panic("cel: " + err.Error()) // it does not depend on the policy's text
	}
	c.vars, c.known = vars, known
	e := &engine{env: env, params: &object{typ: params}, named: named}
	for i, v := range c.policy.Variables {
		one, ok := c.part(env, "variable "+v.Name, v.Text, nil)
		if !ok {
			return nil, false // the expressions after it would be told of a variable they have
		}
		e.variables, e.names = append(e.variables, one), append(e.names, v.Name)
		named.fields[v.Name] = field{typ: one.ast.OutputType(), get: func(of reflect.Value) ref.Val { return of.Interface().(*lazy).value(i) }}
	}
	ok := true
	for _, v := range c.policy.Conditions {
		one, fine := c.part(env, "match condition "+v.Name, v.Text, cel.BoolType)
		e.conditions, ok = append(e.conditions, one), ok && fine
	}
	rule, fine := c.part(env, ruleItself, c.policy.Text, cel.BoolType)
	if ok = ok && fine; c.policy.Words != "" {
		words, fine := c.part(env, "its messageExpression", c.policy.Words, cel.StringType)
		e.words, ok = &words, ok && fine
	}
	if !ok {
		return nil, false
	}
	e.ast, e.rule = rule.ast, rule
	e.read()
	return e, true
}

// part compiles one expression, of a type if one is wanted.
func (c *compiling) part(env *cel.Env, what, text string, want *types.Type) (part, bool) {
	missed := len(c.known.missed)
	checked, issues := env.Compile(text)
	if issues.Err() != nil {
		misses := c.known.missed[missed:]
		for _, e := range issues.Errors()[:min(len(issues.Errors()), maxErrors)] {
			var message, hint string
			message, hint, misses = c.said(e.Message, misses)
			c.failAt(what, text, e.Location, message, hint)
		}
		return part{}, false
	}
	begin := common.NewLocation(1, 0)
	switch {
	case want == cel.BoolType && !checked.OutputType().IsExactType(want):
		c.failAt(what, text, begin, fmt.Sprintf("it gives a value of type %s, and a policy is true or false", checked.OutputType()), "write what must hold, such as x == 1")
		return part{}, false
	case want != nil && !checked.OutputType().IsExactType(want):
		c.failAt(what, text, begin, fmt.Sprintf("it gives a value of type %s, not a text", checked.OutputType()), "")
		return part{}, false
	}
	run, err := program(env, checked, actionCost)
	if err != nil {
		c.fail("", "%v", err)
		return part{}, false
	}
	return part{checked, run}, true
}

// environment is what an expression may use. It is closed: nothing in it reads a clock, a
// file, the network or the process. cel-go's own functions are pure.
func environment(vars map[string]*types.Type, own ...*structType) (*cel.Env, *provider, error) {
	p := &provider{schema: planSchema, own: own}
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
