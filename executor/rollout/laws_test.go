package rollout_test

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
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

const (
	plays   = 50
	planted = 25
)

// seeds do not shrink: another seed is another story, not a smaller one.
func seeds() gopter.Gen { return gen.Int64().WithShrinker(gopter.NoShrinker) }

// played plays a random plan on a model in which some things fail, and shows each moment.
func played(t *testing.T, seed int64, watch func(planner.Plan, rollout.Script, rollout.Moment) string) (wrong string, story simulate.Story) {
	world, reality := plannertest.Rolling(t, seed)
	breakSome(reality, seed)
	plan := planner.Make(world, reality)
	script := rollout.NewScript(plan, func(string) bool { return true })
	model := simulate.Model{Seed: seed, Fails: float64(uint64(seed)%4) * 0.02, Silent: float64(uint64(seed)%3) * 0.01, Approve: true}
	story = simulate.Play(script, rollout.SceneOf(plan, reality), model, func(m rollout.Moment) {
		if wrong == "" {
			wrong = watch(plan, script, m)
		}
	})
	return wrong, story
}

// breakSome has some devices be down before the run begins, in one play of two.
func breakSome(reality algebra.Reality, seed int64) {
	if seed%2 == 0 {
		return
	}
	dice := rand.New(rand.NewSource(seed))
	for id := range reality.Roster.All().IDs() {
		if dice.Intn(6) > 0 {
			continue
		}
		for _, app := range reality.Published.Apps() {
			at := algebra.Slot{Device: id, App: app}
			if s, ok := reality.Slots[at]; ok {
				s.Phase = algebra.Failed
				reality.Slots[at] = s
			}
		}
	}
}

// down is who is down, and how many there are, by budget and site, counted anew and without
// cleverness: a device counts while it is online, or awaited, and has something or is to have.
func down(p planner.Plan, s rollout.Scene) (size, down map[string]int, up map[algebra.DeviceID]bool) {
	size, down, up = map[string]int{}, map[string]int{}, map[algebra.DeviceID]bool{}
	target := map[algebra.DeviceID]bool{}
	for _, c := range p.Changes {
		target[c.Action.Target().Device] = true
	}
	for id, d := range s.Devices {
		runs, has := true, false
		for _, a := range d.Apps {
			if a.Published != (algebra.Release{}) {
				has = true
				runs = runs && a.Running == a.Published && a.Phase == algebra.Running
			}
		}
		awaited := target[id] && d.Ours && !runs
		up[id] = runs && d.Online
		if (d.Online || awaited) && (has || target[id]) {
			size[d.Device.Labels["site"]]++
			if !runs {
				down[d.Device.Labels["site"]]++
			}
		}
	}
	return size, down, up
}

// budgetLaw: no device that is up is taken down, to stop or replace something, if then more
// devices of its group were down than the budget of the rollout that claims the change allows,
// counting all that are down already.
func budgetLaw(t *testing.T, bend func(rollout.Moment) rollout.Moment, taken *int) gopter.Prop {
	return prop.ForAll(func(seed int64) string {
		wrong, _ := played(t, seed, func(p planner.Plan, _ rollout.Script, m rollout.Moment) string {
			m = bend(m)
			size, down, up := down(p, m.Scene)
			for _, e := range m.Effects {
				publish, ok := e.(rollout.Publish)
				if back, too := e.(rollout.Restore); too {
					publish, ok = rollout.Publish(back), true
				}
				if !ok {
					continue
				}
				for _, id := range publish.Devices {
					site := m.Scene.Devices[id].Device.Labels["site"]
					if !up[id] {
						continue
					}
					up[id] = false
					down[site]++
					for _, c := range p.Changes {
						course, _, _ := p.WaveOf(c.Batch)
						_, start := c.Action.(planner.Start)
						if c.Action.Target().Device != id || course != publish.Lane || start {
							continue
						}
						for _, claims := range p.Courses {
							if claims.Name != c.Rollout || claims.Budget.IsZero() {
								continue
							}
							*taken++
							if limit := max(1, size[site]*int(claims.Budget.Max.Share)/10_000); down[site] > limit {
								return fmt.Sprintf("%s takes site %s to %d down of %d, limit %d", id, site, down[site], size[site], limit)
							}
						}
					}
				}
			}
			return ""
		})
		return wrong
	}, seeds())
}

func straight(m rollout.Moment) rollout.Moment { return m }

func TestNoBudgetIsEverExceeded(t *testing.T) {
	taken := 0
	algebratest.Law(t, plays)(budgetLaw(t, straight, &taken))
	if taken < plays {
		t.Errorf("only %d devices were taken down under a budget", taken)
	}
}

