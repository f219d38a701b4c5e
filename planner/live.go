package planner

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/musterfleet/muster/algebra"
)

// Live is a plan that follows what happens: it takes deltas and gives back which devices have
// another part of the plan now.
//
// Law: after any deltas Plan is Make of the World and the reality as they have become.
//
// It rests on the locality of plans: a device's part is the plan of that device alone, so
// Make runs on the devices that a delta can concern and on no others. Which these are, the keys
// that the rules read tell; an age that a rule asks for is noted with the time at which it
// passes. So what a delta costs follows the devices it concerns and the size of the World.
// Another World costs a set operation for each rule that differs, besides. A Live serves one
// goroutine at a time.
type Live struct {
	world  algebra.World
	digest algebra.Digest
	docs   map[algebra.DeviceID]algebra.DeclaredDevice
	reads  *reads
	seen   *seats
	ages   expiries
	parts  map[algebra.DeviceID]Part // those planned anew, and those of the first plan that say anything
	first  Plan
	rest   int // slots at rest
}

// Part is what a plan says of one device. Changes have no ids and no waves, which only a whole
// plan has; Requires names changes of the part by their place in it.
type Part struct {
	Registry []algebra.Relabelling
	Changes  []Change
	Blocked  []Blocked
	InFlight []InFlight
	Drift    []Drift
	AtRest   []algebra.App
	base     Base
}

// News is a device whose part of the plan changed.
type News struct {
	Device        algebra.DeviceID
	Before, After Part
}

// NewLive starts from a World and a reality. It plans all once.
func NewLive(w algebra.World, r algebra.Reality) *Live {
	l := &Live{seen: newSeats(r)}
	l.declare(w)
	l.begin()
	return l
}

// begin plans everything.
func (l *Live) begin() {
	r := l.seen.reality()
	l.first = newMaking(l.world, r).local(l.digest)
	l.parts, l.rest = byDevice(l.first), l.first.Unchanged
	l.ages = l.seen.expiries(l.reads)
}

// declare takes a World over.
func (l *Live) declare(w algebra.World) {
	l.world, l.digest = w, w.Digest()
	l.docs = map[algebra.DeviceID]algebra.DeclaredDevice{}
	for _, d := range w.Devices {
		l.docs[d.ID] = d
	}
	l.reads = readsOf(append(demands(w), claimed(w)...)...)
	for _, d := range w.Deployments {
		l.reads.takes(d.Deployment)
	}
}

// Apply takes deltas, in their order, and tells the devices whose part of the plan is another
// now, by id.
func (l *Live) Apply(deltas ...Delta) []News {
	dirty := map[algebra.DeviceID]bool{}
	all := false
	for _, d := range deltas {
		all = l.take(d, dirty) || all
	}
	if all {
		return l.everything()
	}
	ids := slices.SortedFunc(maps.Keys(dirty), algebra.DeviceID.Compare)
	if len(ids) == 0 {
		return nil
	}
	w := l.world
	w.Devices = nil
	for _, id := range ids {
		if doc, ok := l.docs[id]; ok {
			w.Devices = append(w.Devices, doc)
		}
	}
	now := byDevice(newMaking(w, l.seen.only(ids)).local(l.digest))
	var news []News
	for _, id := range ids {
		before, after := l.part(id), now[id]
		l.parts[id] = after
		l.rest += len(after.AtRest) - len(before.AtRest)
		if !reflect.DeepEqual(before, after) {
			news = append(news, News{id, before, after})
		}
	}
	return news
}

// everything plans anew, where a delta concerns who knows what.
func (l *Live) everything() []News {
	before := maps.Clone(l.parts)
	old := *l
	l.begin()
	ids := maps.Clone(l.parts)
	maps.Copy(ids, before)
	var news []News
	for _, id := range slices.SortedFunc(maps.Keys(ids), algebra.DeviceID.Compare) {
		old.parts = before
		if x, y := old.part(id), l.part(id); !reflect.DeepEqual(x, y) {
			news = append(news, News{id, x, y})
		}
	}
	return news
}

// part is what the plan says of a device.
func (l *Live) part(id algebra.DeviceID) Part {
	if p, ok := l.parts[id]; ok {
		return p
	}
	var p Part
	if i, ok := l.first.Roster.Ordinal(id); ok {
		p.AtRest = l.first.restingAt(i)
	}
	return p
}

