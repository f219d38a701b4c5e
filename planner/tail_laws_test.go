package planner_test

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/plannertest"
)

// grown is a fleet most of which a rollout has come through, and that some devices joined since.
// Of what is settled, some is what another World said.
func grown(t *testing.T, seed int64) (algebra.World, algebra.Reality) {
	world, reality := plannertest.Rolling(t, seed)
	r := rand.New(rand.NewSource(seed))
	for _, c := range planner.Make(world, reality).Courses {
		for _, s := range c.Settles {
			switch r.Intn(4) {
			case 0:
				s.Rules = algebra.DigestOf([]byte("another World"))
			case 1:
				continue
			}
			reality.Settled = append(reality.Settled, s)
		}
	}
	published := reality.Published.Placing()
	for i := range uint32(reality.Roster.Len()) {
		for _, d := range world.Deployments {
			if d.Version().String() != "2" || r.Intn(3) == 0 {
				continue
			}
			rel := algebra.Release{Version: d.Version(), Deployment: d.Digest(), Values: algebra.Values{}.Digest()}
			published.Put(i, d.App(), rel)
			state := algebra.SlotState{Release: rel, Phase: algebra.Running}
			if r.Intn(10) == 0 {
				state.Phase = algebra.Failed
			}
			reality.Slots[algebra.Slot{Device: reality.Roster.ID(i), App: d.App()}] = state
		}
	}
	reality.Published = published.Placement()
	return world, reality
}

// claiming is the rollout that claims an app on a device, in words of Rolling.
func claiming(w algebra.World, d algebra.Device, app algebra.App) string {
	has := func(name string) bool {
		return slices.ContainsFunc(w.Rollouts, func(r algebra.Rollout) bool { return r.Name == name })
	}
	switch {
	case has("r-" + app.String()):
		return "r-" + app.String()
	case has("site-a") && d.Labels["site"] == "a":
		return "site-a"
	}
	return ""
}

// tailLaw: in the tail is who is offline, and who differs only in apps whose rollout is through
// as the World still has it, where no more differ than run as wanted. Where nobody else is left a
// rollout has no other wave.
func tailLaw(t *testing.T, plan planning, joined *int) gopter.Prop {
	return prop.ForAll(func(seed int64) string {
		world, reality := grown(t, seed)
		p := plan(world, reality)
		type claim struct {
			rollout string
			app     algebra.App
		}
		differ, vouch, through := map[claim]int{}, map[claim]int{}, map[claim]bool{}
		for _, c := range p.Changes {
			differ[claim{c.Rollout, c.Action.Target().App}]++
		}
		for at, s := range reality.Slots {
			i, _ := reality.Roster.Ordinal(at.Device)
			d, _ := world.Deployment(algebra.DeploymentRef{App: at.App, Version: algebra.MustVersion("2")})
			if s.Release.Deployment == d.Digest() && s.Release == reality.Published.Release(i, at.App) && s.Phase == algebra.Running {
				vouch[claim{claiming(world, reality.Roster.Device(i), at.App), at.App}]++
			}
		}
		for _, c := range p.Courses {
			for _, s := range c.Settles {
				of := claim{s.Rollout, s.App}
				through[of] = slices.Contains(reality.Settled, s) && differ[of] <= vouch[of]
			}
		}
		tail, early := map[int]bool{}, map[int]map[algebra.DeviceID]bool{}
		for _, c := range p.Courses {
			for _, w := range c.Waves {
				tail[w.Batch], early[w.Batch] = w.Kind == planner.OfTail, map[algebra.DeviceID]bool{}
			}
		}
		for _, c := range p.Changes {
			if !through[claim{c.Rollout, c.Action.Target().App}] {
				early[c.Batch][c.Action.Target().Device] = true
			}
		}
		for _, c := range p.Courses {
			some := false
			for _, w := range c.Waves {
				for _, id := range w.Devices {
					online := reality.Records[id].Online(reality.ObservedAt)
					if goes := online && early[w.Batch][id]; goes == tail[w.Batch] {
						return fmt.Sprintf("%s, online %t, early %t, in wave %s of %s", id, online, early[w.Batch][id], w.Name, c.Title())
					}
					some = some || early[w.Batch][id]
					if online && tail[w.Batch] {
						*joined++
					}
				}
			}
			if len(c.Waves) > 1 && !some {
				return c.Title() + " has waves for nobody"
			}
		}
		return ""
	}, seeds())
}

func TestTheTailIsWhoCameLater(t *testing.T) {
	joined := 0
	algebratest.Law(t, cases/2)(tailLaw(t, planner.Make, &joined))
	if joined < cases/2 {
		t.Errorf("only %d devices joined in %d cases", joined, cases/2)
	}
}

func TestTailLawSeesWrongTails(t *testing.T) {
	n, check := 0, algebratest.Planted(t, planted)
	bent := func(bend func(w algebra.World, r algebra.Reality) algebra.Reality) planning {
		return func(w algebra.World, r algebra.Reality) planner.Plan { return planner.Make(w, bend(w, r)) }
	}
	check("nothing is ever through", tailLaw(t, bent(func(_ algebra.World, r algebra.Reality) algebra.Reality {
		r.Settled = nil
		return r
	}), &n))
	check("what another World said will do", tailLaw(t, bent(func(w algebra.World, r algebra.Reality) algebra.Reality {
		said := r.Settled
		r.Settled = nil
		for _, c := range planner.Make(w, r).Courses {
			for _, s := range c.Settles {
				if slices.ContainsFunc(said, func(x algebra.Settled) bool { return x.Rollout == s.Rollout && x.App == s.App }) {
					r.Settled = append(r.Settled, s)
				}
			}
		}
		return r
	}), &n))
	check("a few vouch for many", tailLaw(t, bent(crowded), &n))
	check("who joined goes in a wave", tailLaw(t, func(w algebra.World, r algebra.Reality) planner.Plan {
		p := planner.Make(w, r)
		for i, c := range p.Courses {
			if last := len(c.Waves) - 1; last > 0 && c.Waves[last].Kind == planner.OfTail {
				p.Courses[i].Waves[last].Kind = planner.OfRest
			}
		}
		return p
	}, &n))
}

// crowded is a reality with a hundred devices more that run what is wanted.
func crowded(w algebra.World, r algebra.Reality) algebra.Reality {
	var devices []algebra.Device
	for i := range uint32(r.Roster.Len()) {
		devices = append(devices, r.Roster.Device(i))
	}
	old := r.Published
	slots := map[algebra.Slot]algebra.SlotState{}
	for at, s := range r.Slots {
		slots[at] = s
	}
	for i := range 100 {
		devices = append(devices, algebra.Device{ID: algebra.MustDeviceID(fmt.Sprintf("z%03d", i)), Labels: map[string]string{"site": []string{"a", "b"}[i%2]}})
	}
	r.Roster = algebratest.MustRoster(devices)
	published := old.On(r.Roster).Placing()
	for i := range uint32(r.Roster.Len()) {
		for _, d := range w.Deployments {
			if id := r.Roster.ID(i); id.String()[0] == 'z' && d.Version().String() == "2" {
				rel := algebra.Release{Version: d.Version(), Deployment: d.Digest(), Values: algebra.Values{}.Digest()}
				published.Put(i, d.App(), rel)
				slots[algebra.Slot{Device: id, App: d.App()}] = algebra.SlotState{Release: rel, Phase: algebra.Running}
			}
		}
	}
	r.Published, r.Slots = published.Placement(), slots
	return r
}
