package sim

import (
	"fmt"
	"maps"
	"slices"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/selectors"
)

// record is what the laws remember. It is kept apart from the store, and from what anybody thinks.
type record struct {
	// published are the sets that were ever written for a device.
	published map[algebra.DeviceID][]wire.Verified
	// awaits are the slots that have not run yet what was last published for them, with the generation
	// that says so.
	awaits map[algebra.DeviceID]map[algebra.App]uint64
	// approved are the plans that were reviewed.
	approved map[algebra.Digest]approval
	runs     map[string]wire.Run
	lease    wire.Lease
	fence    uint64
	// quiet are the batches that were published of a run since it was paused or cancelled, by run.
	quiet map[string]map[string]bool
	// apart is what was ever put in quarantine, by key.
	apart map[string]apart
}

// apart is what a run found to fail, and the fence that was in force as it was written.
type apart struct {
	wire.Quarantined
	fence uint64
}

func newRecord() record {
	return record{published: map[algebra.DeviceID][]wire.Verified{}, awaits: map[algebra.DeviceID]map[algebra.App]uint64{},
		approved: map[algebra.Digest]approval{}, runs: map[string]wire.Run{}, quiet: map[string]map[string]bool{},
		apart: map[string]apart{}}
}

func (r *record) current(id algebra.DeviceID) wire.Verified {
	if all := r.published[id]; len(all) > 0 {
		return all[len(all)-1]
	}
	return wire.Verified{}
}

// wrote judges a write as it has happened.
func (c *console) wrote(w executor.Write) {
	switch w := w.(type) {
	case executor.SetDesired:
		c.publishes(w.State)
	case executor.SetLease:
		c.fence = w.Lease.Fence
		if w.Lease.Fence < c.lease.Fence {
			c.wrong("one acts at a time", "the fence goes from %d back to %d", c.lease.Fence, w.Lease.Fence)
		}
		c.lease = w.Lease
	case executor.SetRun:
		before := c.life.runs[w.Run.ID]
		if before.Status.Ended() {
			c.wrong("an ended run stays so", "%s writes run %s, which had %s", c.name, w.Run.ID, before.Status)
		}
		if w.Run.Fence < before.Fence {
			c.wrong("one acts at a time", "%s writes run %s by fence %d, after %d has", c.name, w.Run.ID, w.Run.Fence, before.Fence)
		}
		if decided := before.Status == wire.RunPaused || before.Status == wire.RunCancelling; decided && w.Run.Status == wire.RunActive && !c.orders {
			c.wrong("who pauses or cancels has the last word", "%s writes run %s active again, which was %s", c.name, w.Run.ID, before.Status)
		}
		if before.Status != w.Run.Status {
			c.met["run "+w.Run.Status.String()]++
			c.say("%s: run %s is %s %s", c.name, w.Run.ID, w.Run.Status, w.Run.Reason)
		}
		for i, lane := range w.Run.Lanes {
			if i >= len(before.Lanes) || before.Lanes[i].State != lane.State {
				c.met["lane "+lane.State.String()]++
				c.say("%s: run %s, lane %d is %s %s", c.name, w.Run.ID, i, lane.State, lane.Reason)
			}
		}
		if w.Run.Status == wire.RunActive {
			delete(c.quiet, w.Run.ID)
		}
		c.life.runs[w.Run.ID] = w.Run
	case executor.SetQuarantine:
		c.met["quarantined"]++
		c.say("%s: %s@%s is in quarantine: %t", c.name, w.Record.App, w.Record.Version, !w.Record.Lifted)
		c.apart[wire.QuarantineKey(w.Record)] = apart{w.Record, c.lease.Fence}
	case executor.SetWorld, executor.SetEntry, executor.PutSpec, executor.PutPlan:
	}
}

// publishes judges a desired state as it is published.
func (c *console) publishes(v wire.Verified) {
	next := v.State()
	id := next.Device
	before := c.current(id).State()
	c.say("%s: publishes to %s generation %d: %s", c.name, id, next.Generation, shown(next))
	if c.halted {
		c.wrong("a halt stops publishing", "%s publishes to %s", c.name, id)
	}
	if next.Generation <= before.Generation {
		c.wrong("generations grow", "%s publishes generation %d to %s after %d", c.name, next.Generation, id, before.Generation)
	}
	if announced, _ := selectors.ExpandNodes(c.lease.Intent); !slices.Contains(announced, id.String()) {
		c.wrong("what is published was announced", "%s publishes to %s, and the lease says %q", c.name, id, c.lease.Intent)
	}
	if changed := c.unapproved(before, next); changed != "" {
		c.wrong("no action without an approval", "%s publishes %s to %s, which no approved plan says", c.name, changed, id)
	}
	c.published[id] = append(c.published[id], v)
	c.republish(v)
	if maps.Equal(before.Releases(), next.Releases()) {
		return // it only makes sure that nothing older comes
	}
	if c.fence < c.record.fence {
		c.wrong("one acts at a time", "%s publishes to %s by fence %d, after %d has", c.name, id, c.fence, c.record.fence)
	}
	c.record.fence = max(c.record.fence, c.fence)
	c.expect(before, next)
	c.beside(next)
	c.places(before, next)
	c.obeys(next.Plan)
}

// expect notes the slots that a set fills otherwise than the one before.
func (r *record) expect(before, next wire.DesiredState) {
	awaits := r.awaits[next.Device]
	if awaits == nil {
		awaits = map[algebra.App]uint64{}
		r.awaits[next.Device] = awaits
	}
	had, want := before.Releases(), next.Releases()
	for _, app := range []algebra.App{web, log, aux} {
		if want[app].IsZero() {
			delete(awaits, app)
		} else if want[app] != had[app] {
			awaits[app] = next.Generation
		}
	}
}

// obeys judges that a run which somebody paused or cancelled publishes no more than the batch that
// was on its way. A plan that is run again is its last run's.
func (c *console) obeys(plan algebra.Digest) {
	for _, r := range c.life.runs {
		if r.Plan == plan && r.Status == wire.RunActive {
			return
		}
	}
	for id, r := range c.life.runs {
		if r.Plan != plan {
			continue
		}
		if c.quiet[id] == nil {
			c.quiet[id] = map[string]bool{}
		}
		c.quiet[id][fmt.Sprint(c.name, " ", c.decisions)] = true
		if len(c.quiet[id]) > 1 {
			c.wrong("a paused run publishes nothing", "%s publishes of run %s, which is %s", c.name, id, r.Status)
		}
	}
}

// republish has the broker pass a set on to its device.
func (c *console) republish(v wire.Verified) {
	for _, d := range c.devices {
		if d.id == v.State().Device {
			d.carry(func() { d.feed(agent.Offered{Raw: v.Raw()}) })
		}
	}
}
