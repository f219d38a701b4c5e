package sim

import (
	"errors"
	"fmt"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// carry takes a message between a device and the hub: once, never, twice or late. Those of one
// connection keep their order but for the late ones. What is on its way when the device is cut off
// is lost.
func (d *device) carry(arrive func()) {
	if d.away {
		return
	}
	copies := 1
	if d.chance.hits(Loss, 12) {
		copies = 0
	} else if d.chance.hits(Duplicate, 12) {
		copies = 2
	}
	for range copies {
		at := max(d.life.now+d.chance.takes(40*time.Millisecond), d.arrives)
		if d.chance.hits(Delay, 12) {
			at += d.chance.long(Delay, 30*time.Second)
		} else {
			d.arrives = at
		}
		d.after(at-d.life.now, func() {
			if !d.away {
				arrive()
			}
		})
	}
}

// send reports to the hub.
func (d *device) send(r wire.Report) {
	data := wire.Encode(d.bug.news(r, d.current(d.id)))
	d.carry(func() {
		if d.hubDown {
			return
		}
		if err := d.fleet.Report(d.id, data); err != nil {
			panic("sim: " + err.Error()) // each device is enrolled
		}
		if s, is := r.(wire.AppState); is {
			d.say("is heard: %s %s %s, of generation %d %s", s.App, s.Phase, s.Running.Version, s.Wanted, s.LastError)
		}
		d.spread()
	})
}

// ask asks for the desired state. An answer to an older question is none.
func (d *device) ask() {
	d.asking = fmt.Sprintf("%s-%d", d.id, d.tasks)
	d.tasks++
	nonce := d.asking
	d.carry(func() {
		if d.hubDown {
			return
		}
		raw, err := d.fleet.Ask(d.id, wire.Encode(wire.AskState{Device: d.id, Nonce: nonce}))
		if err != nil {
			panic("sim: " + err.Error())
		}
		d.carry(func() {
			m, err := wire.Decode(raw)
			a, is := m.(wire.StateAnswer)
			if err != nil || !is || a.Nonce != d.asking || a.State == nil {
				return
			}
			if before := d.published[d.id]; len(before) > 1 && d.chance.hits(StaleAnswer, 4) {
				a.State = before[d.chance.of(StaleAnswer, len(before)-1)].Raw()
			}
			d.feed(agent.Offered{Raw: a.State})
		})
	})
}

// fetch asks for a deployment, for as long as the link waits for an answer.
func (d *device) fetch(e agent.Fetch) {
	done := false
	finish := func(spec algebra.Deployment, err error) agent.Event {
		done = true
		if err == nil {
			d.kept[spec.Digest()] = spec
		}
		return agent.Fetched{App: e.App, Release: e.Release, Deployment: spec, Err: err}
	}
	born := d.born
	ended := func(spec algebra.Deployment, err error) {
		if !done && d.born == born {
			d.feed(finish(spec, err))
		}
	}
	d.mine(30*time.Second, func() { ended(algebra.Deployment{}, errors.New("the hub does not answer")) })
	d.carry(func() {
		if d.hubDown {
			return
		}
		raw, err := d.fleet.Ask(d.id, wire.Encode(wire.AskSpec{Device: d.id, Nonce: "n", Digest: e.Release.Deployment}))
		if err != nil {
			panic("sim: " + err.Error())
		}
		d.carry(func() {
			m, err := wire.Decode(raw)
			a, is := m.(wire.SpecAnswer)
			if err != nil || !is {
				ended(algebra.Deployment{}, errors.New("no such deployment"))
				return
			}
			ended(wire.OpenSpec(e.Release.Deployment, a.Spec))
		})
	})
}
