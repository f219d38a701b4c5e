// Package policiestest makes proposals for tests of policies, from Worlds as people write them.
//
//	p := policiestest.Propose(t, devices, before, after)   the plan from one World to another
//
// Everything in before runs and every device is online, at At.
package policiestest

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/selectors"
)

// At is when all proposals are observed and judged.
var At = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// World loads documents, each given without its apiVersion; they stand in world.yaml.
func World(t testing.TB, documents ...string) algebra.World {
	t.Helper()
	var b strings.Builder
	for _, d := range documents {
		fmt.Fprintf(&b, "---\napiVersion: muster.fleet/v1alpha1\n%s\n", strings.TrimSpace(d))
	}
	w, problems := worldfile.Load(fstest.MapFS{"world.yaml": {Data: []byte(b.String())}})
	if err := problems.Err(); err != nil {
		t.Fatalf("%v", err)
	}
	return w
}

// Deployment is a document: one container of an image.
func Deployment(app, version, image string) string {
	return fmt.Sprintf("kind: Deployment\nmetadata: {name: %s-%s}\nspec: {app: %s, version: %q, podman: {containers: [{name: %s, image: %q}]}}",
		app, strings.ReplaceAll(version, ".", "-"), app, version, app, image)
}

// Assignment is a document: a deployment on a fleet.
func Assignment(name, fleet, deployment string) string {
	return fmt.Sprintf("kind: Assignment\nmetadata: {name: %s}\nspec: {fleet: '%s', deploy: [%s]}", name, fleet, deployment)
}

// Devices are n devices edge001, edge002, …; every third has the label site: fra, the others ber.
func Devices(n int) []algebra.Device {
	devices := make([]algebra.Device, n)
	for i := range devices {
		site := "ber"
		if i%3 == 0 {
			site = "fra"
		}
		devices[i] = algebra.Device{ID: algebra.MustDeviceID(fmt.Sprintf("edge%03d", i+1)),
			Labels: map[string]string{"site": site}, Facts: map[string]string{"arch": "aarch64"}}
	}
	return devices
}

// atOnce is a rollout of all changes in one wave.
func atOnce() algebra.Rollout {
	everything, err := selectors.Bind(selectors.Universe{}, selectors.Scope{})
	if err != nil {
		panic("policiestest: " + err.Error()) // a literal
	}
	r := algebra.DefaultRollout()
	r.Name, r.Fleet, r.Waves = "at-once", everything, []algebra.Wave{algebra.RestWave{}}
	return r
}

// Propose plans from a fleet on which one World runs to another World. Where that declares no
// rollout, all goes out in one wave.
func Propose(t testing.TB, devices []algebra.Device, before, after algebra.World) policies.Proposal {
	t.Helper()
	if len(after.Rollouts) == 0 {
		after.Rollouts = []algebra.Rollout{atOnce()}
	}
	roster, err := algebra.NewRoster(devices)
	if err != nil {
		t.Fatal(err)
	}
	r := algebra.NewReality(roster, At)
	for _, d := range devices {
		r.Records[d.ID] = algebra.Record{Registry: 1, Desired: 1, Lifecycle: algebra.Enrolled, Heard: At}
	}
	placing := algebra.NewPlacing(roster)
	for _, c := range planner.Make(before, r).Changes {
		start, ok := c.Action.(planner.Start)
		if !ok {
			t.Fatalf("%T on an empty fleet", c.Action)
		}
		i, _ := roster.Ordinal(start.At.Device)
		placing.Put(i, start.At.App, start.Want)
		r.Slots[algebra.Slot{Device: start.At.Device, App: start.At.App}] = algebra.SlotState{Release: start.Want, Phase: algebra.Running}
	}
	r.Published = placing.Placement()
	for _, d := range before.Deployments {
		r.Specs[d.Digest()] = d.Deployment
	}
	return policies.Proposal{Plan: planner.Make(after, r), Reality: r, Request: planfile.Request{User: "ana", Operation: "apply"}, Now: At}
}

// Bound is a selector without names.
func Bound(t testing.TB, selector string) *selectors.Bound {
	t.Helper()
	x, err := selectors.Parse(selector)
	if err != nil {
		t.Fatal(err)
	}
	b, err := selectors.Bind(x, selectors.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}
