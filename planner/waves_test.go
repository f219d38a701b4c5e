package planner_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/plannertest"
	"github.com/musterfleet/muster/selectors"
)

const document = plannertest.Document

// seeds do not shrink: another seed is another World, not a smaller one.
func seeds() gopter.Gen { return gen.Int64().WithShrinker(gopter.NoShrinker) }

// wavesLaw: the waves of a course are disjoint and cover the devices of its changes, each change
// in the batch of its device's wave; who is offline is in the tail and nobody else; a share's
// wave brings the covered part to that share and no further; and web, which requires db, goes
// out with it.
func wavesLaw(t *testing.T, make planning, some *int) gopter.Prop {
	return prop.ForAll(func(seed int64) string {
		world, reality := plannertest.Rolling(t, seed)
		p := make(world, reality)
		if len(p.Changes) > 3 && len(p.Courses) > 1 {
			*some++
		}
		wave := map[int]planner.Wave{}
		seen := map[int]map[algebra.DeviceID]bool{}
		for _, c := range p.Courses {
			in, covered, online := map[algebra.DeviceID]bool{}, 0, 0
			for _, w := range c.Waves {
				if w.Kind != planner.OfTail {
					online += len(w.Devices)
				}
			}
			for _, w := range c.Waves {
				wave[w.Batch], seen[w.Batch] = w, map[algebra.DeviceID]bool{}
				for _, id := range w.Devices {
					if in[id] {
						return "twice in its course: " + id.String()
					}
					in[id] = true
					if reality.Records[id].Online(reality.ObservedAt) == (w.Kind == planner.OfTail) {
						return "online in the tail, or offline elsewhere: " + id.String()
					}
				}
				before := covered
				covered += len(w.Devices)
				if w.Kind == planner.OfShare {
					share, _ := selectors.ParsePercent(w.Name)
					if covered != max(before, share.Of(online)) {
						return fmt.Sprintf("%s of %d covers %d after %d", w.Name, online, covered, before)
					}
				}
			}
		}
		batches := map[planner.Target]int{}
		for _, c := range p.Changes {
			at := c.Action.Target()
			if !slices.Contains(wave[c.Batch].Devices, at.Device) {
				return "not in its wave: " + at.String()
			}
			seen[c.Batch][at.Device], batches[at] = true, c.Batch
		}
		for batch, w := range wave {
			if len(seen[batch]) != len(w.Devices) {
				return fmt.Sprintf("wave %s has devices without a change", w.Name)
			}
		}
		for at, batch := range batches {
			db, too := batches[planner.Target{Device: at.Device, App: algebra.MustApp("db")}]
			if at.App.String() == "web" && too && db != batch {
				return "web and db apart on " + at.Device.String()
			}
		}
		return ""
	}, seeds())
}

func TestWavesAreDisjointAndCover(t *testing.T) {
	some := 0
	algebratest.Law(t, cases/2)(wavesLaw(t, planner.Make, &some))
	if some < cases/4 {
		t.Errorf("several courses in %d of %d cases only", some, cases/2)
	}
}

func TestWaveLawSeesWrongWaves(t *testing.T) {
	n, check := 0, algebratest.Planted(t, planted)
	bent := func(bend func(c *planner.Course)) planning {
		return func(w algebra.World, r algebra.Reality) planner.Plan {
			p := planner.Make(w, r)
			for i := range p.Courses {
				bend(&p.Courses[i])
			}
			return p
		}
	}
	check("a device in two waves", wavesLaw(t, bent(func(c *planner.Course) {
		if last := len(c.Waves) - 1; last > 0 && len(c.Waves[0].Devices) > 0 {
			c.Waves[last].Devices = append(slices.Clone(c.Waves[last].Devices), c.Waves[0].Devices[0])
		}
	}), &n))
	check("a device in no wave", wavesLaw(t, bent(func(c *planner.Course) {
		if len(c.Waves) > 0 && len(c.Waves[0].Devices) > 0 {
			c.Waves[0].Devices = c.Waves[0].Devices[1:]
		}
	}), &n))
	check("the tail goes first", wavesLaw(t, bent(func(c *planner.Course) {
		if last := len(c.Waves) - 1; last > 0 {
			c.Waves[0].Devices, c.Waves[last].Devices = c.Waves[last].Devices, c.Waves[0].Devices
			c.Waves[0].Batch, c.Waves[last].Batch = c.Waves[last].Batch, c.Waves[0].Batch
		}
	}), &n))
	check("a requirement goes out apart", wavesLaw(t, func(w algebra.World, r algebra.Reality) planner.Plan {
		for i, d := range w.Deployments {
			spec := d.Spec()
			spec.Requires = nil
			w.Deployments[i].Deployment, _ = algebra.NewDeployment(spec)
		}
		return planner.Make(w, r)
	}, &n))
}

// TestSharesAreOfTheTargetAndStable: the same canaries are drawn again, and another app draws
// others.
func TestSharesAreOfTheTargetAndStable(t *testing.T) {
	draw := func(app string) []algebra.DeviceID {
		w := loadWorld(t, "w.yaml", fmt.Sprintf(document+"kind: Deployment\nmetadata: {name: d}\nspec: {app: %s, version: 1, podman: {containers: [{name: c, image: x}]}}\n"+
			document+"kind: Assignment\nmetadata: {name: a}\nspec: {fleet: all, deploy: [%s@1]}\n"+
			document+"kind: Rollout\nmetadata: {name: r}\nspec: {for: %s, waves: [{percent: 5}]}\n", app, app, app))
		var devices []algebra.Device
		for i := range 200 {
			devices = append(devices, algebra.Device{ID: algebra.MustDeviceID(fmt.Sprintf("d%03d", i))})
		}
		return planner.Make(w, algebra.NewReality(algebratest.MustRoster(devices), algebratest.Now)).Courses[0].Waves[0].Devices
	}
	web := draw("web")
	if len(web) != 10 || !slices.Equal(web, draw("web")) || slices.Equal(web, draw("log")) {
		t.Errorf("%v, again %v, of log %v", web, draw("web"), draw("log"))
	}
}
