package cel_test

import (
	"strings"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/cel"
)

// policy is a policy declared at world.yaml:7.
func policy(scope, text string) algebra.Policy {
	return algebra.Policy{Name: "p", Language: "cel", Text: text, Scope: scope, Level: "deny",
		Source: algebra.Source{File: "world.yaml", Line: 7}, Params: map[string]any{
			"max": int64(3), "share": 0.5, "on": true, "words": []any{"a", "b"}, "mixed": []any{"a", int64(1)},
			"nested": map[string]any{"k": "v"}}}
}

// What the type checker takes.
func TestCompiles(t *testing.T) {
	cases := map[string][]string{
		"action": {
			`!deployment.podman.containers.exists(c, c.image.endsWith(":latest"))`,
			`action.change.actions != ["delete"] || device.labels[?"tier"].orValue("") != "db"`,
			`object == null || object.app == action.name`,
			`oldObject != null && has(action.change.before)`,
			`params.max > 2 && params.share < 1.0 && params.on && "a" in params.words && params.nested.k == "v"`,
			`params.mixed[0] == "a"`,
			`now.getHours("UTC") >= 9`,
			`100 * aggregates.by_label["site"][device.labels["site"]].max_down <= 25 * aggregates.fleet.devices`,
			`request.user == "ana" && plan.summary.create < 10 && plan.base.devices.all(d, d.desired_revision > 0)`,
			`sets.contains(["a"], ["a"]) && "a,b".split(",").size() == 2`,
			`assignment.name == "web" && action.source.line > 0`,
		},
		"batch":     {`batch.disrupted <= 10 && batch.changes.size() < 100`},
		"plan":      {`plan.resource_changes.filter(c, "delete" in c.change.actions).size() <= 2`, `object.summary.replace < 3`},
		"aggregate": {`aggregates.by_label.all(k, aggregates.by_label[k].all(v, aggregates.by_label[k][v].max_down < 5))`},
	}
	n := 0
	for scope, texts := range cases {
		for _, text := range texts {
			n++
			gates, problems := cel.Compile([]algebra.Policy{policy(scope, text)})
			if len(problems) > 0 || len(gates) != 1 {
				t.Errorf("%s: %s\n%v", scope, text, problems)
			}
		}
	}
	if n < 10 {
		t.Fatal("no cases")
	}
}

// What stock tools let pass in silence, or fail on only when it is too late.
func TestCompileRefuses(t *testing.T) {
	cases := []struct{ scope, text, want string }{
		{"action", `action.chnage.actions == ["create"]`,
			"world.yaml:7: error: policy p: 1:7 of its expression: undefined field 'chnage'; did you mean change?"},
		{"action", "device.id != \"\" &&\n  device.lables[\"site\"] == \"fra\"",
			"world.yaml:7: error: policy p: 2:9 of its expression: undefined field 'lables'; did you mean labels?"},
		{"action", `action.zone == "x"`, "known: action_reason, address"},
		{"action", `devise.id == ""`, "undeclared reference to 'devise'; did you mean device?"},
		{"action", `batch.index == 0`, "undeclared reference to 'batch'; batch is known in scope batch"},
		{"plan", `device.id == ""`, "device is known in scope action"},
		{"action", `params.mx > 3`, "undefined field 'mx'; did you mean max?"},
		{"action", `has(params.nothing)`, "undefined field 'nothing'"},
		{"action", `params.max == "3"`, "int == string: these types do not go together"},
		{"action", `action.batch == "first"`, "int == string: these types"},
		{"action", `action.batch`, "a value of type int, and a policy is true or false; write what must hold"},
		{"action", `params.mixed[0]`, "a value of type dyn"},
		{"action", `device.labels[?"x"]`, "a value of type optional_type(string)"},
		{"action", `deployment.app.matches("(")`, "error parsing regexp"},
		{"action", `action.`, "Syntax error"},
		{"action", `nowtime() > now`, "undeclared reference to 'nowtime'"},
		{"fleet", `true`, `scope "fleet" is not one of action, batch, plan, aggregate`},
	}
	for _, c := range cases {
		gates, problems := cel.Compile([]algebra.Policy{policy(c.scope, c.text)})
		if gates != nil || !strings.Contains(problems.Error(), c.want) {
			t.Errorf("%s: %s\ngot  %v\nwant %s", c.scope, c.text, problems, c.want)
		}
	}
}

// One bad policy leaves no gates at all, and every policy is told about.
func TestCompileIsAllOrNothing(t *testing.T) {
	bad, worse, rego := policy("action", `device.nme == ""`), policy("action", "1"), policy("action", "package main")
	worse.Name, rego.Name, rego.Language = "q", "r", "rego"
	gates, problems := cel.Compile([]algebra.Policy{policy("action", "true"), bad, worse, rego})
	if gates != nil || len(problems) != 3 {
		t.Fatalf("%d gates, %v", len(gates), problems)
	}
	if want := "world.yaml:7: error: policy r: rego policies are not supported in this version; write it in cel"; problems[2].String() != want {
		t.Errorf("got %s, want %s", problems[2], want)
	}
	rego.Language = ""
	if gates, problems := cel.Compile([]algebra.Policy{rego}); gates != nil || len(problems) != 1 {
		t.Errorf("no language: %v", problems)
	}
}

// A level that is misspelt must not become the weakest one.
func TestCompileRefusesUnknownLevels(t *testing.T) {
	p := policy("action", "true")
	p.Level = "denied"
	if _, problems := cel.Compile([]algebra.Policy{p}); !strings.Contains(problems.Error(), `level "denied" is not one of deny, warn, info`) {
		t.Errorf("got %v", problems)
	}
}

func TestCompileKeepsThePolicy(t *testing.T) {
	gates, problems := cel.Compile([]algebra.Policy{policy("plan", "true")})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	g := gates[0]
	if g.Name() != "p" || g.Scope() != policies.Plan || g.Level() != policies.Deny || g.Source().String() != "world.yaml:7" {
		t.Errorf("%s %s %s %s", g.Name(), g.Scope(), g.Level(), g.Source())
	}
}
