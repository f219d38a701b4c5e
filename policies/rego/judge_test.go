package rego_test

import (
	"strings"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/policies"
	pt "github.com/musterfleet/muster/policies/policiestest"
	"github.com/musterfleet/muster/policies/rego"
)

// review has the plan of policiestest.Upgrade judged by a set.
func review(t testing.TB, s rego.Set) policies.Report {
	t.Helper()
	gates, problems := rego.Compile(s)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	_, report := policies.Review(pt.Upgrade(t), gates, policies.Options{AllowStop: 1})
	return report
}

// Objections in all the forms conftest knows.
func TestJudges(t *testing.T) {
	cases := []struct{ text, want string }{
		{`deny contains "no" if input.summary.replace == 6`, "deny deny: no"},
		{`deny_a contains c.address if { some c in input.resource_changes; c.change.actions == ["delete"] }`, "deny deny_a: edge001/old"},
		{`violation contains {"msg": "v", "details": {"n": 1}} if input.applyable`, "deny violation: v"},
		{`warn_a contains "w" if count([c | some c in input.resource_changes; "delete" in c.change.actions]) > 2`, "warn warn_a: w"},
		{`info_a contains sprintf("%d devices", [input.aggregates.fleet.devices])`, "info info_a: 6 devices"},
		{`deny contains "x" if input.summary.replace == 7`, ""},
		{`deny contains "x" if input.resource_changes[0].change.before == null`, "deny deny: x"},
		{"deny contains msg if { some d in data.exempt; d == \"fra\"; msg := d }", "deny deny: fra"},
		{`deny contains ""`, "deny deny: it objects, and its message is empty"},
		{`deny contains "now" if time.parse_rfc3339_ns(input.now) > 0`, "deny deny: now"},
	}
	for _, c := range cases {
		s := module(c.text)
		s.Data = map[string]any{"exempt": []any{"fra"}}
		var got []string
		for _, r := range review(t, s).Results {
			got = append(got, r.Level.String()+" "+r.Rule+": "+r.Msg)
		}
		if strings.Join(got, "\n") != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
}

// An objection may say which change it is about, where to look, and more.
func TestFindings(t *testing.T) {
	r := review(t, module(`deny contains {"msg": "m", "change_id": c.id, "_loc": {"file": "a.yaml", "line": 7}, "details": {"a": 1}, "b": "2"} if {
	some c in input.resource_changes
	c.name == "old"
}`)).Results[0]
	if r.ChangeID != "c2" || r.Address != "edge001/old" || r.Loc.File != "a.yaml" || r.Loc.Line != 7 || len(r.Details) != 2 || r.Details["b"] != "2" || r.Policy.String() != "p.rego:2" {
		t.Errorf("%+v", r)
	}
}

// What cannot be told is denied, whatever the level.
func TestFailuresDeny(t *testing.T) {
	cases := []struct{ text, want string }{
		{`warn contains "x" if to_number(input.resource_changes[0].device.id) > 3`, `to_number: strconv.ParseFloat: parsing "edge001": invalid syntax`},
		{`info contains "x" if 1 / (input.summary.create - 3) > 0`, "divide by zero"},
		{`deny contains 7`, "an objection is a text, or an object with msg; this is 7"},
		{`deny contains {"message": "x"}`, `msg of an objection must be a text; this is {"message":"x"}`},
		{`deny contains {"msg": "x", "_loc": "a.yaml"}`, `_loc of an objection must be {file, line}; this is "a.yaml"`},
		{"helper := 1 if input.applyable\nhelper := 2 if input.summary.create == 3\ndeny contains \"x\" if helper == 1", "produced conflicting values: 1 at p.rego:2 2 at p.rego:3"},
	}
	for _, c := range cases {
		report := review(t, module(c.text))
		denials := report.Denials()
		if len(denials) != 1 || !denials[0].Failed || !strings.Contains(denials[0].Msg, "cannot be evaluated: ") || !strings.Contains(denials[0].Msg, c.want) {
			t.Errorf("%s\nwant %s\ngot  %s", c.text, c.want, report.Text(false))
		}
	}
}

// In scope action resource_changes has the one change, in scope batch those of the batch, and
// a rollback is judged as an action of its own.
func TestScopes(t *testing.T) {
	document := func(scope, text string) policies.Report {
		p := algebra.Policy{Name: "p", Language: "rego", Scope: scope, Level: "deny", Source: algebra.Source{File: "w.yaml", Line: 1}, Text: "package main\n" + text}
		gates, problems := rego.CompileDocuments([]algebra.Policy{p}, nil)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		_, report := policies.Review(pt.Upgrade(t), gates, policies.Options{AllowStop: 1, RollsBack: true})
		return report
	}
	one := `deny contains "x" if count(input.resource_changes) != 1`
	if r := document("action", one); r.Denied() || r.Evaluations != 10 {
		t.Errorf("%d evaluations:\n%s", r.Evaluations, r.Text(false))
	}
	if r := document("batch", `deny contains "x" if { count(input.batches) == 1; count(input.resource_changes) == count(input.batches[0].changes) }`); r.Count(policies.Deny) != r.Evaluations {
		t.Error(r.Text(false))
	}
	r := document("action", `deny_latest contains "latest" if endswith(input.resource_changes[_].change.after.podman.containers[_].image, ":latest")`)
	if r.Count(policies.Deny) != 6 || !r.Results[0].Inverse || r.Results[0].Rule != "p/deny_latest" {
		t.Error(r.Text(false))
	}
}
