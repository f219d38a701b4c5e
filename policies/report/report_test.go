package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/policies"
	pt "github.com/musterfleet/muster/policies/policiestest"
	"github.com/musterfleet/muster/policies/report"
)

var update = flag.Bool("update", false, "rewrite the goldens; read the difference before you commit it")

// nasty is a message that tries to break out of every format.
const nasty = "50% of it::error::x%0A]]>\n::error file=/etc/passwd::no # TODO <b>|a|</b> `x` [y](z) @all \"q\" \x1b[31m"

// gate has one result of each kind: denied, warned, noted, waived, failed, and of the plan as a whole.
func gate(t testing.TB) report.Gate {
	t.Helper()
	says := func(text string) pt.Engine {
		return func(policies.Input) ([]policies.Finding, error) { return []policies.Finding{{Msg: text}}, nil }
	}
	on := func(app string, e pt.Engine) pt.Engine {
		return func(in policies.Input) ([]policies.Finding, error) {
			if strings.HasSuffix(in.Change.Address, app) && in.Change.ActionReason != "rollback" {
				return e(in)
			}
			return nil, nil
		}
	}
	gates := policies.Gates{
		pt.Gate(t, "holds", "plan", "deny", pt.Always),
		pt.Gate(t, "nasty", "action", "deny", on("web", says(nasty))),
		pt.Gate(t, "whole", "plan", "warn", says("too much at once")),
		pt.Gate(t, "hint", "action", "info", on("new", says("mind this"))),
		pt.Gate(t, "excused", "action", "deny", on("old", says("not allowed"))),
		pt.Gate(t, "broken", "batch", "warn", func(policies.Input) ([]policies.Finding, error) { return nil, errors.New("no such key: x") }),
	}
	waiver := algebra.Waiver{Name: "w", Rule: "excused", Owner: "ana", Reason: "moves, once: 100%", Expires: pt.At.Add(24 * time.Hour)}
	waiver.Match = pt.Bound(t, `name = "edge001"`)
	late := algebra.Waiver{Name: "late", Rule: "excused", Owner: "bo", Reason: "r", Expires: pt.At, Match: waiver.Match}
	_, found := policies.Review(pt.Upgrade(t), gates, policies.Options{AllowStop: 1, Waivers: []algebra.Waiver{waiver, late}})
	for i := range found.Results { // a name that must be escaped in some formats
		if found.Results[i].Loc.File != "" {
			found.Results[i].Loc.File = "worlds/a b,c:d/100%.yaml"
		}
	}
	return report.Gate{Report: found, Rules: gates.Rules(), Plan: "plan.json", Version: "v1.2.3"}
}

