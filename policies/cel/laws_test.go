package cel_test

import (
	"fmt"
	"math/rand"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/cel"
	"github.com/musterfleet/muster/policies/classes"
	pt "github.com/musterfleet/muster/policies/policiestest"
)

// atoms read every part of a change that policies read, in every way; some fail on some changes.
var atoms = []string{
	`deployment.podman.containers.exists(c, c.image.endsWith(":latest"))`, `device.labels["site"] == "fra"`, `device.labels.site == "ber"`,
	`device.labels[?"tier"].orValue("") == "db"`, `"tier" in device.labels`, `device.labels.all(k, device.labels[k] != "db")`,
	`!device.labels.exists(k, device.labels[?k].orValue("") == "fra" && k == "site")`, `device.labels.exists(k, device.labels[k] == "fra")`,
	`device.facts.all(k, device.facts[k].size() > int(device.id.substring(4)) / 3)`, `device.labels.all(k, int(device.labels[k]) > 0)`,
	`device.labels.all(k, k != "tier" || device.labels["site"] == "fra")`, `!("site" in device.labels)`, `null != object`, `device.labels.size() < 2`,
	`device.facts[?"arch"].hasValue()`, `action.change.actions == ["delete"]`, `"delete" in action.change.actions`, `object == null`,
	`oldObject != null && oldObject.version == "1"`, `action.change.before == action.change.after`, `deployment.version == "2"`,
	`action.batch > 0`, `action.disruptive`, `action.name == "web"`, `action.id == "c3"`, `device.id < "edge004"`, `device.reachable`,
	`assignment.name.startsWith("w")`, `action.source.line > 5`, `[device].all(d, d.id != "edge002")`, `device.labels[action.name] == ""`,
	`1 / action.batch == 1`, `deployment.podman.containers[0].image.contains("web")`, `oldObject.podman.containers.size() == 1`,
	`plan.resource_changes.exists(c, c.name == action.name && c.id != action.id)`, `aggregates.by_label["site"][device.labels["site"]].devices > 3`,
	`has(action.change.after) && object.values.size() == 0`, `action == action`, `[1, 2].exists(device, device == action.batch)`, `action.action_reason == "rollback"`,
}

// drawn is a case: policies out of atoms, on a plan.
type drawn struct {
	seed     int64
	policies []algebra.Policy
}

func draw(seed int64) drawn {
	r := rand.New(rand.NewSource(seed))
	d := drawn{seed: seed}
	var expression func(depth int) string
	expression = func(depth int) string {
		switch n := r.Intn(6); {
		case depth == 0 || n < 3:
			return atoms[r.Intn(len(atoms))]
		case n == 3:
			return "!(" + expression(depth-1) + ")"
		case n == 4:
			return "(" + expression(depth-1) + " && " + expression(depth-1) + ")"
		}
		return "(" + expression(depth-1) + " || " + expression(depth-1) + ")"
	}
	for i := range 1 + r.Intn(4) {
		p := policy("action", expression(2))
		p.Name, p.Level = fmt.Sprintf("p%d", i), []string{"deny", "warn", "info"}[r.Intn(3)]
		if r.Intn(3) == 0 {
			p.Conditions = []algebra.NamedExpression{{Name: "c", Text: atoms[r.Intn(len(atoms))]}}
		}
		if r.Intn(3) == 0 {
			p.Variables = []algebra.NamedExpression{{Name: "v", Text: expression(1)}, {Name: "w", Text: "!variables.v"}}
			p.Text = "variables.w || " + p.Text
		}
		if r.Intn(3) == 0 {
			p.Words = []string{`action.address + " no"`, `device.labels.site`, `deployment.app + "@" + deployment.version`}[r.Intn(3)]
		}
		d.policies = append(d.policies, p)
	}
	return d
}

// proposal is a plan of some twenty actions on devices of few kinds, so that classes are large.
func (d drawn) proposal(t testing.TB) policies.Proposal {
	r := rand.New(rand.NewSource(d.seed))
	devices := pt.Devices(12)
	for i := range devices {
		switch r.Intn(4) {
		case 0:
			devices[i].Labels["tier"] = []string{"db", "web"}[r.Intn(2)]
		case 1:
			delete(devices[i].Labels, "site")
		case 2:
			devices[i].Facts = nil
		}
	}
	world := func() algebra.World {
		image := []string{"r/web:1", "r/web:latest"}[r.Intn(2)]
		docs := []string{pt.Deployment("web", fmt.Sprint(1+r.Intn(2)), image), pt.Deployment("db", "1", "r/db:1"),
			pt.Assignment("web", fmt.Sprintf("{edge[001-%03d]}", 4+r.Intn(9)), "web")}
		if r.Intn(2) == 0 {
			docs = append(docs, pt.Assignment("db", fmt.Sprintf("{edge[%03d-012]}", 6+r.Intn(6)), "db"))
		}
		return pt.World(t, docs...)
	}
	p := pt.Propose(t, devices, world(), world())
	if r.Intn(3) == 0 { // deployments of which only the digest is known
		clear(p.Reality.Specs)
		for i, c := range p.Plan.Changes {
			c.Have = algebra.Deployment{}
			p.Plan.Changes[i] = c
		}
	}
	return p
}

