package cel_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/cel"
	pt "github.com/musterfleet/muster/policies/policiestest"
)

// upgrade moves web from 1 to 2 on six devices, starts new on three, stops old on one.
func upgrade(t testing.TB) policies.Proposal {
	before := pt.World(t, pt.Deployment("web", "1", "r/web:latest"), pt.Deployment("old", "1", "r/old:1"),
		pt.Assignment("web", "{edge[001-006]}", "web"), pt.Assignment("old", "{edge001}", "old"))
	after := pt.World(t, pt.Deployment("web", "2", "r/web:2"), pt.Deployment("new", "1", "r/new:1"),
		pt.Assignment("web", "{edge[001-006]}", "web"), pt.Assignment("new", "{edge[001-003]}", "new"))
	return pt.Propose(t, pt.Devices(6), before, after)
}

func review(t testing.TB, p policies.Proposal, list ...algebra.Policy) (policies.Approved, policies.Report) {
	t.Helper()
	gates, problems := cel.Compile(list)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return policies.Review(p, gates, policies.Options{AllowStop: 1})
}

// Each expression holds, or not, of some of the ten actions.
func TestJudges(t *testing.T) {
	p := upgrade(t)
	cases := []struct {
		scope, text string
		denied      int // of ten actions; else of one plan or batch
	}{
		{"action", `true`, 0},
		{"action", `false`, 10},
		{"action", `!deployment.podman.containers.exists(c, c.image.endsWith(":latest"))`, 0},
		{"action", `oldObject == null || !oldObject.podman.containers.exists(c, c.image.endsWith(":latest"))`, 6},
		// The trap that ext.NativeTypes sets: a nil pointer is null, and nothing else.
		{"action", `object != null`, 1},
		{"action", `action.change.after != null`, 1},
		{"action", `dyn(action).change.after != null`, 1},
		{"action", `has(action.change.after)`, 1},
		{"action", `action.change.?before.hasValue()`, 3},
		{"action", `oldObject == null`, 7},
		{"action", `has(action.batch) && has(device.labels) && has(action.requires)`, 0},
		{"action", `action.change.actions != ["delete", "create"]`, 6},
		{"action", `"delete" in action.change.actions`, 3},
		{"action", `deployment.version == object.version`, 1}, // object is null in the stop: an error
		{"action", `deployment == oldObject || deployment == object`, 0},
		{"action", `device.labels["site"] == "fra"`, 6},
		{"action", `device.labels.site == "fra" && "arch" in device.facts`, 6},
		{"action", `device.reachable && now == timestamp("2026-11-23T10:00:00Z") && request.user == "ana"`, 0},
		{"action", `action.address == device.id + "/" + action.name`, 0},
		{"action", `plan.summary.replace == 6 && plan.resource_changes.size() == 10`, 0},
		{"action", `100 * aggregates.by_label["site"]["fra"].stopped > 20 * aggregates.by_label["site"]["fra"].devices`, 0},
		{"action", `aggregates.by_deployment[action.name].devices > 0`, 0},
		{"action", `params.max == 3 && params.words == ["a", "b"] && params.nested["k"] == "v"`, 0},
		{"action", `action.device == device && action.assignment == assignment`, 0},
		{"batch", `batch.index == 0 && batch.changes.size() == 10 && batch.disrupted == 6`, 0},
		{"batch", `batch.disrupted < 6`, 1},
		{"plan", `plan == object && plan.kind == "FleetPlan" && plan.applyable`, 0},
		{"plan", `plan.resource_changes.filter(c, "delete" in c.change.actions).size() == 7`, 0},
		{"plan", `plan.resource_changes.all(c, c.change.after != null)`, 1},
		{"plan", `plan.base.devices.all(d, d.desired_revision == 1)`, 0},
		{"aggregate", `aggregates.by_label.exists(k, aggregates.by_label[k].exists(v, aggregates.by_label[k][v].disrupted > 3))`, 0},
		{"aggregate", `aggregates.fleet.disrupted < 6`, 1},
	}
	for _, c := range cases {
		_, report := review(t, p, policy(c.scope, c.text))
		if got := report.Count(policies.Deny); got != c.denied {
			t.Errorf("%s: %s: %d denied, want %d\n%s", c.scope, c.text, got, c.denied, report.Text(false))
		}
	}
}

