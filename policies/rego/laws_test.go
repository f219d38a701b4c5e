package rego_test

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
	"github.com/musterfleet/muster/policies/classes"
	pt "github.com/musterfleet/muster/policies/policiestest"
	"github.com/musterfleet/muster/policies/rego"
)

// conditions read every part of a change, in every way people write; some fail on some changes.
var conditions = []string{
	`endswith(c.change.after.podman.containers[_].image, ":latest")`, `c.device.labels.site == "fra"`, `not c.device.labels.tier`,
	`some k# in c.change.after.podman.containers; k#.name == "web"`, `"delete" in c.change.actions`, `c.change.actions == ["create"]`,
	`c.change.before == null`, `c.change.after.version != "1"`, `c.batch >= 0`, `c.disruptive`, `x# := c.name; x# == "web"`,
	`x# := c.device; x#.labels.site != "fra"`, `x# := c.change; y# := x#.after; y#.version == "2"`, `object.get(c.device.labels, "tier", "") == "db"`,
	`to_number(trim_prefix(c.device.id, "edge")) > 4`, `to_number(c.device.labels.tier) > 1`, `is_db(c)`, `not is_db(c)`, `tier(c.device) == "db"`,
	`site_of(c) in data.exempt`, `every k# in c.change.after.podman.containers { not k#.privileged }`, `count([1 | c.device.labels[_] == "fra"]) > 0`,
	`c.device.labels[input.request.user]`, `some k#; c.device.facts[k#] == "aarch64"`, `input.summary.replace > 2`, `c.id != "c2"`,
	`x# := c.name; y# := c.device.id; x# != y#`, `x# := c.name; x# == c.action_reason`, `count(c.requires) == 0`, `same(c.name, c.change.after.app)`,
	`x# := c.device.facts`, `x# := c.change.before`, `some k#, v# in c.device.labels; v# == "fra"`, `c.device.labels == {"site": "fra"}`,
	`some v# in c.device.labels; v# == "fra"`, `c.device.labels[k#] == "ber"; not startswith(c.device.labels[k#], "f")`, `l# := c.device.labels; l#[k#] == "db"; k# == "tier"`,
	`some k# in ["site", "tier"]; not c.device.labels[k#]`, `some k#, v# in c.device.labels; to_number(v#) > 1`, `some k#, v# in c.device.facts; v# != c.device.labels.site`,
	`object.get(c, ["device", "labels", "tier"], "x") == "x"`, `object.get(c.change.after, "version", "0") == "1"`, `any_of(c.device)`, `not c.change.after.podman`,
}

// heads word objections, by what decides and by what does not.
var heads = []string{
	`c.address`, `msg if { BODY; msg := sprintf("%s: %v", [c.address, c.batch]) }`, `{"msg": "x", "change_id": c.id, "_loc": c.source} if { BODY }`,
	`msg if { BODY; msg := sprintf("%s on %s", [c.name, c.device.labels.site]) }`, `"x"`, `msg if { BODY; msg := c.change.after.podman.containers[_].image }`,
	`$"{c.address} in {c.device.labels.site}"`, `msg if { BODY; msg := concat("/", [c.device.id, c.name]) }`, `msg if { BODY; some h in c.change.after.podman.containers; msg := sprintf("%s %s", [c.id, h.image]) }`,
	`msg if { BODY; msg := c.requires[_] }`, `msg if { BODY; d := c.device; msg := d.id }`,
}

const helpers = `
is_db(x) if x.device.labels.tier == "db"
is_db(x) if { y := x.name; y == "db" }
tier(d) := t if t := d.labels.tier
else := "none"
site_of(x) := x.device.labels.site
same(a, b) if a == b
any_of(_) := true
info_reads contains "all helpers" if {
	some c in input.resource_changes
	c.id == "none"
	is_db(c)
	any_of(c)
	same(tier(c.device), site_of(c))
}
`

type drawn struct {
	seed  int64
	rules string
}

// draw makes rules; naive ones read their input as a whole, which no analysis follows.
func draw(seed int64, naive bool) drawn {
	r := rand.New(rand.NewSource(seed))
	var b strings.Builder
	for i := range 1 + r.Intn(3) {
		generator := []string{"some c in input.resource_changes", "c := input.resource_changes[_]", "some i; c := input.resource_changes[i]"}[r.Intn(3)]
		body := []string{generator}
		for range 1 + r.Intn(3) {
			one := conditions[r.Intn(len(conditions))]
			body = append(body, strings.ReplaceAll(one, "#", fmt.Sprint(len(body)))) // each has its own locals
		}
		if naive {
			body = append(body, "count(input) > 0")
		}
		head := heads[r.Intn(len(heads))]
		if !strings.Contains(head, "BODY") {
			head += " if { BODY }"
		}
		name := []string{"deny_a", "warn_b"}[r.Intn(2)]
		fmt.Fprintf(&b, "%s contains %s\n", name, strings.Replace(head, "BODY", strings.Join(body, "\n"), 1))
		if r.Intn(12) == 0 {
			fmt.Fprintf(&b, "%s contains \"whole %d\" if input.summary.create > 1\n", name, i)
		}
	}
	return drawn{seed, b.String() + helpers}
}

// proposal is a plan of some twenty actions on devices of few kinds.
func (d drawn) proposal(t testing.TB) policies.Proposal {
	r := rand.New(rand.NewSource(d.seed))
	devices := pt.Devices(12)
	for i := range devices {
		switch r.Intn(4) {
		case 0:
			devices[i].Labels["tier"] = []string{"db", "2"}[r.Intn(2)]
		case 1:
			delete(devices[i].Labels, "site")
		}
	}
	world := func() algebra.World {
		image := []string{"r/web:1", "r/web:latest"}[r.Intn(2)]
		return pt.World(t, pt.Deployment("web", fmt.Sprint(1+r.Intn(2)), image), pt.Deployment("db", "1", "r/db:1"),
			pt.Assignment("web", fmt.Sprintf("{edge[001-%03d]}", 4+r.Intn(9)), "web"), pt.Assignment("db", fmt.Sprintf("{edge[%03d-012]}", 6+r.Intn(6)), "db"))
	}
	return pt.Propose(t, devices, world(), world())
}

