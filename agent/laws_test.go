package agent_test

import (
	"crypto/ed25519"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

const seed = 20261123

type stepper = func(agent.State, agent.Event, time.Time) (agent.State, []agent.Effect)

// chaos lets an agent live through a random history of sets, faults, crashes and lies, then
// through quiet, and gives what was breached. Counted is what the history had in it.
func chaos(seed int64, step stepper) (breaches []string, counted map[string]int) {
	s := live(seed, step, seed%3 == 0)
	return s.breaches, s.count
}

func live(seed int64, step stepper, vetoes bool) *sim {
	s := newSim(rand.New(rand.NewPCG(uint64(seed), 1)), step)
	s.faulty, s.vetoes = true, vetoes
	if s.rng.IntN(2) == 0 { // the agent finds what another one left
		for app, a := range randomSet(s.rng) {
			s.real[app] = agent.Observed{Release: a.Release(), Phase: algebra.Running}
		}
	}
	s.boot()
	var sets []wire.Verified
	for range 2 + s.rng.IntN(4) {
		sets = append(sets, publish(sets, randomSet(s.rng)))
	}
	end := s.now.Add(time.Minute)
	for i, v := range sets {
		s.at(time.Duration(i*10+s.rng.IntN(20))*time.Second, 0, func() { s.feed(agent.Offered{Raw: v.Raw()}) })
	}
	for range 12 {
		s.at(time.Duration(s.rng.IntN(60000))*time.Millisecond, 0, s.disturb(sets))
	}
	s.run(end)

	s.faulty = false
	last := sets[len(sets)-1]
	s.feed(agent.Offered{Raw: last.Raw()})
	s.feed(agent.Changed{})
	s.run(end.Add(time.Hour))
	want := last.State().Releases()
	if s.state.Generation() != last.State().Generation || !s.state.Settled() {
		s.breach("after an hour of quiet it is at generation %d of %d, settled: %t", s.state.Generation(), last.State().Generation, s.state.Settled())
	}
	for app, r := range want {
		if s.real[app].Release != r || s.real[app].Phase != algebra.Running {
			s.breach("after an hour of quiet %s is %+v", app, s.real[app])
		}
	}
	if len(s.real) != len(want) {
		s.breach("after an hour of quiet %d apps run, want %d", len(s.real), len(want))
	}
	return s
}

func publish(before []wire.Verified, apps map[algebra.App]wire.App) wire.Verified {
	d := wire.DesiredState{Device: simDevice, Generation: uint64(len(before)) + 1, Apps: apps}
	if n := len(before); n > 0 {
		d.Previous = before[n-1].Digest()
	}
	return sign(simKey, d)
}

func sign(key ed25519.PrivateKey, d wire.DesiredState) wire.Verified {
	v, err := wire.Sign(key, d)
	if err != nil {
		panic(err)
	}
	return v
}

// disturb is something that happens to an agent.
func (s *sim) disturb(sets []wire.Verified) func() {
	app := algebra.MustApp([]string{"a", "b", "c"}[s.rng.IntN(3)])
	told := s.rng.IntN(4) > 0 // some changes are never told
	switch s.rng.IntN(7) {
	case 0:
		return func() {
			s.count["crashes"]++
			s.at(15*time.Second, 0, func() { s.feed(agent.Changed{}) }) // the runtime is followed anew
			s.boot()
		}
	case 1, 2:
		return func() {
			if o, ok := s.real[app]; ok && !s.working[app] {
				s.count["kills"]++
				o.Phase, o.Detail = algebra.Failed, "killed"
				s.real[app] = o
			}
			if told {
				s.feed(agent.Changed{App: app})
			}
		}
	case 3:
		return func() {
			if !s.working[app] {
				s.history.broken()
				delete(s.real, app)
			}
			if told {
				s.feed(agent.Changed{App: app})
			}
		}
	case 4: // an old set again
		v := sets[s.rng.IntN(len(sets))]
		return func() { s.feed(agent.Offered{Raw: v.Raw()}) }
	case 5: // sets that stop everything, newer than all, by somebody else or for somebody else
		forged := wire.DesiredState{Device: simDevice, Generation: 100, Previous: sets[0].Digest()}
		foreign := forged
		foreign.Device = algebra.MustDeviceID("d1")
		other := ed25519.NewKeyFromSeed([]byte("another key, of 32 bytes exactly"))
		return func() {
			s.feed(agent.Offered{Raw: sign(other, forged).Raw()})
			s.feed(agent.Offered{Raw: sign(simKey, foreign).Raw()})
			s.feed(agent.Offered{Raw: []byte("{")})
		}
	}
	return func() { s.feed(agent.Repeat{}) }
}

func parameters(t *testing.T) *gopter.TestParameters {
	t.Logf("seed %d", seed)
	p := gopter.DefaultTestParametersWithSeed(seed)
	p.MinSize, p.MinSuccessfulTests = 1, 400
	return p
}

// After any history, safely lived through, quiet leads to what was accepted.
func TestConvergesSafely(t *testing.T) {
	total, lives := map[string]int{}, 0
	p := gopter.NewProperties(parameters(t))
	p.Property("no breach in a random life", prop.ForAll(func(seed int64) (bool, error) {
		breaches, counted := chaos(seed, agent.Step)
		for what, n := range counted {
			total[what] += min(n, 1)
		}
		lives++
		if len(breaches) > 0 {
			return false, fmt.Errorf("life %d: %v", seed, breaches)
		}
		return true, nil
	}, gen.Int64()))
	p.TestingRun(t)
	for _, what := range []string{"starts", "stops", "failures", "refusals", "crashes", "kills"} {
		if total[what]*5 < lives {
			t.Errorf("only %d of %d lives had %s", total[what], lives, what)
		}
	}
}

func TestConvergenceCatchesPlanted(t *testing.T) {
	without := func(drop func(agent.Effect) bool) stepper {
		return func(s agent.State, e agent.Event, now time.Time) (agent.State, []agent.Effect) {
			s, effects := agent.Step(s, e, now)
			return s, slices.DeleteFunc(effects, drop)
		}
	}
	bugs := map[string]stepper{
		"never wakes": without(func(e agent.Effect) bool { _, is := e.(agent.Wake); return is }),
		"never looks": without(func(e agent.Effect) bool { l, is := e.(agent.Look); return is && l.Number > 1 }),
		"stops all when it sees nothing ordered": func(s agent.State, e agent.Event, now time.Time) (agent.State, []agent.Effect) {
			s, effects := agent.Step(s, e, now)
			for app := range s.Have() {
				if s.Generation() == 0 {
					effects = append(effects, agent.Stop{App: app})
				}
			}
			return s, effects
		},
		"stops without waiting for what follows": func(s agent.State, e agent.Event, now time.Time) (agent.State, []agent.Effect) {
			s, effects := agent.Step(s, e, now)
			for _, eff := range effects {
				if p, is := eff.(agent.Prepare); is {
					effects = append(effects, agent.Stop{App: p.App})
				}
			}
			return s, effects
		},
		"starts beside what runs": func(s agent.State, e agent.Event, now time.Time) (agent.State, []agent.Effect) {
			s, effects := agent.Step(s, e, now)
			for i, eff := range effects {
				if p, is := eff.(agent.Prepare); is {
					effects[i] = agent.Start{App: p.App, Release: p.Release, Deployment: p.Deployment}
				}
			}
			return s, effects
		},
	}
	for name, step := range bugs {
		caught := 0
		for seed := range int64(50) {
			if b, _ := chaos(seed, step); len(b) > 0 {
				caught++
			}
		}
		if caught == 0 {
			t.Errorf("%s: not caught in 50 lives", name)
		}
	}
}

// Silence stops nothing: with no set, or with an accepted one and no more messages, what runs
// as wanted is never touched, however often everything else fails.
func TestSilenceStopsNothing(t *testing.T) {
	touched := func(seed int64, step stepper) int {
		s := newSim(rand.New(rand.NewPCG(uint64(seed), 2)), step)
		for app, specs := range simSpecs {
			d := specs[0]
			s.real[app] = agent.Observed{Release: algebra.Release{Version: d.Version(), Deployment: d.Digest(), Values: algebra.Values{}.Digest()}, Phase: algebra.Running}
		}
		if seed%2 == 0 {
			apps := map[algebra.App]wire.App{}
			for app, specs := range simSpecs {
				apps[app] = wire.App{Version: specs[0].Version(), Digest: specs[0].Digest()}
			}
			s.disk.Accepted = publish(nil, apps)
			s.wanted = s.disk.Accepted
		}
		s.faulty = true
		s.boot()
		for i := range 20 {
			s.at(time.Duration(i)*time.Minute, 0, func() {
				if i%5 == 4 {
					s.boot()
				}
				s.feed(agent.Changed{})
				s.feed(agent.Offered{Raw: nil})
				s.feed(agent.Repeat{})
			})
		}
		s.run(s.now.Add(time.Hour))
		return s.count["stops"] + s.count["starts"]
	}
	p := gopter.NewProperties(parameters(t))
	p.Property("nothing is stopped or started", prop.ForAll(func(seed int64) bool { return touched(seed, agent.Step) == 0 }, gen.Int64()))
	p.TestingRun(t)
	planted := func(s agent.State, e agent.Event, now time.Time) (agent.State, []agent.Effect) {
		if l, is := e.(agent.Looked); is && l.Err != nil {
			e = agent.Looked{Number: l.Number} // takes "I cannot see" for "nothing runs"
		}
		return agent.Step(s, e, now)
	}
	caught := 0
	for seed := range int64(20) {
		caught += min(1, touched(seed, planted))
	}
	if caught == 0 {
		t.Error("planted: taking blindness for emptiness is not caught")
	}
}
