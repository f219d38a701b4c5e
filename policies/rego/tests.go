package rego

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/musterfleet/muster/internal/diag"
)

// testDeadline is how long one test rule may take.
const testDeadline = 30 * time.Second

// Tested is the outcome of one test_ rule. It failed iff Wrong says something.
type Tested struct {
	Name  string
	File  string
	Line  int
	Wrong string
}

// ReadTests finds the _test.rego files of a directory.
func ReadTests(fsys fs.FS) ([]Module, error) {
	return find(fsys, func(name string) bool { return strings.HasSuffix(name, "_test.rego") })
}

// find reads the .rego files of a directory that are wanted, but for hidden ones.
func find(fsys fs.FS, want func(name string) bool) ([]Module, error) {
	var found []Module
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir() && path.Ext(p) == ".rego" && want(d.Name()):
			text, err := content(fsys, p, maxModule)
			if err != nil {
				return err
			}
			found = append(found, Module{p, string(text)})
		}
		return nil
	})
	return found, err
}

// Test runs the test_ rules of modules on a set, in the sandbox of policies. covered are the
// parts of the set's gates that the tests exercised, as Gate.Parts names them.
func Test(s Set, tests []Module) (out []Tested, covered []string, problems diag.List) {
	c := &compiling{modules: append(append([]Module{}, s.Modules...), tests...), data: s.Data, deadline: deadline}
	parsed := c.parse()
	if c.problems.Err() != nil {
		return nil, nil, c.problems.Sorted()
	}
	c.compiler = compiler(planSchema())
	seen := newTracer()
	// One test at a time: the runner hands the tracer to all of them, and seen is not for sharing.
	results, err := tester.NewRunner().SetParallel(1).SetCompiler(c.compiler).SetModules(parsed).SetStore(inmem.NewFromObject(orEmpty(s.Data))).
		SetTimeout(testDeadline).RaiseBuiltinErrors(true).SetCoverageQueryTracer(seen).RunTests(context.Background(), nil)
	if err != nil {
		if errs, many := err.(ast.Errors); many {
			c.refuse(errs)
		} else {
			c.problems = append(c.problems, diag.Diagnostic{Severity: diag.Error, Message: err.Error()})
		}
		return nil, nil, c.problems.Sorted()
	}
	for r := range results {
		t := Tested{Name: r.Name}
		if r.Location != nil {
			t.File, t.Line = r.Location.File, r.Location.Row
		}
		switch {
		case r.Error != nil:
			t.Wrong = r.Error.Error()
		case r.Skip:
			t.Wrong = "it is a todo_ and was not run"
		case r.Fail:
			t.Wrong = "it does not hold"
			if r.FailedAt != nil && r.FailedAt.Location != nil {
				t.Wrong += fmt.Sprintf(": %s (%s)", lineOf(r.FailedAt.Location.Text), place(r.FailedAt.Location))
			}
		}
		out = append(out, t)
	}
	for _, v := range c.verdicts() {
		for at, p := range c.partsOf(v) {
			if seen.asked[at] > 0 && !p.head || seen.held[at] > 0 {
				covered = append(covered, p.String())
			}
		}
	}
	return out, covered, nil
}

func orEmpty(data map[string]any) map[string]any {
	if data == nil {
		return map[string]any{}
	}
	return data
}
