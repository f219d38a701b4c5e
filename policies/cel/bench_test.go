package cel_test

import (
	"fmt"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/cel"
	pt "github.com/musterfleet/muster/policies/policiestest"
)

// ordinary are twenty policies as people write them; all hold of the benchmark's plan.
var ordinary = []string{
	`!deployment.podman.containers.exists(c, c.image.endsWith(":latest"))`,
	`!deployment.podman.containers.exists(c, c.privileged)`,
	`deployment.podman.containers.all(c, c.image.startsWith("r/") || c.image.startsWith("registry.example/"))`,
	`deployment.podman.containers.all(c, c.ports.all(p, p.host >= 1024))`,
	`deployment.podman.containers.all(c, c.mounts.all(m, m.read_only || m.host.startsWith("/srv/")))`,
	`deployment.podman.containers.all(c, c.network != "host")`,
	`deployment.podman.containers.all(c, c.name.matches("^[a-z][a-z0-9-]*$"))`,
	`deployment.podman.containers.size() <= 4`,
	`device.labels[?"tier"].orValue("") != "db" || action.change.actions != ["delete"]`,
	`device.labels[?"site"].hasValue()`,
	`device.labels.all(k, size(k) <= 63)`,
	`device.facts[?"arch"].orValue("") in ["aarch64", "x86_64"]`,
	`device.reachable || !action.disruptive`,
	`action.name != "clinical" || request.user in ["ana", "bo"]`,
	`action.batch < 100 && action.requires.size() < 10`,
	`oldObject == null || oldObject.version != deployment.version || oldObject.digest != deployment.digest`,
	`action.source.file != "" || action.change.actions == ["delete"]`,
	`now.getDayOfWeek("UTC") < 6 && now.getHours("UTC") < 22`,
	`100 * aggregates.fleet.stopped <= 50 * aggregates.fleet.devices`,
	`assignment.name != "" || "delete" in action.change.actions`,
}

func ordinaryPolicies() []algebra.Policy {
	var list []algebra.Policy
	for i, text := range ordinary {
		p := policy("action", text)
		p.Name = fmt.Sprintf("p%02d", i)
		list = append(list, p)
	}
	return list
}

// large is a plan of n replaces.
func large(b testing.TB, n int) policies.Proposal {
	before := pt.World(b, pt.Deployment("web", "1", "r/web:1"), pt.Assignment("web", "all", "web"))
	after := pt.World(b, pt.Deployment("web", "2", "r/web:2"), pt.Assignment("web", "all", "web"))
	return pt.Propose(b, pt.Devices(n), before, after)
}

// Each iteration reviews 10⁵ actions with 20 policies: 2·10⁶ evaluations, and as many of inverses.
func BenchmarkReview(b *testing.B) {
	const actions = 100_000
	p := large(b, actions)
	gates, problems := cel.Compile(ordinaryPolicies())
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	b.ReportAllocs()
	for b.Loop() {
		approved, report := policies.Review(p, gates, policies.Options{})
		if approved.IsZero() || report.Evaluations != actions*len(ordinary) {
			b.Fatal(report.Summary())
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(2*actions*len(ordinary)), "ns/judgement")
}

func BenchmarkCompile(b *testing.B) {
	list := ordinaryPolicies()
	for b.Loop() {
		if _, problems := cel.Compile(list); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}
