package planner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner"
)

const settledWorld = document + `kind: Deployment
metadata: {name: web}
spec: {app: web, version: 1, podman: {containers: [{name: web, image: x:1}]}}
` + document + `kind: Deployment
metadata: {name: log}
spec: {app: log, version: 1, podman: {containers: [{name: log, image: y:1}]}}
` + document + `kind: Fleet
metadata: {name: edge}
spec: {expression: 'label("site") = "a"'}
` + document + `kind: Assignment
metadata: {name: base}
spec: {abstract: true, expression: '@edge -> {web, log}'}
` + document + `kind: Assignment
metadata: {name: all}
spec: {expression: '@base - (@edge[label("hold") = "yes"] -> {log})'}
` + document + `kind: Rollout
metadata: {name: web}
spec: {for: web, waves: [{fleet: '{gw-1}'}, {rest: true}]}
`

// TestWhatARolloutSettles: what the World says of who gets an app by the rollout, and nothing else.
func TestWhatARolloutSettles(t *testing.T) {
	rules := func(text string) algebra.Digest {
		w := loadWorld(t, "w.yaml", text)
		r := algebra.NewReality(algebratest.MustRoster([]algebra.Device{{ID: algebra.MustDeviceID("gw-1"), Labels: map[string]string{"site": "a"}}}), algebratest.Now)
		for _, c := range planner.Make(w, r).Courses {
			for _, s := range c.Settles {
				if s.Rollout == "web" && s.App == algebra.MustApp("web") {
					return s.Rules
				}
			}
		}
		t.Fatal("web does not go out")
		return algebra.Digest{}
	}
	first := rules(settledWorld)
	for _, c := range []struct {
		name     string
		old, new string
		same     bool
	}{
		{"another version of another app", "app: log, version: 1", "app: log, version: 2", true},
		{"another app is taken from another assignment's devices", `"hold"`, `"stay"`, true},
		{"another name of a fleet", "edge", "edges", true},
		{"another name of an assignment", "base", "basis", true},
		{"a device", "metadata: {name: web}\nspec: {for", "metadata: {name: web}\nspec: {for", true},
		{"another workload", "image: x:1", "image: x:2", false},
		{"another fleet under the same name", `label("site") = "a"`, `has(label("site"))`, false},
		{"another priority", "{web, log}", "{web, log} at 3", false},
		{"another assignment that gives it", "{log})'}\n", "{log})'}\n" + document + "kind: Assignment\nmetadata: {name: more}\nspec: {fleet: '{gw-9}', deploy: [web]}\n", false},
		{"other waves", "'{gw-1}'", "'{gw-2}'", true},
		{"a rollout of some devices", "for: web,", "for: 'label(\"site\") = \"a\"',", false},
	} {
		text := strings.ReplaceAll(settledWorld, c.old, c.new)
		if c.name == "a device" {
			text += document + "kind: Device\nmetadata: {name: gw-7}\nspec: {labels: {site: a}}\n"
		}
		if same := rules(text) == first; same != c.same {
			t.Errorf("%s: the same: %t", c.name, same)
		}
	}
}

// TestAPartSettlesNothing: a run of a part of a plan shows nothing of who was left out.
func TestAPartSettlesNothing(t *testing.T) {
	w := loadWorld(t, "w.yaml", webTwo+onAll)
	p := planner.Make(w, two(w))
	if len(p.Courses) != 1 || len(p.Courses[0].Settles) != 1 {
		t.Fatalf("%+v", p.Courses)
	}
	part, _ := p.Roster.Fleet(slices.Values([]algebra.DeviceID{algebra.MustDeviceID("gw-1")}))
	if of := p.Only(part); len(of.Courses) != 1 || len(of.Courses[0].Settles) != 0 {
		t.Errorf("%+v", of.Courses)
	}
}

// TestWhoJoinsFollowsInTheTail, and is told so.
func TestWhoJoinsFollowsInTheTail(t *testing.T) {
	w := loadWorld(t, "w.yaml", webTwo+onAll+document+"kind: Rollout\nmetadata: {name: web}\nspec: {for: web, waves: [{fleet: '{gw-1}'}, {rest: true}], gate: {minimum: 2}}\n")
	r := two(w)
	d, _ := w.Deployment(algebra.DeploymentRef{App: algebra.MustApp("web"), Version: algebra.MustVersion("2")})
	gw1, web := algebra.MustDeviceID("gw-1"), algebra.Release{Version: d.Version(), Deployment: d.Digest(), Values: algebra.Values{}.Digest()}
	published := r.Published.Placing()
	published.Put(0, d.App(), web)
	r.Published = published.Placement()
	r.Slots[algebra.Slot{Device: gw1, App: d.App()}] = algebra.SlotState{Release: web, Phase: algebra.Running}
	p := planner.Make(w, r)
	checkText(t, p, "1 device in waves {gw-1}: nobody, so the run stops there until it is approved, rest: 1")
	r.Settled = p.Courses[0].Settles
	checkText(t, planner.Make(w, r), "web (w.yaml:17)  the rollout is through; who came or changed since, or is offline, follows in its tail: 1",
		"each wave: 95% healthy of at least 2", "Wave 1 of 1 of web: tail", "~ gw-2/web  1 → 2")
}
