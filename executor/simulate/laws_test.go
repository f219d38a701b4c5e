package simulate_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/simulate"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/plannertest"
)

// player plays a plan, rightly or with a bug.
type player func(planner.Plan, rollout.Scene, simulate.Model, func(rollout.Moment)) simulate.Story

func rightly(p planner.Plan, scene rollout.Scene, m simulate.Model, watch func(rollout.Moment)) simulate.Story {
	return simulate.Play(rollout.NewScript(p, func(string) bool { return true }), scene, m, watch)
}

// planned is a random plan and the scene it was made in.
func planned(t *testing.T, seed int64) (planner.Plan, rollout.Scene) {
	world, reality := plannertest.Rolling(t, seed)
	p := planner.Make(world, reality)
	return p, rollout.SceneOf(p, reality)
}

// replacing is a random plan that only replaces: every device runs version 1 of each app.
func replacing(t *testing.T, seed int64) (planner.Plan, rollout.Scene) {
	world, reality := plannertest.Rolling(t, seed)
	published := algebra.NewPlacing(reality.Roster)
	for _, old := range world.Deployments {
		if old.Version().String() != "1" {
			continue
		}
		reality.Specs[old.Digest()] = old.Deployment
		rel := algebra.Release{Version: old.Version(), Deployment: old.Digest(), Values: algebra.Values{}.Digest()}
		for i := range uint32(reality.Roster.Len()) {
			published.Put(i, old.App(), rel)
			reality.Slots[algebra.Slot{Device: reality.Roster.ID(i), App: old.App()}] = algebra.SlotState{Release: rel, Phase: algebra.Running}
		}
	}
	reality.Published = published.Placement()
	p := planner.Make(world, reality)
	return p, rollout.SceneOf(p, reality)
}

// seeds do not shrink: another seed is another story, not a smaller one.
func seeds() gopter.Gen { return gen.Int64().WithShrinker(gopter.NoShrinker) }

// down counts, at each site, who counts and who is down, without cleverness.
func down(scene rollout.Scene, targets map[algebra.DeviceID]bool) (size, down map[string]int) {
	size, down = map[string]int{}, map[string]int{}
	for id, d := range scene.Devices {
		up, has := true, false
		for _, a := range d.Apps {
			if !a.Published.IsZero() {
				has = true
				up = up && a.Running == a.Published && a.Phase == algebra.Running
			}
		}
		awaited := targets[id] && d.Ours && !up
		if (d.Online || awaited) && (has || targets[id]) {
			size[d.Device.Labels["site"]]++
			if !up {
				down[d.Device.Labels["site"]]++
			}
		}
	}
	return size, down
}

// budgetLaw: where every lane of a plan that only replaces has a budget, no site ever has more down than
// the widest of them, and the most that the story tells of a group is the most that was.
func budgetLaw(t *testing.T, play player, met *int) gopter.Prop {
	return prop.ForAll(func(seed int64) string {
		p, scene := replacing(t, seed)
		targets, share := map[algebra.DeviceID]bool{}, 0
		for _, c := range p.Changes {
			targets[c.Action.Target().Device] = true
		}
		for _, c := range p.Courses {
			if c.Budget.IsZero() {
				return ""
			}
			share = max(share, int(c.Budget.Max.Share))
		}
		*met++
		most, wrong := map[string]int{}, ""
		story := play(p, scene, simulate.Model{Seed: seed, Fails: 0.02, Approve: true}, func(m rollout.Moment) {
			size, now := down(m.Scene, targets)
			for site, n := range now {
				most[site] = max(most[site], n)
				if limit := max(1, size[site]*share/10_000); n > limit && wrong == "" {
					wrong = fmt.Sprintf("%d of %d are down at site %s, limit %d", n, size[site], site, limit)
				}
			}
		})
		for _, g := range story.Groups {
			if !slices.Contains(slices.Collect(maps.Values(most)), g.Most) && g.Most > 0 && wrong == "" {
				wrong = fmt.Sprintf("the story tells of %d down in %s, and the sites had at most %v", g.Most, g.Name, most)
			}
		}
		return wrong
	}, seeds())
}

// sameLaw: equal arguments are the same story.
func sameLaw(t *testing.T, play player) gopter.Prop {
	return prop.ForAll(func(seed int64) bool {
		p, scene := planned(t, seed)
		m := simulate.Model{Seed: seed, Fails: 0.05, Silent: 0.02, Approve: true}
		again := scene
		again.Devices = maps.Clone(scene.Devices)
		return reflect.DeepEqual(play(p, scene, m, nil), play(p, again, m, nil))
	}, seeds())
}

