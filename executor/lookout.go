package executor

import (
	"cmp"
	"maps"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
)

// lookout sees the fleet as a run does: it keeps the records, and the scene that follows from
// them, device by device as news come in.
type lookout struct {
	records Records
	scene   rollout.Scene
	keys    wire.Keyring
	plan    algebra.Digest
	base    map[algebra.DeviceID]planner.Base
	labels  map[algebra.DeviceID]map[string]string // as the plan leaves them
	opened  map[algebra.DeviceID]opened
	// fresh are the devices looked at since the last at, some more than once; the others change at
	// silent by themselves.
	fresh  []algebra.DeviceID
	silent time.Time
}

func newLookout(records Records, keys wire.Keyring) *lookout {
	l := &lookout{keys: keys, opened: map[algebra.DeviceID]opened{}}
	l.replace(records)
	return l
}

// follow has the lookout see the fleet as a run of this plan does. What was opened stays so.
func (l *lookout) follow(digest algebra.Digest, plan planner.Plan) {
	l.plan, l.base, l.labels = digest, plan.Base, map[algebra.DeviceID]map[string]string{}
	for _, c := range plan.Registry {
		l.labels[c.Device] = c.After
	}
	l.replace(l.records)
}

// replace takes records that were read anew.
func (l *lookout) replace(records Records) {
	l.records = records
	l.silent = time.Time{}
	l.scene = rollout.Scene{Devices: make(map[algebra.DeviceID]rollout.Sight, len(records.Devices)), Zone: time.LoadLocation}
	openAll(records.Devices, l.keys, l.opened)
	for id, d := range records.Devices {
		l.look(id, d)
	}
}

// hear takes news in.
func (l *lookout) hear(c Change) {
	l.records.put(c)
	if !c.Device.IsZero() {
		l.look(c.Device, l.records.Devices[c.Device])
	}
}

// put notes what was published to a device.
func (l *lookout) put(id algebra.DeviceID, v wire.Verified, revision uint64, at time.Time) {
	d := l.records.Devices[id]
	d.Desired = Kept[[]byte]{v.Raw(), revision, at}
	l.records.Devices[id] = d
	l.opened[id] = opened{revision, v, nil}
	l.see(id, d, v, nil)
}

// desired is what is known of a device, and what is published to it, zero if nothing is.
func (l *lookout) desired(id algebra.DeviceID) (Device, wire.Verified, error) {
	d := l.records.Devices[id]
	v, err := l.open(id, d.Desired)
	return d, v, err
}

func (l *lookout) open(id algebra.DeviceID, raw Kept[[]byte]) (wire.Verified, error) {
	if raw.Revision == 0 {
		return wire.Verified{}, nil
	}
	if o := l.opened[id]; o.revision == raw.Revision {
		return o.state, o.err
	}
	v, err := wire.Open(raw.Value, id, l.keys)
	l.opened[id] = opened{raw.Revision, v, err}
	return v, err
}

// look derives the sight of a device anew from what is known of it.
func (l *lookout) look(id algebra.DeviceID, d Device) {
	v, err := l.open(id, d.Desired)
	l.see(id, d, v, err)
}

func (l *lookout) see(id algebra.DeviceID, d Device, v wire.Verified, err error) {
	s := rollout.Sight{Device: algebra.Device{ID: id, Labels: d.Entry.Value.Labels, Facts: d.Info.Value.Facts},
		Apps: l.scene.Devices[id].Apps, At: d.Desired.At}
	if s.Apps == nil {
		s.Apps = make(map[algebra.App]rollout.AppSight, max(len(d.States), len(v.State().Apps)))
	}
	clear(s.Apps)
	if err == nil && !v.IsZero() {
		s.Ours = v.State().Plan == l.plan
		for app, set := range v.State().Apps {
			s.Apps[app] = rollout.AppSight{Published: set.Release()}
		}
	}
	for app, said := range d.States {
		a := s.Apps[app]
		a.Running, a.Phase, a.Error = said.Value.Running.Release(), said.Value.Phase, said.Value.LastError
		since := v.State().Apps[app].Since
		a.Current = !v.IsZero() && said.Value.Wanted >= cmp.Or(since, v.State().Generation)
		a.Old = said.Value.Wanted < since
		s.Apps[app] = a
	}
	if base, target := l.base[id]; target {
		labels, relabelled := l.labels[id]
		kept := d.Entry.Revision == base.Registry || relabelled && maps.Equal(d.Entry.Value.Labels, labels)
		s.Moved = err != nil || !kept || d.Desired.Revision != base.Desired && !s.Ours
	}
	l.scene.Devices[id] = s
	l.fresh = append(l.fresh, id)
}

// at is the scene at a time. It shares memory: the next news change it. All devices are gone
// through only when one of them may have been silent for too long, or the clock was set back.
func (l *lookout) at(now time.Time) rollout.Scene {
	before := l.scene.At
	l.scene.At = now
	if now.Before(l.silent) && !now.Before(before) {
		for _, id := range l.fresh {
			l.hearken(id, now)
		}
	} else {
		l.silent = now.Add(algebra.OnlineWithin)
		for id := range l.scene.Devices {
			l.hearken(id, now)
		}
	}
	l.fresh = l.fresh[:0]
	return l.scene
}

// hearken finds out whether a device is online, and how long it can be taken to be.
func (l *lookout) hearken(id algebra.DeviceID, now time.Time) {
	heard := l.records.Devices[id].Heard()
	online := algebra.Record{Heard: heard}.Online(now)
	if ends := heard.Add(algebra.OnlineWithin); online && ends.Before(l.silent) {
		l.silent = ends
	}
	if s := l.scene.Devices[id]; s.Online != online {
		s.Online = online
		l.scene.Devices[id] = s
	}
}
