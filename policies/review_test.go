package policies_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/policies"
	pt "github.com/musterfleet/muster/policies/policiestest"
)

// expect reviews and looks for the only objection at level deny; "" is an approval.
func expect(t *testing.T, p policies.Proposal, gates policies.Gates, opt policies.Options, want string) policies.Report {
	t.Helper()
	approved, report := policies.Review(p, gates, opt)
	var rules []string
	for _, r := range report.Denials() {
		rules = append(rules, r.Rule+": "+r.Msg)
	}
	if want == "" && (approved.IsZero() || len(rules) > 0) {
		t.Errorf("denied: %q", rules)
	}
	if want != "" && (!approved.IsZero() || len(rules) != 1 || !strings.Contains(rules[0], want)) {
		t.Errorf("got %q, want %q alone", rules, want)
	}
	return report
}

func TestReviewFailsClosed(t *testing.T) {
	p := pt.Upgrade(t)
	ok := pt.Gate(t, "ok", "plan", "deny", pt.Always)
	late := p
	late.Reality.ObservedAt = late.Reality.ObservedAt.Add(time.Second)
	once := func(fails pt.Engine) policies.Gates {
		return policies.Gates{ok, pt.Gate(t, "bad", "plan", "info", fails)}
	}
	cases := map[string]struct {
		p     policies.Proposal
		gates policies.Gates
		opt   policies.Options
		want  string
	}{
		"no gates":         {p, nil, policies.Options{}, "muster/no-gates: there are no policies"},
		"gates: none":      {p, nil, policies.Options{NoGates: true}, ""},
		"gates: none kept": {p, policies.Gates{ok, pt.Gate(t, "no", "plan", "deny", pt.Never)}, policies.Options{NoGates: true}, "no: no says no"},
		"a gate":           {p, policies.Gates{ok}, policies.Options{}, ""},
		"a zero gate":      {p, policies.Gates{ok, {}}, policies.Options{}, "muster/gate: a policy was handed over without having been compiled"},
		"an error":         {p, once(func(policies.Input) ([]policies.Finding, error) { return nil, errors.New("no such key") }), policies.Options{}, "bad: cannot be evaluated: no such key"},
		"a panic":          {p, once(func(policies.Input) ([]policies.Finding, error) { panic("index out of range") }), policies.Options{}, "bad: cannot be evaluated: its engine failed: index out of range"},
		"too dear":         {p, once(func(policies.Input) ([]policies.Finding, error) { return nil, policies.ErrCost }), policies.Options{}, "bad: cannot be evaluated: it costs too much; it was asked no more"},
		"another reality":  {late, policies.Gates{ok}, policies.Options{}, "muster/observation: the plan was made from another observation"},
		"warnings only":    {p, policies.Gates{ok, pt.Gate(t, "w", "plan", "warn", pt.Never), pt.Gate(t, "i", "action", "info", pt.Never)}, policies.Options{}, ""},
		"a denied batch":   {p, policies.Gates{ok, pt.Gate(t, "b", "batch", "deny", pt.Never)}, policies.Options{}, "b: b says no"},
		"a denied count":   {p, policies.Gates{ok, pt.Gate(t, "a", "aggregate", "deny", pt.Never)}, policies.Options{}, "a: a says no"},
		"findings and error": {p, once(func(policies.Input) ([]policies.Finding, error) {
			return []policies.Finding{{}}, errors.New("half way")
		}), policies.Options{}, "bad: cannot be evaluated: half way"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.opt.AllowStop = 1
			expect(t, c.p, c.gates, c.opt, c.want)
		})
	}
}

// After an evaluation that was too dear the gate is not asked again: once is slow enough.
func TestCostStopsAGate(t *testing.T) {
	n := 0
	dear := pt.Gate(t, "dear", "action", "warn", func(policies.Input) ([]policies.Finding, error) {
		n++
		return nil, fmt.Errorf("%w: more than 7 steps", policies.ErrCost)
	})
	r := expect(t, pt.Upgrade(t), policies.Gates{dear}, policies.Options{AllowStop: 1}, "dear: cannot be evaluated: it costs too much: more than 7 steps; it was asked no more")
	if n != 1 || r.Evaluations != 1 {
		t.Errorf("asked %d times", n)
	}
}