// restingAt are the apps at rest on a device.
func (p Plan) restingAt(i uint32) []algebra.App {
	var apps []algebra.App
	for app, on := range p.resting {
		if on.Contains(i) {
			apps = append(apps, app)
		}
	}
	slices.SortFunc(apps, algebra.App.Compare)
	return apps
}

// byDevice is a plan device by device; those with nothing but slots at rest are left out unless
// the plan is of few devices.
func byDevice(p Plan) map[algebra.DeviceID]Part {
	out := map[algebra.DeviceID]Part{}
	edit := func(id algebra.DeviceID, change func(*Part)) {
		part, ok := out[id]
		if !ok {
			part.base = p.Base[id]
			if i, known := p.Roster.Ordinal(id); known {
				part.AtRest = p.restingAt(i)
			}
		}
		change(&part)
		out[id] = part
	}
	for _, c := range p.Registry {
		edit(c.Device, func(q *Part) { q.Registry = append(q.Registry, c) })
	}
	place := map[string]string{}
	for _, c := range p.Changes {
		edit(c.Action.Target().Device, func(q *Part) {
			place[c.ID] = strconv.Itoa(len(q.Changes))
			q.Changes = append(q.Changes, c)
		})
	}
	for _, part := range out {
		for i := range part.Changes {
			c := &part.Changes[i]
			c.ID, c.Requires = "", slices.Clone(c.Requires)
			for j, id := range c.Requires {
				c.Requires[j] = place[id]
			}
		}
	}
	for _, b := range p.Blocked {
		edit(b.At.Device, func(q *Part) { q.Blocked = append(q.Blocked, b) })
	}
	for _, s := range p.InFlight {
		edit(s.At.Device, func(q *Part) { q.InFlight = append(q.InFlight, s) })
	}
	for _, d := range p.Drift {
		edit(d.At.Device, func(q *Part) { q.Drift = append(q.Drift, d) })
	}
	if p.Roster.Len() <= fewDevices {
		for id := range p.Roster.All().IDs() {
			edit(id, func(*Part) {})
		}
	}
	return out
}

// fewDevices is how many a plan may have for byDevice to list all of them.
const fewDevices = 1 << 16

// Plan is the whole plan. It costs time in proportion to the fleet, as it has the roster.
func (l *Live) Plan() Plan {
	m := newMaking(l.world, l.seen.reality())
	p := Plan{World: l.digest, Observed: m.reality.ObservedAt, Roster: m.roster, Unchanged: l.rest, Base: map[algebra.DeviceID]Base{},
		ImageSizes: l.world.ImageSizes, published: m.have, known: m.known, resting: l.resting(m.roster)}
	for _, id := range slices.SortedFunc(maps.Keys(l.parts), algebra.DeviceID.Compare) {
		part := l.parts[id]
		p.Registry = append(p.Registry, part.Registry...)
		from := len(p.Changes)
		for i, c := range part.Changes {
			c.ID, c.Requires = changeID(from+i), slices.Clone(c.Requires)
			for j, place := range c.Requires {
				n, err := strconv.Atoi(place)
				if err != nil {
					panic(fmt.Sprintf("planner: place %q of a change", place))
				}
				c.Requires[j] = changeID(from + n)
			}
			p.Changes = append(p.Changes, c)
		}
		p.Blocked = append(p.Blocked, part.Blocked...)
		p.InFlight = append(p.InFlight, part.InFlight...)
		p.Drift = append(p.Drift, part.Drift...)
		if len(part.Changes)+len(part.Registry) > 0 {
			p.Base[id] = part.base
		}
	}
	m.arrange(&p)
	return p
}

// resting is where slots are at rest, over a roster.
func (l *Live) resting(roster *algebra.Roster) map[algebra.App]algebra.Fleet {
	ids := map[algebra.App][]algebra.DeviceID{}
	for app, on := range l.first.resting {
		for id := range on.IDs() {
			if _, anew := l.parts[id]; !anew {
				ids[app] = append(ids[app], id)
			}
		}
	}
	for id, part := range l.parts {
		for _, app := range part.AtRest {
			ids[app] = append(ids[app], id)
		}
	}
	out := map[algebra.App]algebra.Fleet{}
	for app, list := range ids {
		out[app], _ = roster.Fleet(slices.Values(list))
	}
	return out
}
