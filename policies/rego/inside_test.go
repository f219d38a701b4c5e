package rego

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
	pt "github.com/musterfleet/muster/policies/policiestest"
)

// Every builtin a policy may call is in a list that a person has read: none looks at a clock,
// a file, the network, the environment or chance. A new OPA that brings more fails here.
func TestSandboxIsClosed(t *testing.T) {
	b, err := os.ReadFile("testdata/builtins.txt")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, one := range capabilities().Builtins {
		got = append(got, one.Name)
		if one.Nondeterministic && !strings.HasPrefix(one.Name, "json.") { // these fetch schemas, and AllowNet is empty
			t.Errorf("%s is nondeterministic by its own account", one.Name)
		}
	}
	slices.Sort(got)
	if want := strings.Fields(string(b)); !slices.Equal(got, want) {
		t.Errorf("the builtins of policies changed; read what is new and list it\ngot  %s", strings.Join(got, "\n"))
	}
	if allow := capabilities().AllowNet; allow == nil || len(allow) > 0 {
		t.Error("nil allows every host")
	}
}

// A rule that runs away is stopped, and denies.
func TestDeadline(t *testing.T) {
	c := &compiling{deadline: 20 * time.Millisecond, modules: []Module{{"p.rego", `package main
warn contains "x" if {
	n := numbers.range(1, 3000)
	some a in n
	some b in n
	some d in n
	a + b + d == 1
}`}}}
	gates, problems := c.gates()
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	start := time.Now()
	_, report := policies.Review(pt.Upgrade(t), gates, policies.Options{AllowStop: 1})
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if d := report.Denials(); len(d) != 1 || !strings.Contains(d[0].Msg, "it costs too much: more than 21ms; it was asked no more") {
		t.Error(report.Text(false))
	}
}

// The input is exactly the plan's JSON.
func TestTermsAreThePlansJSON(t *testing.T) {
	p := pt.Upgrade(t)
	file := planfile.From(p.Plan, p.Reality, p.Request, p.Now)
	want, err := ast.ValueFromReader(strings.NewReader(string(file.JSON())))
	if err != nil {
		t.Fatal(err)
	}
	if got := input(policies.Input{File: &file}, nil, nil, nil); got.Compare(want) != 0 {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	bare := planfile.File{ResourceChanges: []planfile.Change{{}}}
	want, err = ast.ValueFromReader(strings.NewReader(string(bare.JSON())))
	if err != nil {
		t.Fatal(err)
	}
	if got := term(reflect.ValueOf(bare)).Value; got.Compare(want) != 0 {
		t.Errorf("empty: got %v\nwant %v", got, want)
	}
}

// A rule is handed the parts of the plan that it reads, and no others.
func TestInputs(t *testing.T) {
	cases := map[string]string{
		`deny contains "x" if input.summary.delete > 2`:                                     "summary",
		`deny contains "x" if { some c in input.resource_changes; helper(c) }`:              "base resource_changes",
		`deny contains "x" if input[k]`:                                                     "all",
		`deny contains "x" if { p := input; p.kind == "x" }`:                                "all",
		`deny contains "x" if object.get(input, "kind", "") == "x"`:                         "all",
		`deny contains "x" if count([1 | input.batches[input.batches[0].index].index]) > 0`: "batches",
	}
	for text, want := range cases {
		c := &compiling{modules: []Module{{"p.rego", "package main\n" + text + "\nhelper(c) if c.id == input.base.world_digest\ndeny_a contains helper(1) if input.kind"}}}
		_, problems := c.gates()
		if len(problems) > 0 {
			t.Fatal(text, problems)
		}
		for _, v := range c.verdicts() {
			if v.name != "deny" {
				continue
			}
			got := "all"
			if n := c.inputs(v); n != nil {
				got = strings.Join(sortedKeys(n), " ")
			}
			if got != want {
				t.Errorf("%s\ngot %s, want %s", text, got, want)
			}
		}
	}
}