// A policy set of which nothing looks at the plan approves nothing.
func TestNothingJudgedDenies(t *testing.T) {
	p := pt.Upgrade(t)
	w := pt.World(t, "kind: Policy\nmetadata: {name: x}\nspec: {cel: 'true', match: 'label(\"site\") = \"mars\"'}",
		"kind: Policy\nmetadata: {name: y}\nspec: {cel: 'true', match: 'label(\"site\") = \"fra\"'}")
	gate := func(p algebra.Policy) policies.Gate {
		g, err := policies.NewGate(p, pt.Engine(pt.Always))
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	opt := policies.Options{AllowStop: 1}
	expect(t, p, policies.Gates{gate(w.Policies[0])}, opt, "muster/nothing-judged: no policy judged any part")
	r := expect(t, p, policies.Gates{gate(w.Policies[0]), gate(w.Policies[1])}, opt, "")
	if r.Evaluations != 4 || r.Policies != 2 {
		t.Errorf("%d policies, %d evaluations; site fra has 4 actions", r.Policies, r.Evaluations)
	}
	p.Plan.Changes, p.Plan.Base = nil, nil
	expect(t, p, policies.Gates{gate(w.Policies[0])}, opt, "") // nothing to judge
}

func TestStopsNeedAWord(t *testing.T) {
	document := func(n int) algebra.World {
		if n == 0 {
			return pt.World(t, pt.Deployment("web", "1", "r/web:1"))
		}
		return pt.World(t, pt.Deployment("web", "1", "r/web:1"), pt.Assignment("web", fmt.Sprintf("{edge[001-%03d]}", n), "web"))
	}
	cases := []struct {
		of, keep, allow int
		want            string
	}{
		{10, 8, 0, ""}, // 20 % is not more than 20 %
		{10, 7, 0, "muster/stops: stops web on 3 of its 10 devices, more than 20 %; if that is meant, pass --allow-stop 3"},
		{10, 7, 2, "pass --allow-stop 3"},
		{10, 7, 3, ""},
		{4, 3, 0, "stops web on 1 of its 4 devices"}, // 25 %: no rounding in anybody's favour
		{6, 5, 0, ""},                                // 16.7 %
		{10, 0, 9, "stops web on all its 10 devices; if that is meant, pass --allow-stop 10"},
		{10, 0, 10, ""},
	}
	for _, c := range cases {
		for _, gates := range []policies.Gates{nil, {pt.Gate(t, "ok", "action", "deny", pt.Always)}} {
			p := pt.Propose(t, pt.Devices(c.of), document(c.of), document(c.keep))
			expect(t, p, gates, policies.Options{NoGates: true, AllowStop: c.allow}, c.want)
		}
	}
}

// Devices that get the app are none that keep it: who moves an app elsewhere stops it everywhere.
func TestStopsAreOfWhatRuns(t *testing.T) {
	on := func(nodes string) algebra.World {
		return pt.World(t, pt.Deployment("web", "1", "r/web:1"), pt.Assignment("web", nodes, "web"))
	}
	p := pt.Propose(t, pt.Devices(100), on("{edge[001-010]}"), on("{edge[011-100]}"))
	expect(t, p, nil, policies.Options{NoGates: true, AllowStop: 9}, "muster/stops: stops web on all its 10 devices; if that is meant, pass --allow-stop 10")
	expect(t, p, nil, policies.Options{NoGates: true, AllowStop: 10}, "")
}

// An inverse that is denied leaves the plan alone, unless its run may roll back by itself.
func TestInversesAreJudged(t *testing.T) {
	p := pt.Upgrade(t)
	keepsNew := pt.Gate(t, "keeps-new", "action", "deny", pt.Unless(func(address string, verbs []string) bool {
		return !strings.HasSuffix(address, "/new") || verbs[0] != "delete"
	}))
	approved, report := policies.Review(p, policies.Gates{keepsNew}, policies.Options{AllowStop: 1})
	if approved.IsZero() || report.Count(policies.Info) != 3 || report.Evaluations != 10 {
		t.Fatalf("%d evaluations:\n%s", report.Evaluations, report.Text(false))
	}
	for _, c := range approved.Plan().Changes {
		if app := c.Action.Target().App.String(); approved.Reverses(c.ID) != (app != "new") {
			t.Errorf("%s/%s: reverses is %v", c.Action.Target().Device, app, approved.Reverses(c.ID))
		}
	}
	for _, r := range report.Results {
		if !r.Inverse || r.Msg != "its rollback is denied: keeps-new says no" {
			t.Errorf("%+v", r)
		}
	}
	approved, report = policies.Review(p, policies.Gates{keepsNew}, policies.Options{AllowStop: 1, RollsBack: true})
	if !approved.IsZero() || report.Count(policies.Deny) != 3 {
		t.Errorf("a run that rolls back by itself needs its inverses approved:\n%s", report.Text(false))
	}
}

// The inverse is what would undo the action, seen as an action of its own.
func TestInverses(t *testing.T) {
	got := map[string]string{}
	look := pt.Gate(t, "look", "action", "deny", func(in policies.Input) ([]policies.Finding, error) {
		c := in.Change
		text := strings.Join(c.Change.Actions, ",") + " "
		if c.Change.Before != nil {
			text += c.Change.Before.Version
		}
		text += "→"
		if c.Change.After != nil {
			text += c.Change.After.Version
		}
		got[c.Address] += fmt.Sprintf("%s %s %v; ", text, c.ActionReason, c.Disruptive)
		return nil, nil
	})
	expect(t, pt.Upgrade(t), policies.Gates{look}, policies.Options{AllowStop: 1}, "")
	for address, want := range map[string]string{
		"edge001/new": "create →1 start_because_assigned false; delete 1→ rollback true; ",
		"edge001/old": "delete 1→ stop_because_unassigned true; create →1 rollback false; ",
		"edge001/web": "delete,create 1→2 replace_because_version_changed true; delete,create 2→1 rollback true; ",
	} {
		if got[address] != want {
			t.Errorf("%s\ngot  %s\nwant %s", address, got[address], want)
		}
	}
}

// What takes a value that the device has no more cannot come back.
func TestInverseWithoutItsValues(t *testing.T) {
	document := `kind: Deployment
metadata: {name: web}
spec: {app: web, version: "1", podman: {containers: [{name: web, image: r/web:1, env: {SITE: {fromLabel: site}}}]}}`
	before := pt.World(t, document, pt.Assignment("web", "{edge001}", "web"))
	after := pt.World(t, "kind: Device\nmetadata: {name: edge001}\nspec: {labels: {}}", document)
	p := pt.Propose(t, pt.Devices(1), before, after)
	gates := policies.Gates{pt.Gate(t, "ok", "action", "deny", pt.Always)}
	approved, report := policies.Review(p, gates, policies.Options{AllowStop: 1})
	if approved.IsZero() || approved.Reverses("c1") || len(report.Results) != 1 ||
		report.Results[0].Msg != "its rollback is denied: web@1 takes label:site, which the device lacks now" {
		t.Error(report.Text(false))
	}
	expect(t, p, gates, policies.Options{AllowStop: 1, RollsBack: true}, "muster/rollback: its rollback is denied: web@1 takes")
}

// A language with rules of its own says which rule, how bad, and which change.
func TestFindingsFillResults(t *testing.T) {
	rules := pt.Gate(t, "set", "plan", "deny", func(policies.Input) ([]policies.Finding, error) {
		return []policies.Finding{
			{Rule: "warn_x", Level: policies.Warn, Msg: "mind c2", ChangeID: "c2", Details: map[string]any{"n": 1}},
			{Rule: "deny_y", Msg: "no"},
		}, nil
	})
	_, report := policies.Review(pt.Upgrade(t), policies.Gates{rules}, policies.Options{AllowStop: 1})
	if len(report.Results) != 2 {
		t.Fatal(report.Text(false))
	}
	y, x := report.Results[0], report.Results[1]
	if y.Rule != "deny_y" || y.Level != policies.Deny || y.Address != "" || y.Policy.String() != "policies.yaml:3" {
		t.Errorf("%+v", y)
	}
	if x.Rule != "warn_x" || x.Level != policies.Warn || x.Address != "edge001/old" || x.Details["n"] != 1 {
		t.Errorf("%+v", x)
	}
	if notes := policies.Notes(report.File); len(notes) != 1 || len(notes["c2"]) != 1 || notes["c2"][0] != "warn warn_x: mind c2" {
		t.Errorf("%v", notes)
	}
}

func TestNewGateRefuses(t *testing.T) {
	good := algebra.Policy{Name: "p", Scope: "action", Level: "deny"}
	with := func(change func(*algebra.Policy)) algebra.Policy { p := good; change(&p); return p }
	e := pt.Engine(pt.Always)
	for _, c := range []struct {
		p    algebra.Policy
		e    policies.Engine
		want string
	}{
		{good, nil, "needs a name and an engine"},
		{with(func(p *algebra.Policy) { p.Name = "" }), e, "needs a name and an engine"},
		{with(func(p *algebra.Policy) { p.Name = "muster/stops" }), e, "names that begin with muster/ are those of built-in rules"},
		{with(func(p *algebra.Policy) { p.Scope = "" }), e, `scope "" is not one of action, batch, plan, aggregate`},
		{with(func(p *algebra.Policy) { p.Level = "Deny" }), e, `level "Deny" is not one of deny, warn, info`},
	} {
		if _, err := policies.NewGate(c.p, c.e); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

func TestSummaryCounts(t *testing.T) {
	gates := policies.Gates{pt.Gate(t, "ok", "action", "deny", pt.Always), pt.Gate(t, "w", "plan", "warn", pt.Never)}
	_, r := policies.Review(pt.Upgrade(t), gates, policies.Options{AllowStop: 1})
	if got, want := r.Summary(), "2 policies, 11 evaluations, 0 denied, 1 warning."; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
