package rego

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	opa "github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
)

// part is a rule's head, or a line of its body.
type part struct {
	file     string // empty in a document
	row, col int
	depth    int
	text     string
	head     bool
}

func (p part) String() string {
	if p.file != "" {
		return fmt.Sprintf("%s:%d:%d %s", p.file, p.row, p.col, p.text)
	}
	return fmt.Sprintf("%d:%d %s", p.row, p.col, p.text)
}

// place is where a part stands.
type partPlace struct {
	file     string
	row, col int
}

func placeOf(at *ast.Location) partPlace { return partPlace{at.File, at.Row, at.Col} }

// partsOf are the parts of a verdict and of the rules it reads, in the order they are written.
func (c *compiling) partsOf(v verdict) map[partPlace]part {
	out, seen := map[partPlace]part{}, map[*ast.Rule]bool{}
	at := func(l *ast.Location, depth int, head bool) part {
		p := part{l.File, l.Row, l.Col, depth, lineOf(l.Text), head}
		if c.document != nil {
			p.file = ""
		}
		return p
	}
	var visit func(r *ast.Rule)
	visit = func(r *ast.Rule) {
		if r == nil || seen[r] {
			return
		}
		seen[r] = true
		if l := r.Head.Location; l != nil && l.Row > 0 {
			out[placeOf(l)] = at(l, 0, true)
		}
		for _, e := range r.Body {
			if l := e.Location; l != nil && l.Row > 0 && len(l.Text) > 0 && !e.Generated {
				if _, ok := out[placeOf(l)]; !ok {
					out[placeOf(l)] = at(l, 1, false)
				}
			}
		}
		visit(r.Else)
		for dep := range c.compiler.Graph.Dependencies(r) {
			if other, ok := dep.(*ast.Rule); ok {
				visit(other)
			}
		}
	}
	for _, r := range v.rules {
		visit(r)
	}
	return out
}

// lineOf is a text of a module on one line.
func lineOf(text []byte) string {
	s := strings.Join(strings.Fields(string(text)), " ")
	if runes := []rune(s); len(runes) > 120 {
		return string(runes[:119]) + "…"
	}
	return s
}

// Parts is policies.Explained: each rule must have held, and each line been looked at.
func (e *engine) Parts() []string {
	var out []string
	for _, at := range e.ordered() {
		out = append(out, e.parts[at].String())
	}
	return out
}

func (e *engine) ordered() []partPlace {
	places := make([]partPlace, 0, len(e.parts))
	for at := range e.parts {
		places = append(places, at)
	}
	slices.SortFunc(places, func(a, b partPlace) int {
		return cmp.Or(strings.Compare(a.file, b.file), cmp.Compare(a.row, b.row), cmp.Compare(a.col, b.col))
	})
	return places
}

// Explain is policies.Explained: each line, and how often it held.
func (e *engine) Explain(in policies.Input) (policies.Explanation, error) {
	var changes []*planfile.Change
	switch {
	case in.Change != nil:
		changes = []*planfile.Change{in.Change}
	case in.Batch != nil:
		changes = ofBatch(in)
	}
	seen := newTracer()
	ctx, cancel := context.WithTimeout(context.Background(), e.deadline+perChange*10)
	defer cancel()
	_, err := e.query.Eval(ctx, opa.EvalParsedInput(input(in, e.needs, changes, nil)), opa.EvalQueryTracer(seen))
	if err != nil {
		err = e.explain(err, e.deadline)
	}
	var out policies.Explanation
	for _, at := range e.ordered() {
		p := e.parts[at]
		n, value := seen.asked[at], ""
		switch held := n - seen.failed[at]; {
		case p.head:
			n = seen.held[at]
			value = map[bool]string{true: "holds", false: "holds of nothing"}[n > 0]
		case n == 0:
		case held <= 0:
			value = "false"
		case held == n:
			value = "true"
		default:
			value = fmt.Sprintf("true %d of %d times", held, n)
		}
		out.Steps = append(out.Steps, policies.Step{Depth: p.depth, Text: p.text, Value: value})
		if n > 0 {
			out.Covered = append(out.Covered, p.String())
		}
	}
	return out, err
}

// tracer counts what is evaluated where. OPA makes several steps of a line, of which the first counts
// as the line asked, and any as the line failed.
type tracer struct{ asked, failed, held, first map[partPlace]int }

func newTracer() *tracer {
	return &tracer{map[partPlace]int{}, map[partPlace]int{}, map[partPlace]int{}, map[partPlace]int{}}
}

// Enabled, Config and TraceEvent are topdown.QueryTracer.
func (t *tracer) Enabled() bool { return true }

// Config asks for nothing more than events.
func (t *tracer) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

// TraceEvent counts one event.
func (t *tracer) TraceEvent(event topdown.Event) {
	switch node := event.Node.(type) {
	case *ast.Rule:
		if event.Op == topdown.ExitOp && node.Head.Location != nil {
			t.held[placeOf(node.Head.Location)]++
		}
	case *ast.Expr:
		if node.Location == nil {
			return
		}
		at := placeOf(node.Location)
		if _, met := t.first[at]; !met {
			t.first[at] = node.Index
		}
		switch event.Op {
		case topdown.EvalOp:
			if node.Index == t.first[at] {
				t.asked[at]++
			}
		case topdown.FailOp:
			t.failed[at]++
		}
	}
}
