package planner

import (
	"container/heap"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// take notes a delta and marks the devices whose part of the plan it can change. It reports
// whether it can change any.
func (l *Live) take(d Delta, dirty map[algebra.DeviceID]bool) (all bool) {
	s := l.seen
	switch d := d.(type) {
	case PutDevice:
		before, known := s.device(d.Device.ID)
		s.own(d.Device.ID).device, s.own(d.Device.ID).gone = d.Device, false
		if !known || l.matters(before, d.Device) {
			dirty[d.Device.ID] = true
		}
	case RemoveDevice:
		if _, known := s.device(d.Device); known {
			o := s.own(d.Device)
			o.gone, o.device, o.published = true, algebra.Device{}, map[algebra.App]algebra.Release{}
			dirty[d.Device] = true
		}
	case Registered:
		before, _ := s.device(d.Device)
		rec := s.base.Records[d.Device]
		if rec.Lifecycle != d.Lifecycle || l.parts[d.Device].Does() { // what it does stands on another revision now
			dirty[d.Device] = true
		}
		rec.Registry, rec.Lifecycle = d.Revision, d.Lifecycle
		s.base.Records[d.Device] = rec
		return l.take(PutDevice{algebra.Device{ID: d.Device, Labels: d.Labels, Facts: before.Facts}}, dirty)
	case Reported:
		if before, known := s.device(d.Device); known {
			return l.take(PutDevice{algebra.Device{ID: d.Device, Labels: before.Labels, Facts: d.Facts}}, dirty)
		}
	case SetLabel:
		return l.setLabel(d, dirty)
	case Heard:
		rec := s.base.Records[d.Device]
		rec.Heard = d.At
		s.base.Records[d.Device] = rec
		l.heard(d.Device, d.At, dirty)
	case Said:
		s.know(d.At.App)
		s.base.Slots[d.At] = d.State
		if d.State == (algebra.SlotState{}) {
			delete(s.base.Slots, d.At)
		}
		l.expire(d.At.Device, d.State.Since, l.reads.sinceWithin)
		dirty[d.At.Device] = true
	case SetRecord:
		s.base.Records[d.Device] = d.Record
		l.heard(d.Device, d.Record.Heard, dirty)
		dirty[d.Device] = true
	case Published:
		return l.publish(d, dirty)
	case Quarantines:
		for _, q := range slices.Concat(s.base.Quarantine, d.List) {
			for _, id := range q.Devices {
				dirty[id] = true
			}
		}
		s.base.Quarantine = slices.Clone(d.List)
	case Settlements:
		s.base.Settled = slices.Clone(d.List)
	case Declared:
		return l.redeclare(d.World, dirty)
	case Tick:
		return l.tick(d.At, dirty)
	default:
		panic(fmt.Sprintf("planner: unknown delta %T", d))
	}
	return false
}

// matters reports whether some rule, value or document sees that a device changed.
func (l *Live) matters(before, after algebra.Device) bool {
	if _, documented := l.docs[after.ID]; documented {
		return true
	}
	return l.sees(true, before.Labels, after.Labels) || l.sees(false, before.Facts, after.Facts)
}

func (l *Live) sees(label bool, before, after map[string]string) bool {
	for _, m := range []map[string]string{before, after} {
		for name := range m {
			was, had := before[name]
			is, has := after[name]
			if (was != is || had != has) && l.reads.keys[algebra.Key{Label: label, Name: name}] {
				return true
			}
		}
	}
	return false
}

func (l *Live) setLabel(d SetLabel, dirty map[algebra.DeviceID]bool) bool {
	before, known := l.seen.device(d.Device)
	if !known {
		return false
	}
	after := before
	after.Labels = maps.Clone(before.Labels)
	if after.Labels == nil {
		after.Labels = map[string]string{}
	}
	if d.Absent {
		delete(after.Labels, d.Key)
	} else {
		after.Labels[d.Key] = d.Value
	}
	return l.take(PutDevice{after}, dirty)
}

func (l *Live) heard(id algebra.DeviceID, at time.Time, dirty map[algebra.DeviceID]bool) {
	if l.reads.heard {
		dirty[id] = true
		l.expire(id, at, l.reads.heardWithin)
	}
}

// expire notes when an instant will be too old for rules.
func (l *Live) expire(id algebra.DeviceID, from time.Time, ages []time.Duration) {
	if from.IsZero() {
		return
	}
	for _, age := range ages {
		heap.Push(&l.ages, expiry{from.Add(age), id})
	}
}

// tick lets time pass: ages that rules ask for pass with it. Time that goes back makes
// anything recent again.
func (l *Live) tick(now time.Time, dirty map[algebra.DeviceID]bool) bool {
	back := now.Before(l.seen.base.ObservedAt)
	l.seen.base.ObservedAt = now
	if back {
		return len(l.reads.heardWithin)+len(l.reads.sinceWithin) > 0
	}
	for len(l.ages) > 0 && l.ages[0].at.Before(now) {
		dirty[heap.Pop(&l.ages).(expiry).device] = true
	}
	return false
}

// publish takes a desired state over. A deployment that was not known before may be in place
// elsewhere too, and hold there what nobody knew of.
func (l *Live) publish(d Published, dirty map[algebra.DeviceID]bool) bool {
	s := l.seen
	if _, known := s.device(d.Device); !known {
		return false
	}
	s.own(d.Device).published = maps.Clone(d.Apps)
	rec := s.base.Records[d.Device]
	rec.Desired = d.Revision
	s.base.Records[d.Device] = rec
	dirty[d.Device] = true
	unknown := false
	for digest, spec := range d.Specs {
		if _, known := s.base.Specs[digest]; !known {
			s.base.Specs[digest] = spec
			if !declares(l.world, digest) {
				unknown = true
			}
		}
	}
	return unknown
}

func declares(w algebra.World, digest algebra.Digest) bool {
	for _, d := range w.Deployments {
		if d.Digest() == digest {
			return true
		}
	}
	return false
}