// engine is a gate as an engine, with other reads or none.
type engine struct {
	policies.Gate
	reads func(classes.Reads) classes.Reads
}

func (e engine) Reads() (classes.Reads, bool) {
	r, ok := e.Gate.Reads()
	if e.reads == nil {
		return r, false
	}
	return e.reads(r), ok
}

func remade(t testing.TB, list []algebra.Policy, reads func(classes.Reads) classes.Reads) policies.Gates {
	gates, problems := cel.Compile(list)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var out policies.Gates
	for i, g := range gates {
		again, err := policies.NewGate(list[i], engine{g, reads})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, again)
	}
	return out
}

// shown is all a review says.
func shown(approved policies.Approved, r policies.Report) string {
	var b strings.Builder
	fmt.Fprintln(&b, approved.Digest(), r.Evaluations)
	for _, one := range r.Results {
		fmt.Fprintf(&b, "%+v\n", one)
	}
	for i := range r.File.ResourceChanges {
		fmt.Fprint(&b, approved.Reverses(r.File.ResourceChanges[i].ID))
	}
	return b.String()
}

// runs is how many cases the law is tried on.
func runs() int {
	if os.Getenv("MUSTER_SOAK") != "" {
		return 5000
	}
	return 120
}

// likeNaive reports whether reviewing by classes says what asking of each change says, and how
// many reviews had results, and how many evaluations failed.
func likeNaive(t *testing.T, reads func(classes.Reads) classes.Reads) (ok bool, loud, failed, split int) {
	parameters := gopter.DefaultTestParametersWithSeed(20261125)
	parameters.MinSuccessfulTests, parameters.MinSize = runs(), 1
	law := prop.ForAll(func(seed int64, rollsBack bool) string {
		d := draw(seed)
		p, opt := d.proposal(t), policies.Options{AllowStop: 12, RollsBack: rollsBack}
		approved, report := policies.Review(p, remade(t, d.policies, reads), opt)
		plain, naive := policies.Review(p, remade(t, d.policies, nil), opt)
		if len(report.Results) > 0 {
			loud++
		}
		for _, g := range remade(t, d.policies, reads) {
			if r, _ := g.Reads(); r.Each != nil {
				split++
			}
		}
		for _, r := range report.Results {
			if r.Failed {
				failed++
			}
		}
		if got, want := shown(approved, report), shown(plain, naive); got != want {
			return fmt.Sprintf("by classes\n%s\nnaively\n%s", got, want)
		}
		return ""
	}, gen.Int64(), gen.Bool())
	result := law.Check(parameters)
	if !result.Passed() {
		t.Logf("%v %v", result.Labels, result.Args)
	}
	return result.Passed(), loud, failed, split
}

func TestClassesAreNaive(t *testing.T) {
	ok, loud, failed, split := likeNaive(t, func(r classes.Reads) classes.Reads { return r })
	if !ok {
		t.Error("the law does not hold")
	}
	if loud < runs()/3 || loud == runs() || failed < runs()/3 || split < runs()/10 {
		t.Errorf("%d of %d reviews found something, %d evaluations failed, %d policies asked by entries: the law was tried on one side only", loud, runs(), failed, split)
	}
}

func TestClassesLawCatchesPlantedBugs(t *testing.T) {
	bugs := map[string]func(classes.Reads) classes.Reads{
		"a path is forgotten": func(r classes.Reads) classes.Reads { r.Verdict = r.Verdict[min(1, len(r.Verdict)):]; return r },
		"labels are not read": func(r classes.Reads) classes.Reads {
			var kept []classes.Path
			for _, p := range r.Verdict {
				if p.String() != "device.labels.site" {
					kept = append(kept, p)
				}
			}
			r.Verdict = kept
			return r
		},
		"words come from nowhere": func(r classes.Reads) classes.Reads { r.Words = nil; return r },
		"every map is asked of by entries": func(r classes.Reads) classes.Reads {
			if i := slices.IndexFunc(r.Verdict, func(p classes.Path) bool { return slices.Equal(p, classes.Labels) }); i >= 0 {
				r.Verdict, r.Each = slices.DeleteFunc(slices.Clone(r.Verdict), classes.Labels.Covers), classes.Labels
			}
			return r
		},
	}
	for name, bug := range bugs {
		if ok, _, _, _ := likeNaive(t, bug); ok {
			t.Errorf("not seen: %s", name)
		}
	}
}
