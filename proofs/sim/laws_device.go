package sim

import (
	"slices"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// judge looks at all devices, after each event.
func (l *life) judge() {
	for _, d := range l.devices {
		ports := map[uint16]algebra.App{}
		for _, app := range []algebra.App{web, log, aux} {
			all := d.slots[app]
			if len(all) > 1 {
				d.wrong("one deployment an app", "%s runs %s and %s of %s", d.id, all[0].Release.Version, all[1].Release.Version, app)
			}
			for _, i := range all {
				port := i.spec.Spec().Podman.Containers[0].Ports[0].Host
				if other, taken := ports[port]; taken && other != app {
					d.wrong("stop before start", "%s and %s hold port %d of %s", other, app, port, d.id)
				}
				ports[port] = app
			}
		}
		if g, before := d.state.Generation(), d.known.State().Generation; g < before {
			d.wrong("a stale generation never wins", "%s is at generation %d after %d", d.id, g, before)
		}
		d.settles()
	}
}

// settles notes which slots have come to run what is published for them.
func (d *device) settles() {
	awaits := d.awaits[d.id]
	if len(awaits) == 0 {
		return
	}
	want := d.current(d.id).State().Apps
	for app, since := range awaits {
		all := d.slots[app]
		if d.state.Generation() >= since && len(all) == 1 && all[0].Release == want[app].Release() && all[0].Phase == algebra.Running {
			delete(awaits, app)
		}
	}
}

// accepts judges a set as it is put in force on a device's disk.
func (d *device) accepts(v wire.Verified) {
	if v.State().Generation <= d.known.State().Generation {
		d.wrong("a stale generation never wins", "%s takes generation %d after %d", d.id, v.State().Generation, d.known.State().Generation)
	}
	if !slices.ContainsFunc(d.published[d.id], func(p wire.Verified) bool { return p.Digest() == v.Digest() }) {
		d.wrong("only what an operator signed counts", "%s takes a set that was never published to it", d.id)
	}
	d.known = v
}

// starts judges a start as it is asked for.
func (d *device) starts(e agent.Start) {
	if want := d.disk.Accepted.State().Releases()[e.App]; want != e.Release {
		d.wrong("what is not assigned never runs", "%s starts %s, and its set has %q", d.id, e.Deployment, want.Version)
	}
}

// stops judges a stop as it is asked for.
func (d *device) stops(app algebra.App) {
	set, all := d.disk.Accepted, d.slots[app]
	if set.IsZero() {
		d.wrong("absence stops nothing", "%s stops %s, and nothing was ever ordered", d.id, app)
		return
	}
	want, wants := set.State().Releases()[app]
	switch {
	case len(all) != 1:
	case !wants && d.disk.Veto && d.allowed[app] != change{have: all[0].Release}:
		d.wrong("who may veto is asked", "%s stops %s@%s, and nobody was asked", d.id, app, all[0].Release.Version)
	case !wants:
	case all[0].Release == want && all[0].Phase != algebra.Failed:
		d.wrong("absence stops nothing", "%s stops %s@%s, which runs as its set says", d.id, app, want.Version)
	case all[0].Release != want && d.disk.Veto && d.allowed[app] != change{all[0].Release, want}:
		d.wrong("who may veto is asked", "%s stops %s@%s for %q, and nobody was asked", d.id, app, all[0].Release.Version, want.Version)
	case all[0].Release != want && !d.prepared[want.Deployment]:
		d.wrong("what follows is fetched first", "%s stops %s@%s, and %s is not there", d.id, app, all[0].Release.Version, want.Version)
	}
}
