package report_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// form is what a kind of element may have in JUnit: Jenkins' junit-10.xsd, and where a test case
// stands (testdata/SOURCES.md).
type form struct{ required, optional, within []string }

var junit = map[string]form{
	"testsuites": {nil, []string{"name", "time", "tests", "failures", "errors"}, []string{""}},
	"testsuite": {[]string{"name", "tests", "failures", "errors"}, []string{"skipped", "time", "timestamp", "hostname", "id", "package", "file"},
		[]string{"testsuites", "testsuite", ""}},
	"testcase":   {[]string{"name"}, []string{"classname", "time", "group", "file", "line"}, []string{"testsuite"}},
	"failure":    {nil, []string{"type", "message"}, []string{"testcase"}},
	"error":      {nil, []string{"type", "message"}, []string{"testcase"}},
	"skipped":    {nil, []string{"type", "message"}, []string{"testcase"}},
	"system-out": {nil, nil, []string{"testcase", "testsuite"}},
}

// isJUnit says what of a text is not in the form.
func isJUnit(text string) error {
	var problems []error
	open := []string{""}
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return errors.Join(problems...)
		}
		if err != nil {
			return err
		}
		switch e := token.(type) {
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.StartElement:
			f, known := junit[e.Name.Local]
			if parent := open[len(open)-1]; !known || !slices.Contains(f.within, parent) {
				problems = append(problems, fmt.Errorf("%s in %s", e.Name.Local, parent))
			}
			missing := slices.Clone(f.required)
			for _, a := range e.Attr {
				missing = slices.DeleteFunc(missing, func(name string) bool { return name == a.Name.Local })
				if !slices.Contains(slices.Concat(f.required, f.optional), a.Name.Local) {
					problems = append(problems, fmt.Errorf("%s has %s", e.Name.Local, a.Name.Local))
				}
			}
			if len(missing) > 0 {
				problems = append(problems, fmt.Errorf("%s lacks %v", e.Name.Local, missing))
			}
			open = append(open, e.Name.Local)
		}
	}
}

func TestJUnitIsInItsForm(t *testing.T) {
	if err := isJUnit(render(t, gate(t), "junit")); err != nil {
		t.Error(err)
	}
	for _, wrong := range []string{
		`<testsuites skipped="1"></testsuites>`, `<testsuite name="x"/>`, `<testcase name="x"/>`,
		`<testsuites><testsuite name="x" tests="1" failures="0" errors="0"><testcase/></testsuite></testsuites>`, `<testsuites><failure/></testsuites>`, `<testsuites>`,
	} {
		if isJUnit(wrong) == nil {
			t.Errorf("in its form: %s", wrong)
		}
	}
}

// Every block after a test line is YAML, indented by two, as TAP 14 has it.
func TestTAPBlocksAreYAML(t *testing.T) {
	blocks := regexp.MustCompile(`(?m)^  ---\n((?:  .*\n)*?)  \.\.\.\n`).FindAllStringSubmatch(render(t, gate(t), "tap"), -1)
	if len(blocks) < 10 {
		t.Fatalf("%d blocks", len(blocks))
	}
	for _, b := range blocks {
		var said struct{ Level, Message, At, Policy string }
		d := yaml.NewDecoder(strings.NewReader(b[1]))
		d.KnownFields(true)
		if err := d.Decode(&said); err != nil || said.Level == "" || said.Message == "" {
			t.Errorf("%v in\n%s", err, b[1])
		}
	}
}

// GitLab shows nothing of paths that are not those of the repository.
func TestGitLabPathsAreRelative(t *testing.T) {
	type issue struct{ Location struct{ Path string } }
	var issues []issue
	if err := yaml.Unmarshal([]byte(render(t, gate(t), "gitlab")), &issues); err != nil {
		t.Fatal(err)
	}
	for _, i := range issues {
		if p := i.Location.Path; p != path.Clean(p) || path.IsAbs(p) || strings.HasPrefix(p, "../") {
			t.Errorf("path %q", p)
		}
	}
}