// What cannot be told is denied, with the policy's name and what to write instead.
func TestFailuresDeny(t *testing.T) {
	p := upgrade(t)
	nested := strings.Repeat("plan.resource_changes.all(x, ", 9) + "x.id != ''" + strings.Repeat(")", 9)
	cases := []struct{ scope, text, want string }{
		{"action", `device.labels["nope"] == "x"`, `no such key: nope; for a key that may be missing, write device.labels[?"nope"].orValue("")`},
		{"action", `device.labels.nope == "x"`, `write device.labels[?"nope"].orValue("")`},
		{"action", `[action].all(a, a.device.facts["gpu"] != "")`, `write a.device.facts[?"gpu"].orValue("")`},
		{"action", `device.labels[device.id] == "x"`, `write m[?key].orValue("")`},
		{"action", `aggregates.by_deployment["nope"].devices > 1`, `write aggregates.by_deployment[?"nope"].orValue(…)`},
		{"action", `1 / (action.batch - action.batch) == 1`, "division by zero"},
		{"action", `action.change.actions[7] == ""`, "index out of bounds: 7"},
		{"action", `object.version == "2" && oldObject.version == "1"`, "version of null; ask first whether it is null"},
		{"action", `params.mixed[1] == "a" || params.mixed[1] < "b"`, "no such overload"},
		{"action", nested, "it costs too much: more than 20000 steps; look at fewer things"},
		{"plan", nested, "more than 1005000 steps"},
		{"action", `plan.Port{host: 1}.host == 1`, "cannot be made in a policy"},
	}
	for _, c := range cases {
		for _, level := range []string{"deny", "warn", "info"} {
			q := policy(c.scope, c.text)
			q.Level = level
			approved, report := review(t, p, q)
			if !approved.IsZero() || !report.Denied() {
				t.Errorf("%s: %s: approved at level %s", c.scope, c.text, level)
			}
			if !slices.ContainsFunc(report.Denials(), func(r policies.Result) bool {
				return r.Rule == "p" && r.Failed && strings.HasPrefix(r.Msg, "cannot be evaluated: ") && strings.Contains(r.Msg, c.want)
			}) {
				t.Errorf("%s\nwant %s\ngot\n%s", c.text, c.want, report.Text(false))
			}
		}
	}
}

// A workload of which only the digest is known is not judged as if it were empty.
func TestUnknownWorkloadsDeny(t *testing.T) {
	p := upgrade(t)
	clear(p.Reality.Specs)
	for i, c := range p.Plan.Changes {
		c.Have = algebra.Deployment{}
		p.Plan.Changes[i] = c
	}
	_, report := review(t, p, policy("action", `!deployment.podman.containers.exists(c, c.privileged)`))
	denials := report.Denials()
	if len(denials) != 1 || denials[0].Address != "edge001/old" || !strings.Contains(denials[0].Msg, "the workload of old@1 is not known, only its digest; podman cannot be judged") {
		t.Errorf("the stop of an unknown workload:\n%s", report.Text(false))
	}
	if _, report = review(t, p, policy("action", `deployment.app != "db"`)); report.Denied() {
		t.Errorf("its name is known:\n%s", report.Text(false))
	}
}

func TestMatchChoosesActions(t *testing.T) {
	p := upgrade(t)
	before := pt.World(t, "kind: Policy\nmetadata: {name: p}\nspec: {cel: 'false', match: 'label(\"site\") = \"fra\"'}")
	_, report := review(t, p, before.Policies...)
	if report.Count(policies.Deny) != 4 || report.Evaluations != 4 {
		t.Errorf("site fra has 2 replaces, 1 start and 1 stop:\n%s", report.Text(false))
	}
	before.Policies[0].Scope = "plan"
	if _, problems := cel.Compile(before.Policies); !strings.Contains(problems.Error(), "match chooses actions by their device") {
		t.Errorf("got %v", problems)
	}
}