// canaryLaw: versions that no device can run stop in the first wave that shows anything; nobody of a
// later one is published to, and the run does not succeed.
func canaryLaw(t *testing.T, play player, met *int) gopter.Prop {
	return prop.ForAll(func(seed int64) string {
		p, scene := planned(t, seed)
		m := simulate.Model{Seed: seed, Bad: map[algebra.DeploymentRef]bool{}}
		for _, c := range p.Changes {
			if !c.Want.IsZero() {
				m.Bad[c.Want.Ref()] = true
			}
		}
		first := map[int]int{}
		wrong := ""
		story := play(p, scene, m, func(m rollout.Moment) {
			for _, e := range m.Effects {
				publish, is := e.(rollout.Publish)
				if !is || len(publish.Devices) == 0 {
					continue
				}
				wave := m.Run.Lanes[publish.Lane].Wave
				if _, went := first[publish.Lane]; !went {
					first[publish.Lane] = wave
					*met += min(1, max(0, len(p.Courses[publish.Lane].Waves)-2))
				}
				if wave != first[publish.Lane] && wrong == "" {
					wrong = fmt.Sprintf("wave %d is published after wave %d, in which all failed", wave, first[publish.Lane])
				}
			}
		})
		if wrong == "" && len(first) > 0 && story.Run.Status == wire.RunSucceeded {
			return "the run succeeded"
		}
		return wrong
	}, seeds())
}

// moreLaw: what succeeds with more failures succeeds with fewer.
func moreLaw(t *testing.T, play player, met *int) gopter.Prop {
	return prop.ForAll(func(seed int64) string {
		p, scene := planned(t, seed)
		ends := func(fails float64) bool {
			return play(p, scene, simulate.Model{Seed: seed, Fails: fails}, nil).Run.Status == wire.RunSucceeded
		}
		few, some, many := ends(0), ends(0.03), ends(0.1)
		if few != many {
			*met++
		}
		if some && !few || many && !some {
			return fmt.Sprintf("with few, some and many failures it succeeds: %t, %t, %t", few, some, many)
		}
		return ""
	}, seeds())
}

func TestStoriesKeepTheirBudgets(t *testing.T) {
	met := 0
	algebratest.Law(t, 200)(budgetLaw(t, rightly, &met))
	if met < 20 {
		t.Errorf("only %d stories were of replacements under budgets", met)
	}
}

func TestTheSameSeedIsTheSameStory(t *testing.T) { algebratest.Law(t, 50)(sameLaw(t, rightly)) }

func TestABadVersionStopsAtItsFirstWave(t *testing.T) {
	met := 0
	algebratest.Law(t, 60)(canaryLaw(t, rightly, &met))
	if met < 30 {
		t.Errorf("only %d lanes had more than a wave", met)
	}
}

func TestMoreFailuresHelpNoRun(t *testing.T) {
	met := 0
	algebratest.Law(t, 60)(moreLaw(t, rightly, &met))
	if met < 20 {
		t.Errorf("failures made a difference to %d stories only", met)
	}
}

func TestSimulationLawsSeePlantedBugs(t *testing.T) {
	n, check := 0, algebratest.Planted(t, 100)
	check("budgets are forgotten", budgetLaw(t, func(p planner.Plan, s rollout.Scene, m simulate.Model, w func(rollout.Moment)) simulate.Story {
		p.Courses = slices.Clone(p.Courses)
		for i := range p.Courses {
			p.Courses[i].Budget = algebra.Budget{}
		}
		return rightly(p, s, m, w)
	}, &n))
	times := int64(0)
	check("the dice remember", sameLaw(t, func(p planner.Plan, s rollout.Scene, m simulate.Model, w func(rollout.Moment)) simulate.Story {
		times++
		m.Seed += times
		return rightly(p, s, m, w)
	}))
	check("bad versions are forgotten", canaryLaw(t, func(p planner.Plan, s rollout.Scene, m simulate.Model, w func(rollout.Moment)) simulate.Story {
		m.Bad = nil
		return rightly(p, s, m, w)
	}, &n))
	check("gates pass whatever they show", canaryLaw(t, func(p planner.Plan, s rollout.Scene, m simulate.Model, w func(rollout.Moment)) simulate.Story {
		p.Courses = slices.Clone(p.Courses)
		for i := range p.Courses {
			p.Courses[i].Gate.Healthy = 0
		}
		return rightly(p, s, m, w)
	}, &n))
	check("fewer fail where more should", moreLaw(t, func(p planner.Plan, s rollout.Scene, m simulate.Model, w func(rollout.Moment)) simulate.Story {
		m.Fails = 0.1 - m.Fails
		return rightly(p, s, m, w)
	}, &n))
}
