package rego

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	opa "github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/classes"
)

// Compile makes gates of a set of modules, one for each verdict: package main's are named as
// they are, those of another package a.b as a.b/deny_x. They judge the plan as a whole. With
// an error in the list there are no gates.
func Compile(s Set) (policies.Gates, diag.List) {
	c := &compiling{modules: s.Modules, data: s.Data, deadline: deadline}
	return c.gates()
}

// CompileDocuments makes gates of Policy documents in Rego, one for each verdict of their
// module; a document's gates are named name/deny_x, and have its scope and match. Its params
// are data.params, beside the data given.
func CompileDocuments(list []algebra.Policy, data map[string]any) (policies.Gates, diag.List) {
	var gates policies.Gates
	var problems diag.List
	for _, p := range list {
		own := map[string]any{}
		for name, value := range data {
			own[name] = value
		}
		own["params"] = map[string]any{}
		if p.Params != nil {
			own["params"] = p.Params
		}
		c := &compiling{modules: []Module{{p.Source.File, p.Text}}, data: own, document: &p, deadline: deadline}
		more, found := c.gates()
		gates, problems = append(gates, more...), append(problems, found...)
	}
	if problems.Err() != nil {
		return nil, problems.Sorted()
	}
	return gates, nil
}

// compiling is the state of one compile.
type compiling struct {
	modules  []Module
	data     map[string]any
	document *algebra.Policy // of whose text the module is, or nil
	deadline time.Duration
	atATime  int // 0 is the constant

	broken   func(classes.Reads) classes.Reads // by tests
	compiler *ast.Compiler
	problems diag.List
}

// gates compiles the modules together.
func (c *compiling) gates() (policies.Gates, diag.List) {
	parsed := c.parse()
	if c.problems.Err() != nil {
		return nil, c.problems.Sorted()
	}
	c.compiler = compiler(planSchema())
	if c.compiler.Compile(parsed); c.compiler.Failed() {
		c.refuse(c.compiler.Errors)
		return nil, c.problems.Sorted()
	}
	solid := compiler(solidSchema())
	solid.Compile(parsed)
	c.refuse(slices.DeleteFunc(solid.Errors, func(e *ast.Error) bool {
		_, missing := e.Details.(*ast.RefErrInvalidDetail)
		return !missing
	}))
	verdicts := c.verdicts()
	c.checkData()
	if c.problems.Err() != nil {
		return nil, c.problems.Sorted()
	}
	store := inmem.NewFromObjectWithOpts(c.data, inmem.OptReturnASTValuesOnRead(true))
	var gates policies.Gates
	for _, v := range verdicts {
		query, err := opa.New(opa.Compiler(c.compiler), opa.Store(store), opa.StrictBuiltinErrors(true),
			opa.ParsedQuery(ast.NewBody(ast.NewExpr(ast.NewTerm(v.ref))))).PrepareForEval(context.Background())
		if err != nil {
			c.fail(v.at, "", "%s: %v", v.name, err)
			continue
		}
		e := &engine{query: query, verdict: v, document: c.document, deadline: c.deadline, atATime: cmp.Or(c.atATime, atATime), needs: c.inputs(v), parts: c.partsOf(v)}
		var named []classes.Path
		if e.reads, named, e.classed = c.elementwise(v); c.broken != nil {
			e.reads = c.broken(e.reads)
		}
		if e.classed {
			e.shape = shapeOf(e.reads.All(), named)
		}
		gate, err := policies.NewGate(c.policy(v), e)
		if err != nil {
			c.fail(v.at, "", "%s: %v", v.name, err)
			continue
		}
		gates = append(gates, gate)
	}
	if c.problems.Err() != nil {
		return nil, c.problems.Sorted()
	}
	return gates, nil
}

func compiler(schema *ast.SchemaSet) *ast.Compiler {
	return ast.NewCompiler().WithCapabilities(capabilities()).WithSchemas(schema).WithDefaultRegoVersion(ast.RegoV1)
}

// parse reads the modules, all errors at once.
func (c *compiling) parse() map[string]*ast.Module {
	parsed := map[string]*ast.Module{}
	for _, m := range c.modules {
		module, err := ast.ParseModuleWithOpts(m.File, m.Text, ast.ParserOptions{
			ProcessAnnotation: true, RegoVersion: ast.RegoV1, Capabilities: capabilities()})
		switch errs, many := err.(ast.Errors); {
		case many:
			c.refuse(errs)
		case err != nil:
			c.problems = append(c.problems, failure(m.File, err))
		case module == nil:
			c.problems = append(c.problems, diag.Diagnostic{Severity: diag.Error, File: m.File, Message: "the module is empty", Hint: "begin with package main"})
		default:
			parsed[m.File] = module
		}
	}
	return parsed
}

// policy is the policy that a verdict is.
func (c *compiling) policy(v verdict) algebra.Policy {
	p := algebra.Policy{Name: v.name, Language: "rego", Text: v.text, Scope: policies.Plan.String(), Level: v.level.String(),
		Message: v.title, Source: algebra.Source{File: v.at.File, Line: v.at.Row}}
	if d := c.document; d != nil {
		p.Name, p.Scope, p.Match, p.Source = d.Name+"/"+v.name, d.Scope, d.Match, d.Source
		p.Message, p.Params = cmp.Or(d.Message, v.title), d.Params
	}
	return p
}

// fail notes a problem of the module. Where it is not known how a document's text stands in its file,
// the place is that of the document, and the module's own is told in the message.
func (c *compiling) fail(at *ast.Location, hint, format string, args ...any) {
	d := diag.Diagnostic{Severity: diag.Error, Message: fmt.Sprintf(format, args...), Hint: hint}
	source, known := written(c.document, at)
	switch {
	case known:
		d = source.At(0, firstWord(at.Text), "policy "+c.document.Name+": "+d.Message, hint)
	case c.document != nil:
		d.File, d.Line = c.document.Source.File, c.document.Source.Line
		where := ""
		if at != nil {
			where = fmt.Sprintf("%d:%d of its module: ", at.Row, at.Col)
		}
		d.Message = "policy " + c.document.Name + ": " + where + d.Message
	case at != nil:
		d.File, d.Line, d.Col, d.EndCol = at.File, at.Row, at.Col, at.Col+firstWord(at.Text)
		d.SourceLine = c.line(at)
	}
	c.problems = append(c.problems, d)
}

// written is where a place of a document's module stands in the document's file, if that is known.
func written(document *algebra.Policy, at *ast.Location) (diag.Source, bool) {
	if document == nil || at == nil || at.Row < 1 {
		return diag.Source{}, false
	}
	passage, ok := document.Written[document.Text]
	offset := 0
	for range at.Row - 1 {
		offset += 1 + max(0, strings.IndexByte(document.Text[offset:], '\n'))
	}
	if offset += at.Col - 1; !ok || offset >= len(passage.At) {
		return diag.Source{}, false
	}
	return diag.Source{File: document.Source.File, Line: 1, Text: passage.File, Offset: passage.At[offset]}, true
}

// firstWord is how many bytes of a place are worth a mark: its first line.
func firstWord(text []byte) int {
	line, _, _ := strings.Cut(string(text), "\n")
	return max(1, len(line))
}

func (c *compiling) line(at *ast.Location) string {
	i := slices.IndexFunc(c.modules, func(m Module) bool { return m.File == at.File })
	if i < 0 {
		return ""
	}
	lines := strings.Split(c.modules[i].Text, "\n")
	if at.Row < 1 || at.Row > len(lines) {
		return ""
	}
	return strings.TrimRight(lines[at.Row-1], "\r")
}
