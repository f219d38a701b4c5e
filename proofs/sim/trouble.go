package sim

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
)

// schedule has the faults happen that do not hang on a message or a call, by dice thrown every few
// seconds.
func (l *life) schedule() {
	if l.chance.quiet {
		return
	}
	l.after(l.chance.takes(4*time.Second), func() {
		if l.chance.quiet {
			return
		}
		for _, d := range l.devices {
			d.trouble()
		}
		for _, o := range l.operators {
			o.trouble()
		}
		l.people()
		l.schedule()
	})
}

func (d *device) trouble() {
	switch {
	case d.chance.hits(AgentCrash, 40):
		d.boot()
	case d.chance.hits(Partition, 60):
		d.cut(d.chance.long(Partition, 4*time.Minute))
	case d.chance.hits(ClockJump, 60):
		d.clock += time.Duration(d.chance.of(ClockJump, 14400)-7200) * time.Second
		d.say("has a clock that is %s ahead", d.clock)
	case d.chance.hits(Death, 60):
		d.dies()
	case d.chance.hits(Forgery, 40):
		d.forged()
	case d.chance.hits(Hold, 80):
		d.hold("by the door")
		d.after(d.chance.long(Hold, 3*time.Minute), func() { d.hold("") })
	}
}

func (d *device) hold(reason string) {
	if d.disk.Held == reason {
		return
	}
	d.disk.Held = reason
	d.say("is held: %q", reason)
	d.feed(agent.Held{Reason: reason})
}

// cut is a device out of reach for a while. As it is back, it asks.
func (d *device) cut(long time.Duration) {
	if d.away {
		return
	}
	d.away = true
	d.say("is cut off")
	d.after(long, d.back)
}

func (d *device) back() {
	if d.away {
		d.away = false
		d.say("is back")
		d.feed(agent.Repeat{})
		d.ask()
	}
}

// dies ends something that runs, or removes it, and now and then nobody tells the agent.
func (d *device) dies() {
	for _, app := range []algebra.App{web, log, aux} {
		if len(d.slots[app]) != 1 || d.chance.of(Death, 2) == 0 || d.busy(app) {
			continue
		}
		if d.chance.of(Death, 3) == 0 {
			delete(d.slots, app)
			d.say("lost %s", app)
		} else {
			d.slots[app][0].Phase, d.slots[app][0].Detail = algebra.Failed, "killed"
			d.say("%s is killed", app)
		}
		if d.chance.of(Death, 4) > 0 {
			d.feed(agent.Changed{App: app})
		}
		return
	}
}

// forged offers what must not count: newer than all, and signed by another, or for another.
func (d *device) forged() {
	s := wire.DesiredState{Device: d.id, Generation: d.state.Generation() + 3, Previous: algebra.DigestOf(nil), Apps: map[algebra.App]wire.App{}}
	key := ed25519.NewKeyFromSeed([]byte("another key, of 32 bytes exactly"))
	raw := []byte(nil)
	switch d.chance.of(Forgery, 4) {
	case 0: // of somebody else's device
		s.Device, key = algebra.MustDeviceID("d0.example.org"), d.key
	case 1: // tampered with: another payload under a good signature
		if good := d.published[d.id]; len(good) > 0 {
			raw = slices.Clone(good[len(good)-1].Raw())
			raw[len(raw)/3] ^= 1
		}
	case 2:
		raw = []byte(`{"kind":"Signed"}`)
	}
	if raw == nil {
		raw = signed(key, s).Raw()
	}
	d.say("is offered a forgery")
	d.feed(agent.Offered{Raw: raw})
}

func (o *person) trouble() {
	if !o.alive() {
		return
	}
	switch {
	case o.chance.hits(OperatorKill, 60):
		o.at.kill("")
	case o.chance.hits(OperatorSlow, 40):
		o.at.still = o.now + o.chance.long(OperatorSlow, 90*time.Second)
		o.say("%s: stands still until %.0f", o.at.name, o.at.still.Seconds())
	case o.chance.hits(LostFeed, 60):
		o.say("%s: loses its connection", o.at.name)
		o.at.lose()
	case o.chance.hits(ClockJump, 100):
		o.clock = time.Duration(o.chance.of(ClockJump, 240)-120) * time.Second
		o.at.skew.Store(int64(o.clock))
		o.say("%s: its clock is %s ahead", o.at.name, o.clock)
	}
}

