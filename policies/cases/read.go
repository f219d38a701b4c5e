package cases

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/internal/diag"
)

// Read finds the tests in the YAML files of a directory; other documents are left to others.
func Read(fsys fs.FS) ([]Test, diag.List) {
	var out []Test
	var problems diag.List
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir() && (path.Ext(p) == ".yaml" || path.Ext(p) == ".yml"):
			text, err := fs.ReadFile(fsys, p)
			if err != nil {
				return err
			}
			tests, found := read(p, text)
			out, problems = append(out, tests...), append(problems, found...)
		}
		return nil
	})
	if err != nil {
		problems = append(problems, diag.Diagnostic{Severity: diag.Error, Message: err.Error()})
	}
	return out, problems.Sorted()
}

// read is the tests of one file.
func read(file string, text []byte) (out []Test, problems diag.List) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var node yaml.Node
		if err := dec.Decode(&node); errors.Is(err, io.EOF) {
			return out, problems
		} else if err != nil {
			return out, append(problems, diag.Diagnostic{Severity: diag.Error, File: file, Message: err.Error()})
		}
		if len(node.Content) == 0 || kindOf(node.Content[0]) != Kind {
			continue
		}
		r := &reader{file: file}
		t := r.test(node.Content[0])
		out, problems = append(out, t), append(problems, r.problems...)
	}
}

// kindOf is the kind a document says it is of.
func kindOf(root *yaml.Node) string {
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "kind" {
			return root.Content[i+1].Value
		}
	}
	return ""
}

// reader reads one document.
type reader struct {
	file     string
	problems diag.List
}

func (r *reader) fail(line int, hint, format string, args ...any) {
	r.problems = append(r.problems, diag.Diagnostic{Severity: diag.Error, File: r.file, Line: line, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// strict decodes a node; unknown fields are errors.
func (r *reader) strict(node *yaml.Node, into any) bool {
	text, err := yaml.Marshal(node)
	if err == nil {
		dec := yaml.NewDecoder(bytes.NewReader(text))
		dec.KnownFields(true)
		err = dec.Decode(into)
	}
	var many *yaml.TypeError
	switch {
	case errors.As(err, &many):
		for _, one := range many.Errors {
			_, message, _ := strings.Cut(one, ": ")
			message, _, _ = strings.Cut(message, " in type ")
			r.fail(node.Line, "", "%s: %s", Kind, message)
		}
	case err != nil:
		r.fail(node.Line, "", "%s: %v", Kind, err)
	}
	return err == nil
}

func (r *reader) test(root *yaml.Node) Test {
	var d document
	t := Test{File: r.file, Line: root.Line}
	if !r.strict(root, &d) {
		return t
	}
	t.Name, t.Policy = d.Metadata.Name, d.Spec.Policy
	if t.Policy == "" {
		r.fail(root.Line, "add spec.policy: the name of a policy", "%s %s: policy is missing", Kind, t.Name)
	}
	if len(d.Spec.Cases) == 0 {
		r.fail(root.Line, "a test without cases tests nothing", "%s %s: cases are missing", Kind, t.Name)
	}
	lines := caseLines(root)
	for i := range d.Spec.Cases {
		if c, ok := r.oneCase(&d.Spec.Cases[i], lines[i]); ok {
			t.Cases = append(t.Cases, c)
		}
	}
	return t
}

// caseLines are where the cases stand in the file: a node that was decoded again has lost its place.
func caseLines(root *yaml.Node) []int {
	var out []int
	field := func(n *yaml.Node, name string) *yaml.Node {
		for i := 0; n != nil && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == name {
				return n.Content[i+1]
			}
		}
		return nil
	}
	if cases := field(field(root, "spec"), "cases"); cases != nil {
		for _, c := range cases.Content {
			out = append(out, c.Line)
		}
	}
	return out
}

func (r *reader) oneCase(node *yaml.Node, line int) (Case, bool) {
	var d caseDocument
	node.Line = line
	if !r.strict(node, &d) {
		return Case{}, false
	}
	before := len(r.problems)
	c := Case{Name: d.Name, Line: line, Want: d.Want, Msg: d.Msg, Count: d.Count}
	switch {
	case d.Name == "":
		r.fail(line, "say in a few words what it is about", "a case has no name")
	case !slices.Contains(wants, d.Want):
		r.fail(line, "one of "+strings.Join(wants, ", "), "case %q: want %q is not known", d.Name, d.Want)
	case d.Want == "pass" && (d.Msg != "" || d.Count != 0):
		r.fail(line, "", "case %q: what passes has no msg and no count", d.Name)
	}
	c.given = r.given(d, line)
	return c, len(r.problems) == before
}

func (r *reader) given(d caseDocument, line int) given {
	g := given{file: d.PlanFile, plan: r.raw(d.Plan, line)}
	single := d.Action != "" || d.Container != nil || d.Device != nil || d.Change != nil
	switch {
	case single && d.Changes != nil:
		r.fail(line, "put all of them into changes", "case %q: changes and a change of its own", d.Name)
	case d.PlanFile != "" && (single || d.Changes != nil):
		r.fail(line, "", "case %q: planFile has the changes already", d.Name)
	case d.Changes != nil:
		for _, one := range d.Changes {
			g.changes = append(g.changes, r.raw(one, line))
		}
	case d.PlanFile == "":
		g.changes = []json.RawMessage{r.raw(map[string]any{"action": d.Action, "container": d.Container, "device": d.Device, "change": d.Change}, line)}
	}
	if d.Now != "" {
		var err error
		if g.now, err = time.Parse(time.RFC3339, d.Now); err != nil {
			r.fail(line, "write a time with its zone, such as 2026-12-24T18:00:00Z", "case %q: now: %q is no time", d.Name, d.Now)
		}
	}
	return g
}

// raw is YAML as JSON.
func (r *reader) raw(value any, line int) json.RawMessage {
	if value == nil {
		return nil
	}
	b, err := json.Marshal(value)
	if err != nil {
		r.fail(line, "", "%v", err)
	}
	return b
}
