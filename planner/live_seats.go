package planner

import (
	"container/heap"
	"maps"
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// seats is a reality that changes device by device: a base in columns, and the devices that
// differ from it.
type seats struct {
	base  algebra.Reality // its maps are ours
	over  map[algebra.DeviceID]*seat
	apps  []algebra.App // of all slots that were ever reported, sorted
	known map[algebra.App]bool
}

// seat is a device that differs from the base.
type seat struct {
	gone      bool
	device    algebra.Device
	published map[algebra.App]algebra.Release
}

func newSeats(r algebra.Reality) *seats {
	r.Records, r.Slots, r.Specs = maps.Clone(r.Records), maps.Clone(r.Slots), maps.Clone(r.Specs)
	if r.Records == nil {
		r.Records = map[algebra.DeviceID]algebra.Record{}
	}
	if r.Slots == nil {
		r.Slots = map[algebra.Slot]algebra.SlotState{}
	}
	if r.Specs == nil {
		r.Specs = map[algebra.Digest]algebra.Deployment{}
	}
	s := &seats{base: r, over: map[algebra.DeviceID]*seat{}, known: map[algebra.App]bool{}}
	for at := range r.Slots {
		s.know(at.App)
	}
	return s
}

func (s *seats) know(app algebra.App) {
	if !s.known[app] {
		s.known[app] = true
		i, _ := slices.BinarySearchFunc(s.apps, app, algebra.App.Compare)
		s.apps = slices.Insert(s.apps, i, app)
	}
}

// device is a device of the registry.
func (s *seats) device(id algebra.DeviceID) (algebra.Device, bool) {
	if o := s.over[id]; o != nil {
		return o.device, !o.gone
	}
	i, ok := s.base.Roster.Ordinal(id)
	if !ok {
		return algebra.Device{}, false
	}
	return s.base.Roster.Device(i), true
}

func (s *seats) published(id algebra.DeviceID) map[algebra.App]algebra.Release {
	if o := s.over[id]; o != nil {
		return o.published
	}
	out := map[algebra.App]algebra.Release{}
	if i, ok := s.base.Published.Roster().Ordinal(id); ok {
		maps.Insert(out, s.base.Published.At(i))
	}
	return out
}

// own is the device's seat, to be changed.
func (s *seats) own(id algebra.DeviceID) *seat {
	o := s.over[id]
	if o == nil {
		device, known := s.device(id)
		o = &seat{gone: !known, device: device, published: s.published(id)}
		s.over[id] = o
	}
	return o
}

// reality is all there is, with the changes brought into the base.
func (s *seats) reality() algebra.Reality {
	if len(s.over) == 0 {
		return s.base
	}
	var delta algebra.Delta
	for id, o := range s.over {
		if o.gone {
			delta.Remove = append(delta.Remove, id)
		} else {
			delta.Put = append(delta.Put, o.device)
		}
	}
	roster, err := s.base.Roster.With(delta)
	if err != nil {
		panic("planner: " + err.Error()) // each device is there once
	}
	b := s.base.Published.On(roster).Placing()
	for id, o := range s.over {
		i, ok := roster.Ordinal(id)
		if !ok {
			continue
		}
		for _, app := range s.base.Published.Apps() {
			b.Put(i, app, algebra.Release{})
		}
		for app, rel := range o.published {
			b.Put(i, app, rel)
		}
	}
	s.base.Roster, s.base.Published = roster, b.Placement()
	clear(s.over)
	return s.base
}

// only is the reality of some devices.
func (s *seats) only(ids []algebra.DeviceID) algebra.Reality {
	var devices []algebra.Device
	for _, id := range ids {
		if d, ok := s.device(id); ok {
			devices = append(devices, d)
		}
	}
	roster, err := algebra.NewRoster(devices)
	if err != nil {
		panic("planner: " + err.Error()) // each device is there once
	}
	r := algebra.NewReality(roster, s.base.ObservedAt)
	r.Specs, r.Quarantine = s.base.Specs, s.base.Quarantine
	b := algebra.NewPlacing(roster)
	for _, id := range ids {
		if rec, ok := s.base.Records[id]; ok {
			r.Records[id] = rec
		}
		for _, app := range s.apps {
			at := algebra.Slot{Device: id, App: app}
			if state, ok := s.base.Slots[at]; ok {
				r.Slots[at] = state
			}
		}
		if i, ok := roster.Ordinal(id); ok {
			for app, rel := range s.published(id) {
				b.Put(i, app, rel)
			}
		}
	}
	r.Published = b.Placement()
	return r
}

// expiry is when an instant of a device stops to be recent for some rule.
type expiry struct {
	at     time.Time
	device algebra.DeviceID
}

// expiries is a heap, the earliest first.
type expiries []expiry

func (e expiries) Len() int           { return len(e) }
func (e expiries) Less(i, j int) bool { return e[i].at.Before(e[j].at) }
func (e expiries) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }

// Push is heap's.
func (e *expiries) Push(x any) { *e = append(*e, x.(expiry)) }

// Pop is heap's.
func (e *expiries) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// expiries are those of all devices.
func (s *seats) expiries(r *reads) expiries {
	var out expiries
	for _, age := range r.heardWithin {
		for id, rec := range s.base.Records {
			out = append(out, expiry{rec.Heard.Add(age), id})
		}
	}
	for _, age := range r.sinceWithin {
		for at, state := range s.base.Slots {
			out = append(out, expiry{state.Since.Add(age), at.Device})
		}
	}
	heap.Init(&out)
	return out
}
