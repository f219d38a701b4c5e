package policies_test

import (
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
	pt "github.com/musterfleet/muster/policies/policiestest"
)

// ruled is an engine with two rules of its own.
type ruled struct{ pt.Engine }

func (ruled) Rules() []policies.Rule {
	return []policies.Rule{{ID: "set/warn_b", Level: policies.Warn, Source: algebra.Source{File: "b.rego", Line: 3}}, {ID: "set/deny_a", Title: "no a"}}
}

// What a rule leaves empty is the policy's.
func TestRules(t *testing.T) {
	g, err := policies.NewGate(algebra.Policy{Name: "set", Scope: "plan", Level: "deny", Message: "keep to the set",
		Source: algebra.Source{File: "p.yaml", Line: 2}}, ruled{pt.Always})
	if err != nil {
		t.Fatal(err)
	}
	rules := policies.Gates{pt.Gate(t, "one", "action", "info", pt.Always), g}.Rules()
	want := []policies.Rule{
		{ID: "one", Level: policies.Info, Scope: policies.Action, Title: "one says no", Source: algebra.Source{File: "policies.yaml", Line: 3}},
		{ID: "set/deny_a", Level: policies.Deny, Scope: policies.Plan, Title: "no a", Source: algebra.Source{File: "p.yaml", Line: 2}},
		{ID: "set/warn_b", Level: policies.Warn, Scope: policies.Plan, Title: "keep to the set", Source: algebra.Source{File: "b.rego", Line: 3}},
	}
	if len(rules) != len(want) {
		t.Fatalf("%v", rules)
	}
	for i := range want {
		if rules[i] != want[i] {
			t.Errorf("got %+v, want %+v", rules[i], want[i])
		}
	}
}

// A finding about no change may say what it is about, and where to look.
func TestFindingsSayWhere(t *testing.T) {
	says := pt.Gate(t, "set", "plan", "warn", func(policies.Input) ([]policies.Finding, error) {
		return []policies.Finding{
			{Msg: "a", Address: "fra", Loc: planfile.Source{File: "sites.yaml", Line: 4}},
			{Msg: "b", ChangeID: "c2", Loc: planfile.Source{File: "sites.yaml", Line: 5}},
		}, nil
	})
	_, report := policies.Review(pt.Upgrade(t), policies.Gates{says}, policies.Options{AllowStop: 1})
	if len(report.Results) != 2 {
		t.Fatal(report.Text(false))
	}
	if r := report.Results[0]; r.Address != "fra" || r.Loc.Line != 4 {
		t.Errorf("%+v", r)
	}
	if r := report.Results[1]; r.Address != "edge001/old" || r.Loc.Line != 5 {
		t.Errorf("%+v", r)
	}
}
