package planner_test

import (
	"strings"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner"
)

const webTwo = document + `kind: Deployment
metadata: {name: web-2}
spec: {app: web, version: 2, podman: {containers: [{name: web, image: x:2}]}}
` + document + `kind: Deployment
metadata: {name: web-1}
spec: {app: web, version: 1, podman: {containers: [{name: web, image: x:1}]}}
`

const onAll = document + "kind: Assignment\nmetadata: {name: web}\nspec: {fleet: all, deploy: [web@2]}\n"

// two is a fleet of gw-1 on site a and gw-2 on site b, where web 1 is published.
func two(w algebra.World) algebra.Reality {
	r := algebra.NewReality(algebratest.MustRoster([]algebra.Device{
		{ID: algebra.MustDeviceID("gw-1"), Labels: map[string]string{"site": "a"}},
		{ID: algebra.MustDeviceID("gw-2"), Labels: map[string]string{"site": "b"}}}), algebratest.Now)
	b := algebra.NewPlacing(r.Roster)
	for _, d := range w.Deployments {
		if d.Version().String() == "1" {
			b.PutAll(r.Roster.All(), d.App(), algebra.Release{Version: d.Version(), Deployment: d.Digest(), Values: algebra.Values{}.Digest()})
			r.Specs[d.Digest()] = d.Deployment
		}
	}
	r.Published = b.Placement()
	return r
}

func checkText(t *testing.T, p planner.Plan, want ...string) {
	t.Helper()
	text := planner.Text(p, planner.Style{Width: 200})
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in\n%s", w, text)
		}
	}
}

// TestOverlappingRolloutsBlock: two fleets' rollouts on one slot are at odds; both are named.
func TestOverlappingRolloutsBlock(t *testing.T) {
	w := loadWorld(t, "w.yaml", webTwo+onAll+
		document+"kind: Rollout\nmetadata: {name: a}\nspec: {for: all}\n"+
		document+"kind: Rollout\nmetadata: {name: b}\nspec: {for: 'label(\"site\") = \"b\"'}\n")
	p := planner.Make(w, two(w))
	checkText(t, p, "~ gw-1/web  1 → 2", "! gw-2/web  claimed by two rollouts  the rollouts a and b both claim it (w.yaml:17, w.yaml:22)")
	w = loadWorld(t, "w.yaml", webTwo+onAll+
		document+"kind: Rollout\nmetadata: {name: a}\nspec: {for: all}\n"+
		document+"kind: Rollout\nmetadata: {name: b}\nspec: {for: 'label(\"site\") = \"b\"'}\n"+
		document+"kind: Rollout\nmetadata: {name: c}\nspec: {for: web}\n") // an app's own rollout settles it
	if p := planner.Make(w, two(w)); len(p.Blocked) != 0 || len(p.Courses) != 1 || p.Courses[0].Name != "c" {
		t.Errorf("%s", planner.Text(p, planner.Style{}))
	}
}

// TestQuarantineHoldsWhatFailed: a quarantined release is not tried again on its devices, and
// another release is.
func TestQuarantineHoldsWhatFailed(t *testing.T) {
	w := loadWorld(t, "w.yaml", webTwo+onAll)
	r := two(w)
	d, _ := w.Deployment(algebra.DeploymentRef{App: algebra.MustApp("web"), Version: algebra.MustVersion("2")})
	r.Quarantine = []algebra.Quarantine{{App: d.App(), Version: d.Version(), Deployment: d.Digest(), Devices: []algebra.DeviceID{algebra.MustDeviceID("gw-2"), algebra.MustDeviceID("gw-9")},
		Run: "r-12", Reason: "1 of 2 healthy"}}
	p := planner.Make(w, r)
	checkText(t, p, "~ gw-1/web  1 → 2", "! gw-2/web  quarantined  web@2 failed in run r-12: 1 of 2 healthy; `muster rollout retry r-12`")
	r.Quarantine[0].Deployment = algebra.DigestOf([]byte("another"))
	if p := planner.Make(w, r); len(p.Blocked) != 0 || len(p.Changes) != 2 {
		t.Errorf("%s", planner.Text(p, planner.Style{}))
	}
}

// TestEmptiedFleetIsTold: an assignment that comes to nothing while its app stops is in the
// plan, however few its devices are; one that never had any is not.
func TestEmptiedFleetIsTold(t *testing.T) {
	w := loadWorld(t, "w.yaml", webTwo+document+"kind: Assignment\nmetadata: {name: one}\nspec: {fleet: '{gw-1}', deploy: [web@1]}\n"+
		document+"kind: Assignment\nmetadata: {name: other}\nspec: {fleet: 'label(\"site\") = \"z\"', deploy: [web@2]}\n")
	p := planner.Make(w, two(w))
	if len(p.Emptied) != 1 || p.Emptied[0].By.Assignment != "other" || p.Emptied[0].Stops != 1 {
		t.Errorf("%+v", p.Emptied)
	}
	w = loadWorld(t, "w.yaml", webTwo+document+"kind: Assignment\nmetadata: {name: one}\nspec: {fleet: all, deploy: [web@1]}\n"+
		document+"kind: Assignment\nmetadata: {name: other}\nspec: {fleet: 'label(\"site\") = \"z\"', deploy: [web@2]}\n")
	if p := planner.Make(w, two(w)); len(p.Emptied) != 0 {
		t.Errorf("%+v", p.Emptied)
	}
}
