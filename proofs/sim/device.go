package sim

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// device is a machine with an agent on it.
type device struct {
	*life
	id     algebra.DeviceID
	labels map[string]string
	entry  uint64        // revision of its registry entry
	clock  time.Duration // how much its clock is ahead
	born   int           // agents so far: what an earlier one began is not heard of any more
	state  agent.State
	wake   time.Time
	disk   agent.Memory
	kept   map[algebra.Digest]algebra.Deployment
	under  map[int]func() agent.Event // what the agent is at, by task
	tasks  int
	slots  map[algebra.App][]instance
	// prepared is what was fetched since it booted, allowed what nobody vetoed.
	prepared map[algebra.Digest]bool
	allowed  map[algebra.App]change
	out      map[string]wire.Report // to be sent, the newest of each subject
	away     bool                   // cut off
	arrives  time.Duration          // when what was sent last arrives
	asking   string                 // the nonce of the newest question
	beats    uint64
	known    wire.Verified // accepted, as last judged
}

// change is what gives way in a slot, and to what.
type change struct{ have, want algebra.Release }

// instance is something that runs. There can be more than one in a slot: that is a breach.
type instance struct {
	agent.Observed
	spec algebra.Deployment
}

func (d *device) now() time.Time { return d.time().Add(d.clock) }

// boot starts an agent, anew if one was there. What that one was at has happened or has not.
func (d *device) boot() {
	d.born++
	for _, task := range slices.Sorted(maps.Keys(d.under)) {
		if d.chance.life.IntN(2) == 0 {
			d.under[task]()
		}
	}
	d.under, d.out = map[int]func() agent.Event{}, map[string]wire.Report{}
	d.prepared, d.allowed = map[algebra.Digest]bool{}, map[algebra.App]change{}
	d.disk.Specs = slices.SortedFunc(maps.Values(d.kept), algebra.Deployment.Compare)
	state, effects := d.bug.begin(d)
	d.state = state
	d.say("boots, generation %d", state.Generation())
	d.perform(effects)
	d.mine(time.Second, func() { d.feed(agent.Changed{}) }) // what runs is followed again
	d.beat()
	d.repeat()
	d.ask()
}

// mine has something happen if this agent still lives then.
func (d *device) mine(after time.Duration, do func()) {
	born := d.born
	d.after(after, func() {
		if d.born == born {
			do()
		}
	})
}

func (d *device) feed(e agent.Event) {
	before := d.state.Generation()
	state, effects := d.bug.step(d, e)
	d.state = state
	if g := state.Generation(); g != before {
		d.say("accepts generation %d: %s", g, shown(d.disk.Accepted.State()))
	}
	d.perform(effects)
}

// task does what an effect asks for, after a while, and feeds back what came of it.
func (d *device) task(takes time.Duration, do func() agent.Event) {
	d.tasks++
	n := d.tasks
	d.under[n] = do
	d.mine(takes, func() {
		delete(d.under, n)
		d.feed(do())
	})
}

func (d *device) perform(effects []agent.Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case agent.Save:
			takes := d.chance.takes(20 * time.Millisecond)
			if d.chance.hits(SlowDisk, 10) {
				takes = d.chance.long(SlowDisk, time.Minute)
			}
			d.task(takes, func() agent.Event { return agent.Saved{State: e.State, Err: d.save(e)} })
		case agent.Fetch:
			d.fetch(e)
		case agent.Prepare:
			d.task(d.chance.takes(time.Second), func() agent.Event {
				err := d.failing(NoImage, 8, e.Deployment)
				d.prepared[e.Release.Deployment] = d.prepared[e.Release.Deployment] || err == nil
				return agent.Prepared{App: e.App, Release: e.Release, Err: err}
			})
		case agent.Start:
			d.start(e)
		case agent.Stop:
			d.stop(e)
		case agent.Look:
			seen := d.seen()
			d.task(d.chance.takes(50*time.Millisecond), func() agent.Event {
				if d.chance.hits(Blindness, 15) {
					return agent.Looked{Number: e.Number, Err: errors.New("the runtime does not answer")}
				}
				return agent.Looked{Number: e.Number, Have: seen}
			})
		case agent.Consult:
			d.task(d.chance.takes(20*time.Millisecond), func() agent.Event {
				if d.chance.hits(Veto, 4) {
					return agent.Consulted{App: e.App, Have: e.Have, Want: e.Want, Err: errors.New("not now")}
				}
				d.allowed[e.App] = change{e.Have, e.Want}
				return agent.Consulted{App: e.App, Have: e.Have, Want: e.Want}
			})
		case agent.Trust:
			d.disk.Keyset = e.Keys
		case agent.Remember:
			d.disk.Faults = e.Faults
		case agent.Wake:
			d.wake = e.At
			d.mine(e.At.Sub(d.now()), func() {
				if d.wake.Equal(e.At) {
					d.feed(agent.Woke{})
				}
			})
		case agent.Refuse:
			if e.Reason != "" {
				d.met["refused"]++
				d.say("refuses: %s", e.Reason)
			}
		case agent.Tell:
			d.report(e.State)
		}
	}
}

func (d *device) save(e agent.Save) error {
	if d.chance.hits(FullDisk, 10) {
		return errors.New("no space left on device")
	}
	d.accepts(e.State)
	d.disk.Accepted, d.disk.Floor = e.State, e.State.State().Generation
	for _, spec := range e.Specs {
		d.kept[spec.Digest()] = spec
	}
	return nil
}

// report puts news in the place of older ones of the same subject.
func (d *device) report(r wire.Report) {
	d.out[r.Subject()] = r
	if len(d.out) == 1 {
		d.mine(time.Millisecond, func() { d.post(time.Second) })
	}
}

// post sends what there is to tell, and tries again while it cannot.
func (d *device) post(again time.Duration) {
	if d.away {
		d.mine(again, func() { d.post(min(2*again, 30*time.Second)) })
		return
	}
	for _, subject := range slices.Sorted(maps.Keys(d.out)) {
		d.send(d.out[subject])
	}
	clear(d.out)
}

func (d *device) beat() {
	d.beats++
	if !d.away {
		d.send(wire.Heartbeat{Device: d.id, Sequence: d.beats})
	}
	d.mine(24*time.Second+d.chance.takes(6*time.Second), d.beat)
}

// repeat makes up for what was missed.
func (d *device) repeat() {
	d.mine(100*time.Second+d.chance.takes(20*time.Second), func() {
		d.feed(agent.Changed{})
		d.feed(agent.Repeat{})
		d.ask()
		d.repeat()
	})
}

// shown is a set as a person reads it.
func shown(s wire.DesiredState) string {
	text := ""
	for _, app := range slices.SortedFunc(maps.Keys(s.Apps), algebra.App.Compare) {
		text += fmt.Sprintf(" %s@%s", app, s.Apps[app].Version)
	}
	return cmp.Or(text, " nothing")[1:]
}

// busy reports that the agent is at something that starts or stops.
func (d *device) busy(algebra.App) bool { return len(d.under) > 0 }
