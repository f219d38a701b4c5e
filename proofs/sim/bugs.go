package sim

import (
	"crypto/ed25519"
	"slices"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/policies"
)

// Bug is one that can be planted, to see the laws find it. It is put around the code that ships,
// where that meets a port.
type Bug uint8

// The bugs. The first ones are of the agent, then come those of operators, and of the fleet.
const (
	NoBug         Bug = iota
	OldWins           // an older generation is accepted
	Forgets           // what was accepted is not kept over a crash
	TrustsAll         // whoever signs, counts
	StartsFirst       // what replaces is started beside what runs
	StopsEarly        // what runs is stopped as soon as what follows is to be fetched
	TakesDark         // what cannot be seen is taken for gone
	LosesSave         // a set that could not be kept is waited for for ever
	NoRevision        // a desired state is written over whatever there is
	NoLease           // the lease is taken from whoever holds it
	NoIntent          // what is about to be published is not announced
	NoLastWord        // a run is written over what a person said of it
	SkipsWave         // a run is stored one wave on
	BlindToDown       // what failed counts as running
	TakesSent         // what is published counts as running
	Unapproved        // an app is taken away that no plan mentions
	DeafToHalt        // publishing goes on though it is halted
	AllSettled        // every rollout counts as through before it begins
	LetsAllIn         // with who comes in while a run is under way, all others are published to as well
	ForgetsFailed     // what was put in quarantine is not read
	bugs
)

var bugNames = [...]string{"none", "an older generation is accepted", "what was accepted is not kept over a crash", "whoever signs, counts",
	"what replaces is started beside what runs", "what runs is stopped before what follows is there", "what cannot be seen is taken for gone",
	"a set that could not be kept is waited for for ever", "a desired state is not compared and set", "the lease is taken from whoever holds it",
	"what is about to be published is not announced", "a run is written over what a person said", "a run goes on one wave too far",
	"what failed counts as running", "what was sent counts as running", "an app is taken away that no plan mentions", "publishing goes on though it is halted",
	"every rollout counts as through", "all are let in while a run is under way", "what was put in quarantine is not read"}

// String says what the bug does.
func (b Bug) String() string { return bugNames[b] }

// Bugs are all of them.
func Bugs() []Bug {
	var all []Bug
	for b := NoBug + 1; b < bugs; b++ {
		all = append(all, b)
	}
	return all
}

// seen is a reality as who plans has it.
func (b Bug) seen(w algebra.World, r algebra.Reality) algebra.Reality {
	if b == AllSettled {
		for _, c := range planner.Make(w, r).Courses {
			r.Settled = append(r.Settled, c.Settles...)
		}
	}
	return r
}

// proposed is a plan as who judges has it.
func (b Bug) proposed(w algebra.World, p policies.Proposal) policies.Proposal {
	if b == LetsAllIn && p.Plan.Partial {
		p.Plan = planner.Make(w, p.Reality).Of(func(planner.Target) bool { return true })
	}
	return p
}

// begin is agent.Begin, or what a bug makes of it.
func (b Bug) begin(d *device) (agent.State, []agent.Effect) {
	if b == Forgets && d.born > 1 {
		d.disk.Accepted, d.disk.Floor = wire.Verified{}, 0
	}
	return agent.Begin(d.id, d.keys, d.disk)
}

// step is agent.Step, or what a bug makes of it.
func (b Bug) step(d *device, e agent.Event) (agent.State, []agent.Effect) {
	switch e := e.(type) {
	case agent.Offered:
		if b == OldWins {
			if v, err := wire.Open(e.Raw, d.id, d.keys); err == nil && v.State().Generation < d.state.Generation() {
				d.disk.Accepted, d.disk.Floor = v, 0
				return agent.Begin(d.id, d.keys, d.disk)
			}
		}
		if b == TrustsAll {
			if claimed, _, err := wire.Claimed(e.Raw); err == nil {
				claimed.Device = d.id
				return agent.Step(d.state, agent.Offered{Raw: signed(d.key, claimed).Raw()}, d.now())
			}
		}
	case agent.Looked:
		if b == TakesDark && e.Err != nil {
			return agent.Step(d.state, agent.Looked{Number: e.Number}, d.now())
		}
	case agent.Saved:
		if b == LosesSave && e.Err != nil {
			return d.state, nil
		}
	case agent.Changed, agent.Consulted, agent.End, agent.Fetched, agent.Held, agent.Prepared, agent.Repeat, agent.Started, agent.Stopped, agent.Woke:
	}
	state, effects := agent.Step(d.state, e, d.now())
	for i, eff := range effects {
		if p, is := eff.(agent.Prepare); is && b == StartsFirst {
			effects[i] = agent.Start{App: p.App, Release: p.Release, Deployment: p.Deployment}
		}
		if f, is := eff.(agent.Fetch); is && b == StopsEarly {
			effects = append(effects, agent.Stop{App: f.App})
		}
	}
	return state, effects
}

func signed(key ed25519.PrivateKey, s wire.DesiredState) wire.Verified {
	v, err := wire.Sign(key, s)
	if err != nil {
		panic("sim: " + err.Error())
	}
	return v
}

// read is what the store holds, as a process reads it.
func (b Bug) read(r executor.Records) executor.Records {
	if b == ForgetsFailed {
		r.Quarantine = map[string]executor.Kept[wire.Quarantined]{}
	}
	return r
}

// write is a write as it reaches the store.
func (b Bug) write(c *console, w executor.Write) executor.Write {
	switch w := w.(type) {
	case executor.SetDesired:
		id := w.State.State().Device
		if b == NoRevision {
			w.Revision = c.read().Devices[id].Desired.Revision
		}
		if s := w.State.State(); b == Unapproved && len(s.Apps) > 1 && !c.current(id).State().Releases()[web].IsZero() {
			delete(s.Apps, web)
			w.State = signed(c.key, s)
		}
		if b == TakesSent {
			for app, rel := range w.State.State().Releases() {
				state := wire.AppState{Device: id, App: app, Phase: algebra.Running, Running: wire.RunningOf(rel), Wanted: w.State.State().Generation}
				if err := c.fleet.Report(id, wire.Encode(state)); err != nil {
					panic("sim: " + err.Error())
				}
			}
		}
		return w
	case executor.SetLease:
		if b == NoLease {
			w.Revision = c.read().Lease.Revision
		}
		if b == NoIntent {
			w.Lease.Intent = ""
		}
		return w
	case executor.SetRun:
		if b == NoLastWord {
			w.Revision = c.read().Runs[w.Run.ID].Revision
		}
		if b == SkipsWave && c.runs[w.Run.ID].Status != 0 {
			w.Run.Lanes = slices.Clone(w.Run.Lanes)
			w.Run.Lanes[0].Wave = max(w.Run.Lanes[0].Wave, 1)
		}
		return w
	case executor.SetWorld, executor.SetEntry, executor.SetQuarantine, executor.PutSpec, executor.PutPlan:
	}
	return w
}

// news is what a device says, as the store takes it.
func (b Bug) news(r wire.Report, published wire.Verified) wire.Report {
	if s, is := r.(wire.AppState); is && b == BlindToDown && (s.Phase == algebra.Failed || s.Phase == algebra.Pulling) {
		if rel, wants := published.State().Releases()[s.App]; wants {
			s.Phase, s.Running, s.LastError = algebra.Running, wire.RunningOf(rel), ""
			return s
		}
	}
	return r
}