// render is a gate in a format.
func render(t testing.TB, g report.Gate, name string) string {
	t.Helper()
	var b bytes.Buffer
	if err := g.Write(&b, name); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGoldens(t *testing.T) {
	for _, name := range report.Formats {
		file := filepath.Join("testdata", name+".golden")
		have := render(t, gate(t), name)
		if *update {
			if err := os.WriteFile(file, []byte(have), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if have != string(want) {
			t.Errorf("%s: run with -update and read the difference\n%s", name, have)
		}
	}
}

func TestSARIF(t *testing.T) {
	schema, err := os.ReadFile("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	text := render(t, gate(t), "sarif")
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(value); err != nil {
		t.Error(err)
	}
	var log struct {
		Runs []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results []struct {
				RuleID    string
				RuleIndex int
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &log); err != nil {
		t.Fatal(err)
	}
	rules := log.Runs[0].Tool.Driver.Rules
	if len(rules) != 6 || len(log.Runs[0].Results) < 5 {
		t.Fatalf("%d rules, %d results", len(rules), len(log.Runs[0].Results))
	}
	for _, r := range log.Runs[0].Results {
		if rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("result of %s points at rule %s", r.RuleID, rules[r.RuleIndex].ID)
		}
	}
}

func TestJUnit(t *testing.T) {
	type count struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
	}
	var doc struct {
		Suite struct {
			count
			Cases []struct {
				Failure *struct{} `xml:"failure"`
				Error   *struct{} `xml:"error"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(render(t, gate(t), "junit")), &doc); err != nil {
		t.Fatal(err)
	}
	have := count{Tests: len(doc.Suite.Cases)}
	for _, c := range doc.Suite.Cases {
		switch {
		case c.Failure != nil:
			have.Failures++
		case c.Error != nil:
			have.Errors++
		case c.Skipped != nil:
			have.Skipped++
		}
	}
	if want := (count{13, 6, 1, 1}); have != want || doc.Suite.count != want {
		t.Errorf("cases make %+v, the head says %+v, want %+v", have, doc.Suite.count, want)
	}
	g := gate(t)
	g.FailOnWarn = true
	if !strings.Contains(render(t, g, "junit"), `failures="7"`) {
		t.Error("a warning fails where warnings deny")
	}
}

// Each line is a command with the properties GitHub knows, and nothing else begins one.
func TestGitHub(t *testing.T) {
	line := regexp.MustCompile(`^::(error|warning|notice) (file=[^:,]+,line=\d+,title=[^:,]+|title=waiver)::[^\r\n]*$`)
	lines := strings.Split(strings.TrimSpace(render(t, gate(t), "github")), "\n")
	for _, l := range lines[:len(lines)-1] {
		if !line.MatchString(l) {
			t.Errorf("not a workflow command: %q", l)
		}
	}
	if last := lines[len(lines)-1]; strings.HasPrefix(last, "::") || !strings.Contains(last, "denied: 6 policies") {
		t.Errorf("last line: %q", last)
	}
	if all := strings.Join(lines, "\n"); !strings.Contains(all, "file=worlds/a b%2Cc%3Ad/100%25.yaml,") || !strings.Contains(all, "50%25 of it::error::x%250A") {
		t.Errorf("not escaped:\n%s", all)
	}
}

func TestTAP(t *testing.T) {
	line := regexp.MustCompile(`^(not )?ok (\d+) - ([^#\\]|\\.)*( # (SKIP|TODO) ([^#\\]|\\.)*)?$`)
	lines := strings.Split(render(t, gate(t), "tap"), "\n")
	if lines[0] != "TAP version 14" || lines[1] != "1..13" {
		t.Fatalf("%q", lines[:2])
	}
	n := 0
	for _, l := range lines[2:] {
		if l != "" && !strings.HasPrefix(l, "  ") {
			n++
			if !line.MatchString(l) {
				t.Errorf("not a test line: %q", l)
			}
		}
	}
	if n != 13 {
		t.Errorf("%d tests, want 13", n)
	}
}

func TestGitLab(t *testing.T) {
	var issues []struct {
		Description, Fingerprint, Severity string
		CheckName                          string `json:"check_name"`
		Location                           struct {
			Path  string
			Lines struct{ Begin int }
		}
	}
	if err := json.Unmarshal([]byte(render(t, gate(t), "gitlab")), &issues); err != nil {
		t.Fatal(err)
	}
	var prints []string
	for _, i := range issues {
		prints = append(prints, i.Fingerprint)
		if i.Description == "" || i.CheckName == "" || i.Location.Path == "" || i.Location.Lines.Begin < 1 ||
			!slices.Contains([]string{"info", "minor", "major", "critical", "blocker"}, i.Severity) {
			t.Errorf("%+v", i)
		}
	}
	slices.Sort(prints)
	if len(issues) < 5 || len(slices.Compact(prints)) != len(issues) {
		t.Errorf("%d issues, fingerprints %q", len(issues), prints)
	}
}

// Markdown keeps to its size, and says where it was cut.
func TestMarkdownFits(t *testing.T) {
	whole := len(render(t, gate(t), "markdown"))
	for limit := 1; limit <= whole; limit++ {
		g := gate(t)
		g.Limit = limit
		if n := len(render(t, g, "markdown")); n > limit {
			t.Fatalf("%d bytes, limit %d", n, limit)
		}
		limit += limit / 3
	}
	g := gate(t)
	g.Limit = whole - 1
	if text := render(t, g, "markdown"); !strings.HasSuffix(text, "has the rest.*\n") {
		t.Errorf("cut in silence:\n%s", text)
	}
}

func TestFailOnWarn(t *testing.T) {
	_, found := policies.Review(pt.Upgrade(t), policies.Gates{pt.Gate(t, "w", "plan", "warn", pt.Never)}, policies.Options{AllowStop: 1})
	g := report.Gate{Report: found}
	if g.Denied() || g.Verdict() != "passed" {
		t.Error("a warning denies by itself")
	}
	if g.FailOnWarn = true; !g.Denied() || g.Verdict() != "denied" {
		t.Error("a warning passes")
	}
}
