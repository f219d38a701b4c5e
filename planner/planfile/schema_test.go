package planfile_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner/planfile"
)

var update = flag.Bool("update", false, "rewrite testdata/schema.json")

func TestSchemaIsTheCommittedOne(t *testing.T) {
	const path = "testdata/schema.json"
	if *update {
		if err := os.WriteFile(path, planfile.Schema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(planfile.Schema(), want) {
		t.Error("the schema changed: raise FormatVersion if its sense did, and run with -update")
	}
}

// validLaw: what is written is valid under the schema.
func validLaw(t *testing.T, write func(planfile.File) string) gopter.Prop {
	schema := compiled(t)
	return prop.ForAll(func(s algebratest.Situation) bool {
		_, _, f := written(s)
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(write(f)))
		return err == nil && schema.Validate(value) == nil
	}, algebratest.Situations())
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(planfile.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("plan.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("plan.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestPlanFilesAreValid(t *testing.T) {
	algebratest.Law(t, cases)(validLaw(t, func(f planfile.File) string { return string(f.JSON()) }))
}

func TestSchemaLawSeesWrongFiles(t *testing.T) {
	plant := algebratest.Planted(t, cases)
	for _, c := range []struct{ old, new string }{
		{`"blocked": [`, `"blocks": [`}, // a key that is missing
		{`"actions": [`, `"actions": [ "restart",`},
		{`"kind": "FleetPlan"`, `"kind": "Plan"`},
		{`"batch": `, `"batch": 0.5e-`},
		{`_because_`, `_since_`},
	} {
		plant(c.old, validLaw(t, func(f planfile.File) string { return strings.ReplaceAll(string(f.JSON()), c.old, c.new) }))
	}
}
