package cel

import (
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"

	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
)

func testEnvironment(t *testing.T) *cel.Env {
	t.Helper()
	params, err := paramsType(nil)
	if err != nil {
		t.Fatal(err)
	}
	vars := declared(policies.Action)
	vars["params"] = params.typ
	env, _, err := environment(vars, params)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// Every function a policy may call is in a list that a person has read: none of them looks
// at a clock, a file, the network, the process or chance. A new cel-go that brings more
// functions fails here.
func TestEnvironmentIsClosed(t *testing.T) {
	b, err := os.ReadFile("testdata/functions.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(string(b))
	if got := slices.Sorted(maps.Keys(testEnvironment(t).Functions())); !slices.Equal(got, want) {
		t.Errorf("the functions of policies changed; read what is new and list it\ngot  %s", strings.Join(got, "\n"))
	}
}

// Why the schema is our own: cel-go's native types show a nil pointer as an empty struct, so
// that a policy which asks for null is answered wrongly, in silence.
func TestNativeTypesHideNull(t *testing.T) {
	env, err := cel.NewEnv(ext.NativeTypes(reflect.TypeFor[planfile.Change](), ext.ParseStructTag("json")),
		cel.Variable("action", cel.ObjectType("planfile.Change")))
	if err != nil {
		t.Fatal(err)
	}
	ast, issues := env.Compile(`action.change.after != null`)
	if issues.Err() != nil {
		t.Fatal(issues.Err())
	}
	run, err := env.Program(ast)
	if err != nil {
		t.Fatal(err)
	}
	stop := planfile.Change{Change: planfile.Transition{Actions: []string{"delete"}}}
	out, _, err := run.Eval(map[string]any{"action": stop})
	if err != nil || out.Value() != true {
		t.Errorf("cel-go has learnt of null (%v, %v): our own schema may go", out, err)
	}
	ours, err := testEnvironment(t).Program(mustCheck(t, `action.change.after != null`))
	if err != nil {
		t.Fatal(err)
	}
	if out, _, err = ours.Eval(&variables{in: policies.Input{Change: &stop}}); err != nil || out.Value() != false {
		t.Errorf("a stop has no after, yet ours says %v, %v", out, err)
	}
}

func mustCheck(t *testing.T, text string) *cel.Ast {
	t.Helper()
	ast, issues := testEnvironment(t).Compile(text)
	if issues.Err() != nil {
		t.Fatal(issues.Err())
	}
	return ast
}

// Only what cannot run away goes without a meter.
func TestBounded(t *testing.T) {
	cases := map[string]bool{
		`true`: true,
		`device.labels[?"site"].orValue("") in ["fra", "ber"] && now.getHours() < 9`: true,
		`action.name.matches("^[a-z]+$") && size(device.labels) > 1`:                 true,
		`deployment.podman.containers.exists(c, c.privileged)`:                       true,
		`device.labels.all(k, size(device.labels[k]) < 64 && k in ["a", "b"])`:       true,
		`deployment.podman.containers.all(c, c.ports.all(p, p.host > 1024))`:         false,
		`plan.resource_changes.all(c, c.disruptive)`:                                 false,
		`device.labels.all(k, k in action.requires)`:                                 false,
		`action.requires.all(r, action.requires == plan.batches[0].changes)`:         false,
		`action.requires.map(r, r + r).size() > 1`:                                   false,
		`action.requires.exists_one(r, r == "c1")`:                                   false,
		`action.name.replace("", action.name).size() < 9`:                            false,
		`["a", "b"].join(action.name) == ""`:                                         false,
		`"%s".format([action.name]) == ""`:                                           false,
		`optional.of(1).optMap(x, x + 1).hasValue()`:                                 false,
	}
	for text, want := range cases {
		if got := bounded(mustCheck(t, text)); got != want {
			t.Errorf("%s: bounded is %v", text, got)
		}
	}
}

// Every field of the plan file is in the schema under its name in JSON.
func TestSchemaIsThePlanFile(t *testing.T) {
	n := 0
	for typ, d := range planSchema.byType {
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if _, ok := d.fields[name]; !ok || name == "" || name == "-" {
				t.Errorf("%s.%s is not in the schema as %q", typ, typ.Field(i).Name, name)
			}
			n++
		}
	}
	if len(planSchema.byType) < 15 || n < 80 {
		t.Errorf("%d types, %d fields: the schema is not whole", len(planSchema.byType), n)
	}
}
