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
	records Records // those of devices are in devices
	devices map[algebra.DeviceID]*watched
	scene   rollout.Scene
	keys    wire.Keyring
	run     string
	plan    algebra.Digest
	wants   map[rollout.Failing]bool // what the plan places
	base    map[algebra.DeviceID]planner.Base
	labels  map[algebra.DeviceID]map[string]string // as the plan leaves them
	// fresh are the devices looked at since the last at, some more than once; the others change at
	// silent by themselves.
	fresh  []*watched
	silent time.Time
}

// watched is a device with all that a run knows of it. The scene shares its sight.
type watched struct {
	Device
	opened opened // its Desired
	sight  rollout.Sight
	base   planner.Base
	target bool // the plan has a base of it
}

func newLookout(records Records, keys wire.Keyring) *lookout {
	n := len(records.Devices)
	l := &lookout{keys: keys, devices: make(map[algebra.DeviceID]*watched, n),
		scene: rollout.Scene{Devices: make(map[algebra.DeviceID]*rollout.Sight, n), Zone: time.LoadLocation}}
	l.replace(records)
	return l
}

// follow has the lookout see the fleet as this run of the plan does.
func (l *lookout) follow(run string, digest algebra.Digest, plan planner.Plan) {
	l.run, l.plan, l.base, l.labels = run, digest, plan.Base, map[algebra.DeviceID]map[string]string{}
	for _, c := range plan.Registry {
		l.labels[c.Device] = c.After
	}
	l.wants = map[rollout.Failing]bool{}
	for _, c := range plan.Changes {
		if _, want := rollout.Ends(c.Action); !want.IsZero() {
			l.wants[rollout.Failing{App: c.Action.Target().App, Deployment: want.Deployment}] = true
		}
	}
	l.setApart()
	for id, d := range l.devices {
		d.base, d.target = l.base[id]
		l.look(d)
	}
}

// setApart finds out where what the plan places is in quarantine. What the run itself found is left
// to its own lanes, which are rolled back.
func (l *lookout) setApart() {
	l.scene.Apart = map[algebra.DeviceID][]rollout.Failing{}
	for _, kept := range l.records.Quarantine {
		q := kept.Value
		failing := rollout.Failing{App: q.App, Deployment: q.Digest}
		if q.Lifted || q.Run == l.run || !l.wants[failing] {
			continue
		}
		ids, err := unfold(q.Devices)
		if err != nil {
			continue // it keeps no planner from anything either, which says so
		}
		for _, id := range ids {
			l.scene.Apart[id] = append(l.scene.Apart[id], failing)
		}
	}
}

// replace takes records that were read anew. What was opened stays so.
func (l *lookout) replace(records Records) {
	for id := range l.devices {
		if _, still := records.Devices[id]; !still {
			delete(l.devices, id)
			delete(l.scene.Devices, id)
		}
	}
	all := make([]*watched, 0, len(records.Devices))
	for id, known := range records.Devices {
		d := l.device(id)
		d.Device = known
		all = append(all, d)
	}
	l.silent, l.fresh = time.Time{}, nil
	records.Devices = nil
	l.records = records
	l.setApart()
	onAllCores(len(all), func(i int) { l.open(all[i]) })
	for _, d := range all {
		l.look(d)
	}
}

// device is the one of that id, from now on if it was not known.
func (l *lookout) device(id algebra.DeviceID) *watched {
	d := l.devices[id]
	if d == nil {
		d = &watched{sight: rollout.Sight{Device: algebra.Device{ID: id}}}
		d.base, d.target = l.base[id]
		l.devices[id], l.scene.Devices[id] = d, &d.sight
	}
	return d
}

// known are the records of a device, none if it has none.
func (l *lookout) known(id algebra.DeviceID) Device {
	if d := l.devices[id]; d != nil {
		return d.Device
	}
	return Device{}
}

// hear takes news in.
func (l *lookout) hear(c Change) {
	if c.Device.IsZero() {
		l.records.take(c, nil)
		if _, is := c.Message.(wire.Quarantined); is { // by who was overtaken, and wrote it still
			l.setApart()
		}
		return
	}
	d := l.device(c.Device)
	l.records.take(c, &d.Device)
	l.open(d)
	l.look(d)
}

// put notes what was published to a device.
func (l *lookout) put(v wire.Verified, revision uint64, at time.Time) {
	d := l.device(v.State().Device)
	d.Desired = Kept[[]byte]{v.Raw(), revision, at}
	d.opened = opened{revision, v, nil}
	l.look(d)
}

// desired is what is known of a device, and what is published to it, zero if nothing is.
func (l *lookout) desired(id algebra.DeviceID) (Device, wire.Verified, error) {
	if d := l.devices[id]; d != nil {
		return d.Device, d.opened.state, d.opened.err
	}
	return Device{}, wire.Verified{}, nil
}

// open makes sure that what is published to a device was opened. Its bytes are kept once.
func (l *lookout) open(d *watched) {
	d.opened.open(d.sight.Device.ID, d.Desired, l.keys)
	if !d.opened.state.IsZero() {
		d.Desired.Value = d.opened.state.Raw()
	}
}

// look derives the sight of a device anew from what is known of it.
func (l *lookout) look(d *watched) {
	s, published := &d.sight, d.opened.state.State()
	s.Device.Labels, s.Device.Facts, s.At = d.Entry.Value.Labels, d.Info.Value.Facts, d.Desired.At
	s.Ours = !d.opened.state.IsZero() && published.Plan == l.plan
	s.Apps = s.Apps[:0]
	for app, set := range published.Apps {
		s.Apps = append(s.Apps, rollout.AppSight{App: app, Published: set.Release()})
	}
	for app, said := range d.States {
		a := s.See(app)
		a.Running, a.Phase, a.Error = said.Value.Running.Release(), said.Value.Phase, said.Value.LastError
		since := published.Apps[app].Since
		a.Current = !d.opened.state.IsZero() && said.Value.Wanted >= cmp.Or(since, published.Generation)
		a.Old = said.Value.Wanted < since
	}
	s.Moved = false
	if d.target {
		labels, relabelled := l.labels[s.Device.ID]
		kept := d.Entry.Revision == d.base.Registry || relabelled && maps.Equal(d.Entry.Value.Labels, labels)
		s.Moved = d.opened.err != nil || !kept || d.Desired.Revision != d.base.Desired && !s.Ours
	}
	l.fresh = append(l.fresh, d)
}

// at is the scene at a time. It shares memory: the next news change it. All devices are gone
// through only when one of them may have been silent for too long, or the clock was set back.
func (l *lookout) at(now time.Time) rollout.Scene {
	before := l.scene.At
	l.scene.At = now
	if now.Before(l.silent) && !now.Before(before) {
		for _, d := range l.fresh {
			l.hearken(d, now)
		}
	} else {
		l.silent = now.Add(algebra.OnlineWithin)
		for _, d := range l.devices {
			l.hearken(d, now)
		}
	}
	l.fresh = l.fresh[:0]
	return l.scene
}

// hearken finds out whether a device is online, and how long it can be taken to be.
func (l *lookout) hearken(d *watched, now time.Time) {
	heard := d.Heard()
	d.sight.Online = algebra.Record{Heard: heard}.Online(now)
	if ends := heard.Add(algebra.OnlineWithin); d.sight.Online && ends.Before(l.silent) {
		l.silent = ends
	}
}
