// Package plannertest makes Worlds with rollouts, and fleets to roll them out on, for tests.
package plannertest

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/algebra/worldfile"
)

// Document begins each document of a World.
const Document = "---\napiVersion: muster.fleet/v1alpha1\n"

// Rolling is a random World of three apps, with random rollouts, on a fleet of which a part is
// offline. web requires db; log stands alone.
func Rolling(t testing.TB, seed int64) (algebra.World, algebra.Reality) {
	r := rand.New(rand.NewSource(seed))
	var b strings.Builder
	for _, app := range []string{"db", "log", "web"} {
		requires := ""
		if app == "web" {
			requires = "requires: [db], "
		}
		for v := 1; v <= 2; v++ {
			fmt.Fprintf(&b, Document+"kind: Deployment\nmetadata: {name: %s-%d}\nspec: {app: %s, version: %d, %spodman: {containers: [{name: %s, image: x}]}}\n", app, v, app, v, requires, app)
		}
		fmt.Fprintf(&b, Document+"kind: Assignment\nmetadata: {name: %s}\nspec: {fleet: all, deploy: [%s@2]}\n", app, app)
		if r.Intn(3) > 0 {
			fmt.Fprintf(&b, Document+"kind: Rollout\nmetadata: {name: r-%s}\nspec: {for: %s, waves: [%s], budget: {maxUnavailable: %d%%, by: label(\"site\")}, gate: {soak: %ds}, onFailure: %s}\n",
				app, app, someWaves(r), 1+r.Intn(60), 60*r.Intn(3), pickOne(r, "pause", "rollback"))
		}
	}
	if r.Intn(2) == 0 {
		fmt.Fprintf(&b, Document+"kind: Rollout\nmetadata: {name: site-a}\nspec: {for: 'label(\"site\") = \"a\"', waves: [%s]}\n", someWaves(r))
	}
	world, problems := worldfile.Load(fstest.MapFS{"world.yaml": {Data: []byte(b.String())}})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	var devices []algebra.Device
	for i := range 1 + r.Intn(60) {
		devices = append(devices, algebra.Device{ID: algebra.MustDeviceID(fmt.Sprintf("d%02d", i)), Labels: map[string]string{"site": pickOne(r, "a", "b", "c"), "n": fmt.Sprint(i)}})
	}
	reality := algebra.NewReality(algebratest.MustRoster(devices), algebratest.Now)
	published := algebra.NewPlacing(reality.Roster)
	for i, d := range devices {
		heard := algebratest.Now
		if r.Intn(5) == 0 {
			heard = heard.Add(-time.Hour)
		}
		reality.Records[d.ID] = algebra.Record{Lifecycle: algebra.Enrolled, Heard: heard}
		for _, old := range world.Deployments {
			if old.Version().String() != "1" || r.Intn(4) == 0 {
				continue
			}
			reality.Specs[old.Digest()] = old.Deployment
			rel := algebra.Release{Version: old.Version(), Deployment: old.Digest(), Values: algebra.Values{}.Digest()}
			published.Put(uint32(i), old.App(), rel)
			reality.Slots[algebra.Slot{Device: d.ID, App: old.App()}] = algebra.SlotState{Release: rel, Phase: algebra.Running}
		}
	}
	reality.Published = published.Placement()
	return world, reality
}

func someWaves(r *rand.Rand) string {
	var waves []string
	share := 0
	for range r.Intn(4) {
		if share < 90 && r.Intn(2) == 0 {
			share += 1 + r.Intn(10)
			waves = append(waves, fmt.Sprintf("{percent: %d}", share))
		} else {
			waves = append(waves, fmt.Sprintf(`{fleet: 'num(label("n")) < %d'}`, r.Intn(8)))
		}
	}
	return strings.Join(append(waves, "{rest: true}"), ", ")
}

func pickOne(r *rand.Rand, of ...string) string { return of[r.Intn(len(of))] }