// people is what people do, and what becomes of the hub.
func (l *life) people() {
	if l.chance.hits(NewWorld, 25) {
		l.change(drawWanted(l.chance.dice[NewWorld], len(l.worlds)+1), l.chance.of(NewWorld, 3) == 0)
	}
	if l.chance.hits(Relabel, 30) {
		l.relabel()
	}
	if len(l.devices) < mostDevices && l.chance.hits(Join, 40) {
		l.join()
	}
	if !l.hubDown && l.chance.hits(HubDown, 40) {
		l.hubDown = true
		l.say("the hub is down")
		l.after(l.chance.long(HubDown, 2*time.Minute), l.hubUp)
	}
	if !l.halted && l.chance.hits(Halt, 60) {
		l.halted = true
		l.say("publishing is halted")
		l.after(l.chance.long(Halt, 2*time.Minute), l.resume)
	}
	if l.chance.hits(Orders, 20) {
		l.interfere()
	}
}

func (l *life) hubUp() {
	l.hubDown = false
	l.say("the hub is up")
}

func (l *life) resume() {
	l.halted = false
	l.say("publishing goes on")
}

// change puts another World in the hands of the operators.
func (l *life) change(w wanted, isBad bool) {
	l.worlds = append(l.worlds, w)
	for _, c := range l.consoles {
		c.behind = true
	}
	if isBad {
		l.bad[algebra.DeploymentRef{App: web, Version: algebra.MustVersion(fmt.Sprint(w.web))}] = bad(l.chance.life.IntN(3))
	}
	l.say("the World is a new one: web %d, log %d, aux %d, bad: %t", w.web, w.log, w.aux, isBad)
}

// relabel gives the label log to a device, or takes it away.
func (l *life) relabel() {
	d := l.devices[l.chance.of(Relabel, len(l.devices))]
	labels := maps.Clone(d.labels)
	if labels["log"] != "" {
		delete(labels, "log")
	} else {
		labels["log"] = "yes"
	}
	l.say("%s is relabelled: %v", d.id, labels)
	d.register(labels)
	l.spread()
}

// mostDevices is how many a fleet grows to.
const mostDevices = 7

// join has a device more in the fleet, that comes up after a while.
func (l *life) join() {
	d := l.enrol()
	l.say("%s joins: %v", d.id, d.labels)
	l.spread()
	l.after(l.chance.long(Join, time.Minute), d.boot)
}

// interfere is a third person, who gives an order for no reason.
func (l *life) interfere() {
	for _, id := range slices.Sorted(maps.Keys(l.runs)) {
		if l.runs[id].Status.Ended() {
			if l.chance.of(Orders, 4) == 0 {
				l.third("retries "+id, func(ctx context.Context, c *console) error {
					_, err := executor.Retry(ctx, c, id)
					return err
				})
				return
			}
			continue
		}
		e := []rollout.Event{rollout.Pause{By: "eve"}, rollout.Pause{By: "eve"}, rollout.Resume{By: "eve"}, rollout.Approve{By: "eve"}, rollout.Undo{By: "eve"}, rollout.Cancel{By: "eve"}}[l.chance.of(Orders, 6)]
		l.third(fmt.Sprintf("orders %T of %s", e, id), func(ctx context.Context, c *console) error { return c.order(ctx, id, e) })
		return
	}
}

func (l *life) third(what string, run func(context.Context, *console) error) {
	l.process(fmt.Sprintf("eve-%d", l.events), what, 0, run, func() {})
}

// calm ends all faults and mends what they left.
func (l *life) calm() {
	l.chance.quiet = true
	l.say("faults end")
	l.hubUp()
	l.resume()
	for _, d := range l.devices {
		d.hold("")
		d.back()
	}
	for _, o := range l.operators {
		o.clock = 0
		if o.at != nil {
			o.at.skew.Store(0)
		}
	}
}

// last puts in force the World that all must come to stand as: of nothing in it any run has found
// that it fails.
func (l *life) last() {
	w := drawWanted(l.chance.life, len(l.worlds)+2)
	w.web = 1000
	if w.log > 0 {
		w.log += 999
	}
	if w.aux > 0 {
		w.aux += 999
	}
	l.change(w, l.chance.life.IntN(4) == 0)
}