// waveLaw: what is published is of the wave its lane is in, and a lane is in a wave only after
// the one before showed enough or was approved; a run ends, and succeeds only if all lanes passed.
func waveLaw(t *testing.T, bend func(rollout.Moment) rollout.Moment, later *int) gopter.Prop {
	return prop.ForAll(func(seed int64) string {
		wrong, story := played(t, seed, func(p planner.Plan, s rollout.Script, m rollout.Moment) string {
			m = bend(m)
			for _, e := range m.Effects {
				publish, ok := e.(rollout.Publish)
				if !ok {
					continue
				}
				lane := m.Run.Lanes[publish.Lane]
				if m.Run.Status != wire.RunActive || lane.State != wire.LaneGoing {
					return "published by a lane that is " + lane.State.String()
				}
				for _, id := range publish.Devices {
					if w := lane.Wave; w < s.Waves(publish.Lane) && !slices.Contains(waves(p.Courses[publish.Lane])[w].Devices, id) {
						return id.String() + " is not of its wave"
					}
				}
				gate := p.Courses[publish.Lane].Gate
				if lane.Wave > 0 && len(lane.Verdicts) > 0 {
					*later++
				}
				for _, v := range lane.Verdicts {
					if last := lane.Verdicts[len(lane.Verdicts)-1]; v == last && !v.Approved && v.Wave < lane.Wave && (v.Sample < gate.Minimum || v.Healthy*10_000 < v.Sample*int(gate.Healthy)) {
						return fmt.Sprintf("wave %d follows one that showed %d of %d healthy", lane.Wave, v.Healthy, v.Sample)
					}
				}
			}
			return ""
		})
		if wrong != "" {
			return wrong
		}
		passed := !slices.ContainsFunc(story.Run.Lanes, func(l wire.Lane) bool { return l.State != wire.LanePassed })
		switch {
		case story.Stuck && !slices.ContainsFunc(story.Lines, func(l simulate.Line) bool { return strings.Contains(l.Text, "stands still: the budget of") }):
			return "it never ends"
		case story.Run.Status == wire.RunSucceeded && !passed:
			return "it succeeded without all lanes"
		}
		return ""
	}, seeds())
}

func waves(c planner.Course) []planner.Wave {
	return slices.DeleteFunc(slices.Clone(c.Waves), func(w planner.Wave) bool { return w.Kind == planner.OfTail })
}

func TestWavesFollowTheirGates(t *testing.T) {
	later := 0
	algebratest.Law(t, plays)(waveLaw(t, straight, &later))
	if later < plays {
		t.Errorf("only %d publications came after a gate", later)
	}
}

// freeLaw: while nobody is down in any group, some waiting device may go.
func freeLaw(t *testing.T, survey func(rollout.Script, rollout.Run, rollout.Scene) rollout.View, met *int) gopter.Prop {
	return prop.ForAll(func(seed int64) string {
		wrong, _ := played(t, seed, func(p planner.Plan, s rollout.Script, m rollout.Moment) string {
			_, down, _ := down(p, m.Scene)
			for _, n := range down {
				if n > 0 {
					return ""
				}
			}
			view := survey(s, m.Run, m.Scene)
			for i, l := range view.Lanes {
				if m.Run.Lanes[i].State == wire.LaneGoing && l.Waiting > 0 && view.UnderWay == 0 {
					*met++
					if i == 0 && len(l.Ready) == 0 {
						return "nobody may go though nobody is down"
					}
				}
			}
			return ""
		})
		return wrong
	}, seeds())
}

func TestBudgetsNeverDeadlock(t *testing.T) {
	met := 0
	algebratest.Law(t, plays)(freeLaw(t, rollout.Survey, &met))
	if met < plays/2 {
		t.Errorf("the law was met %d times only", met)
	}
}

func TestRolloutLawsSeeWrongRuns(t *testing.T) {
	n, check := 0, algebratest.Planted(t, planted)
	all := func(m rollout.Moment) rollout.Moment { // budgets are forgotten
		for i, e := range m.Effects {
			if p, ok := e.(rollout.Publish); ok {
				var ids []algebra.DeviceID
				for id, s := range m.Scene.Devices {
					if s.Online && !s.Ours {
						ids = append(ids, id)
					}
				}
				m.Effects[i] = rollout.Publish{Lane: p.Lane, Devices: ids}
			}
		}
		return m
	}
	check("budgets are forgotten", budgetLaw(t, all, &n))
	check("devices of later waves go too", waveLaw(t, all, &n))
	check("a wave is passed over", waveLaw(t, func(m rollout.Moment) rollout.Moment {
		m.Run.Lanes = slices.Clone(m.Run.Lanes)
		for i := range m.Run.Lanes {
			m.Run.Lanes[i].Wave++
		}
		return m
	}, &n))
	check("a budget of nothing", freeLaw(t, func(s rollout.Script, r rollout.Run, scene rollout.Scene) rollout.View {
		v := rollout.Survey(s, r, scene)
		for i := range v.Lanes {
			v.Lanes[i].Ready = nil
		}
		return v
	}, &n))
}
