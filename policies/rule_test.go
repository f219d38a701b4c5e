package policies_test

import (
	"slices"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
	pt "github.com/musterfleet/muster/policies/policiestest"
)

// Reports list what passed too.
func TestRules(t *testing.T) {
	rules := policies.Gates{pt.Gate(t, "two", "action", "info", pt.Always), pt.Gate(t, "one", "plan", "deny", pt.Never)}.Rules()
	want := []policies.Rule{
		{ID: "one", Level: policies.Deny, Scope: policies.Plan, Title: "one says no", Source: algebra.Source{File: "policies.yaml", Line: 3}},
		{ID: "two", Level: policies.Info, Scope: policies.Action, Title: "two says no", Source: algebra.Source{File: "policies.yaml", Line: 3}},
	}
	if !slices.Equal(rules, want) {
		t.Errorf("got %+v, want %+v", rules, want)
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
