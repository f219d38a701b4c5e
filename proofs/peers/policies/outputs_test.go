package policies

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/rego"
	"github.com/musterfleet/muster/policies/report"
)

// said are objections of two rules, of which one has a sign that formats its own output there.
const said = `deny_half contains "50% disrupted" if input.applyable
deny_twice contains "once more" if input.applyable`

// What CI shows of objections there is garbled, or of no rule in particular.
func TestTrapOutputs(t *testing.T) {
	p := plans(t)[0]
	for format, c := range map[string]struct{ theirs, ours []string }{
		"github": {[]string{"50%!d"}, []string{"50%25 disrupted", "title=deny_twice"}},
		"sarif":  {[]string{`"ruleId":"main/deny"`, `"query":"data.main.deny_half"`}, []string{`"ruleId": "deny_half"`, `"ruleId": "deny_twice"`}},
	} {
		out, code := run(t, tool(t, "conftest"), "test", "--output", format, "--policy", write(t, said), p.path)
		if code != 1 || slices.ContainsFunc(c.theirs, func(s string) bool { return !strings.Contains(out, s) }) {
			t.Errorf("conftest has learnt to write %s: exit %d\n%s", format, code, out)
		}
		if out := gated(t, p, said, format); slices.ContainsFunc(c.ours, func(s string) bool { return !strings.Contains(out, s) }) {
			t.Errorf("muster writes %s\n%s", format, out)
		}
	}
}

// A policy that does not compile has the exit code of one that denies: CI cannot tell them apart.
// Those of muster are 1 and 3, as cmd/muster tests.
func TestTrapExitCodes(t *testing.T) {
	p := plans(t)[0]
	for _, module := range []string{said, "deny contains"} {
		if _, code := run(t, tool(t, "conftest"), "test", "--policy", write(t, module), p.path); code != 1 {
			t.Errorf("%s: conftest has learnt: exit %d", module, code)
		}
	}
}

// gated is what muster writes of a plan and a module in a format for CI.
func gated(t *testing.T, p plan, module, format string) string {
	t.Helper()
	gates, problems := rego.Compile(rego.Set{Modules: []rego.Module{{File: "policy.rego", Text: "package main\n\n" + module}}})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	found, err := policies.Judge(p.file, gates, policies.Options{AllowStop: 100})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := (report.Gate{Report: found, Rules: gates.Rules(), Plan: p.path}).Write(&out, format); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
