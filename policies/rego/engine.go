package rego

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	opa "github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/classes"
)

// deadline is how long one evaluation of a rule may take. What judges a whole plan gets
// perChange more for each change, as all of them may be read.
const (
	deadline  = 5 * time.Second
	perChange = 100 * time.Microsecond
)

// engine is one verdict, ready to run.
type engine struct {
	query    opa.PreparedEvalQuery
	verdict  verdict
	document *algebra.Policy // or nil
	deadline time.Duration
	needs    needs
	parts    map[partPlace]part
	reads    classes.Reads
	classed  bool   // it asks of each change by itself, and reads is all it reads of it
	shape    *shape // what it is shown of each change
	atATime  int    // how many changes it is asked about at a time then
}

// Reads is policies.Reader.
func (e *engine) Reads() (classes.Reads, bool) { return e.reads, e.classed }

// Judge is policies.Engine.
func (e *engine) Judge(in policies.Input) ([]policies.Finding, error) {
	switch {
	case in.Change != nil:
		return e.ask(in, []*planfile.Change{in.Change})
	case in.Batch != nil:
		return e.ask(in, ofBatch(in))
	case e.classed:
		return e.byClass(in)
	}
	return e.ask(in, nil)
}

// ofBatch are the changes of the batch asked about.
func ofBatch(in policies.Input) []*planfile.Change {
	out := []*planfile.Change{}
	for i := range in.File.ResourceChanges {
		if c := &in.File.ResourceChanges[i]; c.Type == "deployment" && c.Batch == in.Batch.Index {
			out = append(out, c)
		}
	}
	return out
}

// ask is what the rule finds in the plan with the changes given, or with all.
func (e *engine) ask(in policies.Input, changes []*planfile.Change) ([]policies.Finding, error) {
	found, err := e.eval(in, changes)
	if err != nil {
		return nil, err
	}
	return findings(found)
}

// eval evaluates the rule once.
func (e *engine) eval(in policies.Input, changes []*planfile.Change) (any, error) {
	limit := e.deadline + perChange*time.Duration(len(changes))
	as := e.shape
	if changes == nil {
		limit += perChange * time.Duration(len(in.File.ResourceChanges))
		as = nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	results, err := e.query.Eval(ctx, opa.EvalParsedInput(input(in, e.needs, changes, as)))
	if err != nil {
		return nil, e.explain(err, limit)
	}
	if len(results) != 1 || len(results[0].Expressions) != 1 {
		return nil, fmt.Errorf("it gives no set of objections")
	}
	return results[0].Expressions[0].Value, nil
}

// explain words an error of the evaluation.
func (e *engine) explain(err error, limit time.Duration) error {
	if topdown.IsCancel(err) || errors.Is(err, context.DeadlineExceeded) {
		if limit > time.Second {
			limit = limit.Round(100 * time.Millisecond)
		}
		return fmt.Errorf("%w: more than %v", policies.ErrCost, limit)
	}
	var failed *topdown.Error
	if !errors.As(err, &failed) {
		return err
	}
	text := strings.Join(strings.Fields(failed.Message), " ")
	if at := failed.Location; at != nil {
		if source, ok := written(e.document, at); ok {
			return fmt.Errorf("%s (%s)", text, place(&ast.Location{File: source.File, Row: source.At(0, 0, "", "").Line}))
		}
		return fmt.Errorf("%s (%s)", text, place(at))
	}
	return errors.New(text)
}

func place(at *ast.Location) string { return fmt.Sprintf("%s:%d", at.File, at.Row) }
