package sim

import (
	"errors"
	"fmt"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
)

// bad is how a version fares that does not work.
type bad uint8

const (
	noImage  bad = iota // it cannot be had
	noStart             // it does not come up
	noHealth            // it comes up, and fails soon
)

func (d *device) seen() map[algebra.App]agent.Observed {
	seen := map[algebra.App]agent.Observed{}
	for app, all := range d.slots {
		if len(all) > 0 {
			seen[app] = all[0].Observed
		}
	}
	return seen
}

// failing is the error of a call by a fault, or by the version that it is about.
func (d *device) failing(f Fault, once int, spec algebra.Deployment) error {
	if how, is := d.bad[spec.Ref()]; is && (how == noImage) == (f == NoImage) && how != noHealth {
		return fmt.Errorf("%s does not work", spec)
	}
	if d.chance.hits(f, once) {
		return errors.New(f.String())
	}
	return nil
}

func (d *device) start(e agent.Start) {
	d.starts(e)
	d.task(d.chance.takes(time.Second), func() agent.Event {
		err := d.failing(FailedStart, 8, e.Deployment)
		if err == nil {
			o := agent.Observed{Release: e.Release, Phase: algebra.Running}
			d.slots[e.App] = append(d.slots[e.App], instance{o, e.Deployment})
			d.met["started"]++
			d.say("runs %s", e.Deployment)
			if how, is := d.bad[e.Deployment.Ref()]; is && how == noHealth {
				d.after(4*time.Second, func() { d.die(e.App, e.Release, "health check failed") })
			}
		}
		return agent.Started{App: e.App, Release: e.Release, Err: err}
	})
}

func (d *device) stop(e agent.Stop) {
	d.stops(e.App)
	d.task(d.chance.takes(500*time.Millisecond), func() agent.Event {
		if d.chance.hits(FailedStart, 12) {
			return agent.Stopped{App: e.App, Err: errors.New("it does not stop")}
		}
		if len(d.slots[e.App]) > 0 {
			d.say("stopped %s", e.App)
		}
		delete(d.slots, e.App)
		return agent.Stopped{App: e.App}
	})
}

// die ends what runs in a slot, if it is still that.
func (d *device) die(app algebra.App, r algebra.Release, why string) {
	all := d.slots[app]
	if len(all) != 1 || all[0].Release != r || all[0].Phase != algebra.Running {
		return
	}
	all[0].Phase, all[0].Detail = algebra.Failed, why
	d.say("%s@%s fails: %s", app, r.Version, why)
	d.feed(agent.Changed{App: app})
}
