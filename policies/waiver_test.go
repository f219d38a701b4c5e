package policies_test

import (
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/policies"
	pt "github.com/musterfleet/muster/policies/policiestest"
)

// A waiver lets what it names pass, and the report says so; what it does not name is denied still.
func TestWaivers(t *testing.T) {
	p := pt.Upgrade(t)
	never := pt.Gate(t, "never", "action", "deny", pt.Never)
	waiver := algebra.Waiver{Name: "w", Rule: "never", Owner: "ana", Reason: "moves once",
		Expires: pt.At.Add(time.Hour), Match: pt.Bound(t, `label("site") = "fra"`), Source: algebra.Source{File: "waivers.yaml", Line: 2}}
	all := waiver
	all.Name, all.Match = "all", pt.Bound(t, `has(label("site"))`)
	want := `
deny  never: never says no
      edge[002-003]/new, {edge[002-003,005-006]}/web (6 actions)
      declared at world.yaml:12, world.yaml:17; policy at policies.yaml:5
waived  never: never says no
      edge001/new, edge001/old, {edge[001,004]}/web (4 actions)
      declared at world.yaml:12, world.yaml:17; policy at policies.yaml:5
      waived by ana until 2026-11-23T11:00:00Z: moves once (w waivers.yaml:2)

1 policy, 10 evaluations, 6 denied, 4 waived.
`
	_, first := policies.Review(p, policies.Gates{never}, policies.Options{AllowStop: 1, Waivers: []algebra.Waiver{waiver}})
	if got := "\n" + first.Text(false); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	approved, report := policies.Review(p, policies.Gates{never}, policies.Options{AllowStop: 1, Waivers: []algebra.Waiver{all}})
	if approved.IsZero() || !approved.Reverses("c1") || report.Waivers[0].Violations != 10 {
		t.Errorf("a waived change is approved, and so is its inverse:\n%s", report.Text(false))
	}
}

// A waiver that has ended, and one that nothing needs, are told.
func TestIdleWaivers(t *testing.T) {
	ended := algebra.Waiver{Name: "ended", Rule: "never", Owner: "ana", Reason: "r", Expires: pt.At, Match: pt.Bound(t, `name = "edge001"`)}
	over := ended
	over.Name, over.Rule = "over", "other"
	idle := algebra.Waiver{Name: "idle", Rule: "never", Owner: "bo", Reason: "r", Expires: pt.At.Add(time.Hour)}
	_, report := policies.Review(pt.Upgrade(t), policies.Gates{pt.Gate(t, "never", "action", "warn", pt.Never)},
		policies.Options{AllowStop: 1, Waivers: []algebra.Waiver{over, idle, ended}})
	for _, want := range []string{
		"note  waiver ended expired on 2026-11-23T10:00:00Z and no longer covers 3 violations of never; ana has to renew it, or mend them\n",
		"note  waiver idle is not used by this plan\n",
		"note  waiver over expired on 2026-11-23T10:00:00Z, and nothing needs it; remove it\n",
	} {
		if !strings.Contains(report.Text(false), want) {
			t.Errorf("lacks %s", want)
		}
	}
}

// What nobody can answer for: a policy that cannot tell, and the rules that hold undeclared.
func TestWaiversCoverNoFailure(t *testing.T) {
	far := pt.At.Add(time.Hour)
	all := pt.Bound(t, `has(label("site"))`)
	waivers := []algebra.Waiver{{Name: "a", Rule: "broken", Expires: far, Match: all}, {Name: "b", Rule: "muster/stops", Expires: far}}
	broken := pt.Gate(t, "broken", "action", "warn", func(policies.Input) ([]policies.Finding, error) { panic("no") })
	_, report := policies.Review(pt.Upgrade(t), policies.Gates{broken}, policies.Options{Waivers: waivers})
	if report.Count(policies.Deny) != 11 {
		t.Error(report.Text(false))
	}
}

// An environment makes another level of a rule; what cannot be evaluated denies all the same.
func TestLevels(t *testing.T) {
	gates := policies.Gates{pt.Gate(t, "never", "plan", "deny", pt.Never), pt.Gate(t, "mild", "plan", "info", pt.Never)}
	_, report := policies.Review(pt.Upgrade(t), gates, policies.Options{AllowStop: 1,
		Levels: map[string]policies.Level{"never": policies.Warn, "mild": policies.Deny}})
	if got := report.Results; len(got) != 2 || got[0].Rule != "mild" || got[0].Level != policies.Deny || got[1].Level != policies.Warn {
		t.Errorf("%+v", got)
	}
}