// runs is how many cases a law is tried on.
func runs() int {
	if os.Getenv("MUSTER_SOAK") != "" {
		return 5000
	}
	return 80
}

// tally is how the cases of a law were spread.
type tally struct{ tried, refused, loud, failed, classed, split int }

// likeNaive reports whether judging by classes finds what judging all changes finds.
func likeNaive(t *testing.T, scope string, compile func([]algebra.Policy, map[string]any) (policies.Gates, error)) (bool, tally) {
	parameters := gopter.DefaultTestParametersWithSeed(20261125)
	parameters.MinSuccessfulTests, parameters.MinSize = runs(), 1
	var n tally
	data := map[string]any{"exempt": []any{"fra", "db"}}
	law := prop.ForAll(func(seed int64) string {
		n.tried++
		d := draw(seed, false)
		p := d.proposal(t)
		report := func(d drawn) (policies.Report, error) {
			gates, err := compile([]algebra.Policy{{Name: "p", Language: "rego", Scope: scope, Level: "deny", Text: "package main\n" + d.rules}}, data)
			if err != nil {
				return policies.Report{}, err
			}
			for _, g := range gates {
				r, ok := g.Reads()
				if ok {
					n.classed++
				}
				if r.Each != nil {
					n.split++
				}
			}
			_, r := policies.Review(p, gates, policies.Options{AllowStop: 12, RollsBack: true})
			return r, nil
		}
		byClass, err := report(d)
		naive, wrong := report(draw(seed, true))
		if err != nil || wrong != nil {
			n.refused++
			return ""
		}
		var got, want strings.Builder
		for i, r := range []policies.Report{byClass, naive} {
			for _, one := range r.Results {
				if i == 0 && one.Failed {
					n.failed++
				}
				fmt.Fprintf([]*strings.Builder{&got, &want}[i], "%+v\n", one)
			}
		}
		if got.Len() > 0 {
			n.loud++
		}
		if g, w := noPlaces(got.String()), noPlaces(want.String()); g != w {
			return fmt.Sprintf("%s\nby classes\n%s\nnaively\n%s", d.rules, g, w)
		}
		return ""
	}, gen.Int64())
	result := law.Check(parameters)
	if !result.Passed() {
		t.Logf("%v %v", result.Labels, result.Args)
	}
	return result.Passed(), n
}

// noPlaces takes the line numbers out of errors: the naive rules are longer.
func noPlaces(text string) string {
	var kept []string
	for _, word := range strings.Fields(text) {
		if !strings.HasPrefix(word, "(:") {
			kept = append(kept, word)
		}
	}
	return strings.Join(kept, " ")
}

func honest(list []algebra.Policy, data map[string]any) (policies.Gates, error) {
	gates, problems := rego.CompileDocuments(list, data)
	return gates, problems.Err()
}

func honestInParts(list []algebra.Policy, data map[string]any) (policies.Gates, error) {
	gates, problems := rego.CompileReading(list, data, nil)
	return gates, problems.Err()
}

func TestClassesAreNaive(t *testing.T) {
	for _, scope := range []string{"plan", "action"} {
		ok, n := likeNaive(t, scope, honest)
		if !ok {
			t.Errorf("scope %s: the law does not hold", scope)
		}
		if n.refused > n.tried/5 || n.loud < n.tried/5 || n.failed == 0 || scope == "action" && (n.classed < n.tried/2 || n.split < n.tried/10) {
			t.Errorf("scope %s: the law was tried on one side only: %+v", scope, n)
		}
	}
}

// TestPartsAreNaive: asking of a few changes at a time finds what asking of all does.
func TestPartsAreNaive(t *testing.T) {
	if ok, n := likeNaive(t, "plan", honestInParts); !ok {
		t.Errorf("the law does not hold: %+v", n)
	}
}

func TestClassesLawCatchesPlantedBugs(t *testing.T) {
	bugs := map[string]func(classes.Reads) classes.Reads{
		"a path is forgotten":     func(r classes.Reads) classes.Reads { r.Verdict = r.Verdict[min(1, len(r.Verdict)):]; return r },
		"words come from nowhere": func(r classes.Reads) classes.Reads { r.Words = nil; return r },
		"every map is asked of by entries": func(r classes.Reads) classes.Reads {
			if slices.ContainsFunc(r.Verdict, func(p classes.Path) bool { return slices.Equal(p, classes.Labels) }) {
				r.Verdict, r.Each = slices.DeleteFunc(slices.Clone(r.Verdict), classes.Labels.Covers), classes.Labels
			}
			return r
		},
		"labels are all alike": func(r classes.Reads) classes.Reads {
			var kept []classes.Path
			for _, p := range r.Verdict {
				if p[0] != "device" {
					kept = append(kept, p)
				}
			}
			r.Verdict = kept
			return r
		},
	}
	for name, bug := range bugs {
		planted := func(list []algebra.Policy, data map[string]any) (policies.Gates, error) {
			gates, problems := rego.CompileReading(list, data, bug)
			return gates, problems.Err()
		}
		scope := "plan"
		if strings.HasPrefix(name, "words") { // there, all changes of a class word their own
			scope = "action"
		}
		if ok, n := likeNaive(t, scope, planted); ok {
			t.Errorf("not seen: %s %+v", name, n)
		}
	}
}
