package agent_test

import (
	"container/heap"
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// sim drives one agent's State by one queue of events on a clock of its own. What runs is in
// real; whatever the State asks for happens there, late, in vain, or cut off by a crash. It
// notes each breach of the agent's laws.
type sim struct {
	step   func(agent.State, agent.Event, time.Time) (agent.State, []agent.Effect)
	rng    *rand.Rand
	now    time.Time
	faulty bool
	vetoes bool // somebody is asked before each change, and may say no while there are faults
	queue  queue
	life   int // counts restarts of the agent: events of an earlier life are lost

	state    agent.State
	wakeAt   time.Time
	disk     agent.Memory
	kept     map[algebra.Digest]algebra.Deployment
	real     map[algebra.App]agent.Observed
	working  map[algebra.App]bool
	underWay map[int]func() agent.Event
	prepared map[algebra.Digest]bool
	wanted   wire.Verified // the last that was saved
	breaches []string
	count    map[string]int
	history  history
}

type queued struct {
	at   time.Time
	n    int
	life int // 0: whoever lives then
	do   func()
}

type queue []queued

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at.Before(q[j].at) || q[i].at.Equal(q[j].at) && q[i].n < q[j].n
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(queued)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

var (
	simDevice = algebra.MustDeviceID("d1.example.org")
	simKey    = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	simRing   = wire.NewKeyring(simKey.Public().(ed25519.PublicKey))
	simSpecs  = universe()
)

// universe is three apps in three versions. Each version of an app has another port, and the
// apps share the three ports, so that versions exchange them; the third version of c requires a.
func universe() map[algebra.App][]algebra.Deployment {
	all := map[algebra.App][]algebra.Deployment{}
	for i, name := range []string{"a", "b", "c"} {
		app := algebra.MustApp(name)
		for v := range 3 {
			spec := algebra.DeploymentSpec{App: app, Version: algebra.MustVersion(fmt.Sprint(v)), Podman: &algebra.Podman{
				Containers: []algebra.Container{{Name: name, Image: "x", Ports: []algebra.Port{{Host: uint16(8000 + (i+v)%3)}}}},
			}}
			if name == "c" && v == 2 {
				spec.Requires = []algebra.App{algebra.MustApp("a")}
			}
			d, err := algebra.NewDeployment(spec)
			if err != nil {
				panic(err)
			}
			all[app] = append(all[app], d)
		}
	}
	return all
}

func port(d algebra.Deployment) uint16 { return d.Spec().Podman.Containers[0].Ports[0].Host }

// randomSet is a set that a planner could have published: no two apps on a port, and what is
// required is there.
func randomSet(rng *rand.Rand) map[algebra.App]wire.App {
	set, ports := map[algebra.App]wire.App{}, map[uint16]bool{}
	for _, name := range []string{"a", "b", "c"} {
		app := algebra.MustApp(name)
		d := simSpecs[app][rng.IntN(3)]
		_, hasA := set[algebra.MustApp("a")]
		if rng.IntN(4) == 0 || ports[port(d)] || len(d.Spec().Requires) > 0 && !hasA {
			continue
		}
		ports[port(d)] = true
		set[app] = wire.App{Version: d.Version(), Digest: d.Digest()}
	}
	return set
}

func newSim(rng *rand.Rand, step func(agent.State, agent.Event, time.Time) (agent.State, []agent.Effect)) *sim {
	return &sim{step: step, rng: rng, now: time.Unix(1e9, 0), count: map[string]int{},
		kept: map[algebra.Digest]algebra.Deployment{}, real: map[algebra.App]agent.Observed{}, working: map[algebra.App]bool{},
		underWay: map[int]func() agent.Event{}}
}

func (s *sim) breach(format string, args ...any) {
	s.breaches = append(s.breaches, s.now.Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

func (s *sim) at(d time.Duration, life int, do func()) {
	s.count["events"]++
	heap.Push(&s.queue, queued{s.now.Add(d), s.count["events"], life, do})
}

// later does what an effect asks for, and delivers the answer.
func (s *sim) later(do func() agent.Event) {
	s.count["tasks"]++
	task := s.count["tasks"]
	s.underWay[task] = do
	s.at(time.Duration(1+s.rng.IntN(3000))*time.Millisecond, s.life, func() {
		delete(s.underWay, task)
		s.feed(do())
	})
}

func (s *sim) fails() error {
	if s.faulty && s.rng.IntN(3) == 0 {
		s.count["failures"]++
		return errors.New("planted failure")
	}
	return nil
}

// boot starts the agent, anew if it was running, with what the disk holds. What was under way
// has happened or has not; nobody hears of it.
func (s *sim) boot() {
	s.life++
	before := s.disk.Accepted
	for _, task := range slices.Sorted(maps.Keys(s.underWay)) {
		if s.rng.IntN(2) == 0 {
			s.underWay[task]()
		}
	}
	clear(s.underWay)
	clear(s.working)
	if s.faulty && s.rng.IntN(4) == 0 {
		clear(s.kept)
	}
	s.disk.Specs = slices.SortedFunc(maps.Values(s.kept), algebra.Deployment.Compare)
	s.prepared = map[algebra.Digest]bool{}
	s.disk.Veto = s.vetoes
	state, effects := agent.Begin(simDevice, simRing, s.disk)
	s.state = state
	if s.life > 1 {
		s.history.crashed(s.disk.Accepted.Digest() != before.Digest(), state)
	}
	s.perform(effects)
}

func (s *sim) feed(e agent.Event) {
	state, effects := s.step(s.state, e, s.now)
	s.state = state
	s.history.fed(e, state)
	s.perform(effects)
}

// run takes events until the queue is empty or the time is up.
func (s *sim) run(until time.Time) {
	for len(s.queue) > 0 && !s.queue[0].at.After(until) {
		next := heap.Pop(&s.queue).(queued)
		s.now = next.at
		if next.life == 0 || next.life == s.life {
			next.do()
		}
	}
	s.now = until
}

func (s *sim) perform(effects []agent.Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case agent.Save:
			s.later(func() agent.Event {
				err := s.fails()
				if err == nil {
					if have, next := s.wanted.State().Generation, e.State.State().Generation; next <= have {
						s.breach("generation %d takes the place of %d", next, have)
					}
					s.disk.Accepted, s.wanted = e.State, e.State
				}
				return agent.Saved{State: e.State, Err: err}
			})
		case agent.Fetch:
			s.later(func() agent.Event {
				var d algebra.Deployment
				err := s.fails()
				for _, each := range simSpecs[e.App] {
					if err == nil && each.Digest() == e.Release.Deployment {
						d = each
						s.kept[d.Digest()] = d
					}
				}
				return agent.Fetched{App: e.App, Release: e.Release, Deployment: d, Err: err}
			})
		case agent.Prepare:
			s.later(func() agent.Event {
				err := s.fails()
				s.prepared[e.Release.Deployment] = s.prepared[e.Release.Deployment] || err == nil
				return agent.Prepared{App: e.App, Release: e.Release, Err: err}
			})
		case agent.Stop:
			s.stop(e)
		case agent.Start:
			s.start(e)
		case agent.Look:
			seen := maps.Clone(s.real)
			s.later(func() agent.Event { return agent.Looked{Number: e.Number, Have: seen, Err: s.fails()} })
		case agent.Consult:
			s.later(func() agent.Event {
				return agent.Consulted{App: e.App, Have: e.Have, Want: e.Want, Err: s.fails()}
			})
		case agent.Trust:
			s.disk.Keyset = e.Keys
		case agent.Remember:
			s.disk.Faults = e.Faults
		case agent.Wake:
			s.wakeAt = e.At
			s.at(e.At.Sub(s.now), s.life, func() {
				if s.wakeAt.Equal(e.At) {
					s.feed(agent.Woke{})
				}
			})
		case agent.Refuse:
			s.count["refusals"]++
		case agent.Tell:
			s.count["tells"]++
		}
	}
}

func (s *sim) stop(e agent.Stop) {
	s.count["stops"]++
	have, filled := s.real[e.App]
	want, wants := s.wanted.State().Apps[e.App]
	switch {
	case s.working[e.App]:
		s.breach("stop %s while something is done there", e.App)
	case s.wanted.IsZero():
		s.breach("stop %s, though nothing was ever ordered", e.App)
	case filled && wants && want.Release() == have.Release && have.Phase != algebra.Failed:
		s.breach("stop %s, which runs as wanted", e.App)
	case filled && wants && want.Release() != have.Release && !s.prepared[want.Digest]:
		s.breach("stop %s before what follows is fetched", e.App)
	}
	s.working[e.App] = true
	s.later(func() agent.Event {
		s.working[e.App] = false
		err := s.fails()
		if _, filled := s.real[e.App]; err == nil && filled {
			s.history.stopped(e.App, s.real)
			delete(s.real, e.App)
		}
		return agent.Stopped{App: e.App, Err: err}
	})
}

func (s *sim) start(e agent.Start) {
	s.count["starts"]++
	if s.working[e.App] {
		s.breach("start %s while something is done there", e.App)
	}
	s.working[e.App] = true
	s.later(func() agent.Event {
		s.working[e.App] = false
		if have, filled := s.real[e.App]; filled {
			s.breach("start %s on top of %s", e.Deployment, have.Release.Version)
		}
		for app, o := range s.real {
			for _, d := range simSpecs[app] {
				if d.Digest() == o.Release.Deployment && app != e.App && port(d) == port(e.Deployment) {
					s.breach("start %s, whose port %s@%s holds", e.Deployment, app, o.Release.Version)
				}
			}
		}
		err := s.fails()
		if err == nil {
			s.history.started(e.App, e.Release, s.real)
			s.real[e.App] = agent.Observed{Release: e.Release, Phase: algebra.Running}
		}
		return agent.Started{App: e.App, Release: e.Release, Err: err}
	})
}
