package cel

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"

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

// engine is one rule.
type engine struct {
	env        *cel.Env
	ast        *cel.Ast // of the rule
	rule       part
	conditions []part
	variables  []part
	names      []string    // of the variables
	named      *structType // of the variables
	words      *part       // or nil
	params     *object
	reads      classes.Reads
	classed    bool // reads is all it reads of a change
}

// part is one expression. Its program serves scope action; wider scopes make one to the size
// of the plan.
type part struct {
	ast *cel.Ast
	run cel.Program
}

// Reads is policies.Reader.
func (e *engine) Reads() (classes.Reads, bool) { return e.reads, e.classed }

// read finds out what the rule reads.
func (e *engine) read() {
	var before []*cel.Ast
	for _, p := range slices.Concat(e.conditions, e.variables) {
		before = append(before, p.ast)
	}
	if e.reads.Verdict, e.classed = reads(append(before, e.ast)...); !e.classed {
		return
	}
	if l := loopOf(e.ast); l != nil {
		beside, _ := reads(before...)
		if beside = append(beside, readsBeside(l, e.ast)...); !slices.ContainsFunc(beside, l.of.Meets) {
			e.reads.Verdict, e.reads.Each = beside, l.of
		}
	}
	e.reads.Words = named(e.reads.Verdict)
	if e.words != nil {
		words, _ := reads(e.words.ast) // the whole change, if need be
		e.reads.Words = slices.Concat(e.reads.Words, words, named(words))
	}
}

// program is an expression ready to run within a limit; one that is bounded by its own
// length needs none.
func program(env *cel.Env, ast *cel.Ast, limit uint64) (cel.Program, error) {
	if bounded(ast) {
		return env.Program(ast, cel.EvalOptions(cel.OptOptimize))
	}
	return env.Program(ast, cel.CostLimit(limit), cel.EvalOptions(cel.OptOptimize))
}

// limit is what one evaluation of an expression may cost.
func limit(in policies.Input) uint64 {
	if in.Change != nil {
		return actionCost
	}
	return wholeCost + costPerChange*uint64(len(in.File.ResourceChanges))
}

// Judge is policies.Engine.
func (e *engine) Judge(in policies.Input) ([]policies.Finding, error) {
	vars := e.activation(in)
	asked, err := e.isAsked(vars)
	if err != nil || !asked {
		return nil, err
	}
	holds, err := e.holds(e.rule, vars)
	if err != nil || holds {
		return nil, err
	}
	var f policies.Finding
	if e.words != nil {
		if out, err := e.eval(*e.words, vars); err == nil { // else the policy's message stands
			text, _ := out.(types.String)
			f.Msg = string(text)
		}
	}
	return []policies.Finding{f}, nil
}

// isAsked reports whether all match conditions hold. One that does not is enough, whatever
// the others come to.
func (e *engine) isAsked(vars *variables) (bool, error) {
	var failed error
	for _, c := range e.conditions {
		switch holds, err := e.holds(c, vars); {
		case err != nil:
			failed = errors.Join(failed, err)
		case !holds:
			return false, nil
		}
	}
	return failed == nil, failed
}

func (e *engine) holds(p part, vars *variables) (bool, error) {
	out, err := e.eval(p, vars)
	if err != nil {
		return false, err
	}
	holds, ok := out.(types.Bool)
	if !ok {
		return false, fmt.Errorf("it gives %v, neither true nor false", out.Type())
	}
	return bool(holds), nil
}

func (e *engine) eval(p part, vars *variables) (ref.Val, error) {
	run := p.run
	if vars.in.Change == nil {
		var err error
		if run, err = program(e.env, p.ast, limit(vars.in)); err != nil {
			return nil, err
		}
	}
	out, _, err := run.Eval(vars)
	if vars.lazy != nil && vars.lazy.costly != nil {
		return nil, vars.lazy.costly
	}
	if err != nil {
		return nil, explained(p.ast, err, vars.in)
	}
	return out, nil
}

// explained words an error of the evaluation, with what to write instead.
func explained(checked *cel.Ast, err error, in policies.Input) error {
	var cancelled interpreter.EvalCancelledError
	if errors.As(err, &cancelled) && cancelled.Cause == interpreter.CostLimitExceeded {
		advice := "look at fewer things"
		if in.Change != nil {
			advice += ", or use scope plan to look at all once"
		}
		return fmt.Errorf("%w: more than %d steps; %s", policies.ErrCost, limit(in), advice)
	}
	text := strings.TrimSpace(err.Error())
	if key, ok := strings.CutPrefix(text, "no such key: "); ok {
		return fmt.Errorf("%s; for a key that may be missing, write %s", text, safeIndex(checked, key))
	}
	return errors.New(text)
}
