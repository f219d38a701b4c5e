package rego_test

import (
	"strings"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/rego"
)

// module is a set of one file, p.rego, in package main.
func module(text string) rego.Set {
	return rego.Set{Modules: []rego.Module{{File: "p.rego", Text: "package main\n" + text}}}
}

// What stock tools let pass in silence is refused with its place and what to write.
func TestCompileRefuses(t *testing.T) {
	cases := map[string]struct{ text, want string }{
		"a misspelt key of the plan":  {`deny contains "x" if input.resource_chnages[_].type == "device"`, `p.rego:2:22: error: input has no "resource_chnages"; did you mean resource_changes?`},
		"a misspelt key of a change":  {`deny contains c.id if { some c in input.resource_changes; c.chnage.actions == ["delete"] }`, `has no "chnage"; did you mean change?`},
		"a misspelt key, nullable":    {`deny contains c.id if { some c in input.resource_changes; c.change.after.podmn.containers[0].privileged }`, `"podmn"; did you mean podman?`},
		"a wrong type":                {`deny contains "x" if input.summary.delete == "2"`, `match error: left : number right : string`},
		"an unknown function":         {`deny contains "x" if endwith(input.kind, "x")`, `undefined function endwith; did you mean endswith?`},
		"an unsafe variable":          {`deny contains msg if input.applyable`, "var msg is unsafe"},
		"a syntax error":              {`deny contains "x" if {`, "p.rego:2"},
		"Rego v0":                     {`deny[msg] { msg := "x" }`, "p.rego:2"},
		"a misspelt verdict":          {`dney_root contains "x" if input.applyable`, "p.rego:2:1: error: dney_root decides nothing: no rule reads it, and its name is not that of a verdict (deny, violation, warn or info, alone or with _words); did you mean deny?"},
		"a verdict's wrong name":      {`deny_ contains "x" if input.applyable`, "decides nothing"},
		"an allow rule":               {"default allow := false\nallow if input.applyable", "allow decides nothing"},
		"a verdict that is true":      {`deny_x if input.applyable`, "deny_x is a verdict, and only a set of objections can be one; write deny_x contains msg if"},
		"a verdict that is a text":    {`deny := "no" if input.applyable`, "only a set of objections"},
		"a verdict that is an object": {`deny[x] := "no" if x := input.kind`, "only a set of objections"},
		"an exception":                {"deny_x contains \"x\" if input.applyable\nexception contains [\"x\"]", "exception exempts a rule for the whole plan"},
		"no verdict":                  {`helper(x) := x`, "helper decides nothing"},
		"nothing":                     {``, "there is no rule that could object to anything; name one deny_…"},
		"unknown data":                {`deny contains "x" if input.kind in data.exmept`, "data.exmept is defined by no module and no data; did you mean exempt?"},
		"unknown data, deeper":        {`deny contains "x" if input.summary.delete > data.exempt.mx`, "data.exempt.mx is defined by no module and no data; did you mean max?"},
		"the network":                 {`deny contains "x" if http.send({"method": "get", "url": "http://127.0.0.1"}).status_code == 200`, "http.send is not for policies: it depends on the network"},
		"the clock":                   {`deny contains "x" if time.now_ns() > 0`, "time.now_ns is not for policies: it depends on the clock; the plan's own is input.now"},
		"the environment":             {`deny contains "x" if opa.runtime().env.HOME`, "the environment"},
		"chance":                      {`deny contains "x" if rand.intn("x", 2) == 1`, "chance"},
		"recursion":                   {"deny contains \"x\" if p\np if q\nq if p", "recursive"},
	}
	for name, c := range cases {
		s := module(c.text)
		s.Data = map[string]any{"exempt": map[string]any{"max": 3}}
		gates, problems := rego.Compile(s)
		if gates != nil || !strings.Contains(problems.Error(), c.want) {
			t.Errorf("%s\n%s\ngot  %v\nwant %s", name, c.text, problems, c.want)
		}
	}
}

// Each verdict is a gate, with its level and its place.
func TestCompileMakesGates(t *testing.T) {
	s := rego.Set{Modules: []rego.Module{
		{File: "a.rego", Text: `package main

import data.lib

# METADATA
# title: pin the image
deny_latest contains c.id if {
	some c in input.resource_changes
	lib.latest(c)
}

warn_x contains "a" if input.applyable
warn_x contains "b" if input.errored
violation contains {"msg": "v"} if count(seen) > 3
seen contains c.name if some c in input.resource_changes
info contains "i" if input.applyable
test_nothing if true`},
		{File: "lib/lib.rego", Text: "package lib\nlatest(c) if endswith(c.change.after.podman.containers[_].image, \":latest\")\nunused := 1"},
		{File: "team/team.rego", Text: "package team.b\ndeny_y contains \"y\" if input.applyable"},
	}}
	gates, problems := rego.Compile(s)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var got []string
	for _, r := range gates.Rules() {
		got = append(got, strings.Join([]string{r.ID, r.Level.String(), r.Scope.String(), r.Source.String(), r.Title}, " "))
	}
	want := "deny_latest deny plan a.rego:7 pin the image|info info plan a.rego:16 |team.b/deny_y deny plan team/team.rego:2 |violation deny plan a.rego:14 |warn_x warn plan a.rego:12 "
	if strings.Join(got, "|") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), want)
	}
}

// A document's rules are named after it, and share its scope and match.
func TestCompileDocuments(t *testing.T) {
	p := algebra.Policy{Name: "images", Language: "rego", Scope: "action", Level: "deny", Source: algebra.Source{File: "world.yaml", Line: 7},
		Text: "package main\ndeny_latest contains \"x\" if input.summary.delete > data.params.max", Params: map[string]any{"max": int64(3)}}
	gates, problems := rego.CompileDocuments([]algebra.Policy{p}, nil)
	if len(problems) > 0 || len(gates) != 1 || gates[0].Name() != "images/deny_latest" || gates[0].Scope() != policies.Action {
		t.Fatalf("%v %v", gates, problems)
	}
	p.Params = map[string]any{"mx": int64(3)}
	_, problems = rego.CompileDocuments([]algebra.Policy{p}, nil)
	if want := "world.yaml:7: error: policy images: 2:64 of its module: data.params.max is defined by no module and no data; did you mean mx?"; problems.Error() != want {
		t.Errorf("got %v\nwant %s", problems, want)
	}
	p.Params, p.Level = map[string]any{"max": int64(3)}, "warn"
	if _, problems = rego.CompileDocuments([]algebra.Policy{p}, nil); !strings.Contains(problems.Error(), "its level is warn, and its rule deny_latest denies; drop level, or call the rule warn_…") {
		t.Errorf("got %v", problems)
	}
}
