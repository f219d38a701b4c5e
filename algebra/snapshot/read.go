package snapshot

import (
	"errors"
	"fmt"
	"io"

	"github.com/musterfleet/muster/algebra"
)

// Read reads what Write wrote, to its end. An error says what is wrong with the file.
func Read(from io.Reader) (algebra.Reality, error) {
	blocks, err := newBlockReader(from)
	if err != nil {
		return algebra.Reality{}, err
	}
	d := &decoder{blockReader: blocks}
	at := d.time()
	roster, err := d.roster()
	if err != nil {
		return algebra.Reality{}, err
	}
	r := algebra.NewReality(roster, at)
	r.Published = d.placement(roster)
	r.Records = d.records(roster)
	r.Slots = d.slots(roster)
	d.specs(r)
	if d.err == nil {
		d.err = d.close()
	}
	if d.err != nil {
		return algebra.Reality{}, d.err
	}
	return r, nil
}

func (d *decoder) roster() (*algebra.Roster, error) {
	devices := 0
	ids := func(yield func(algebra.DeviceID) bool) {
		var id []byte
		d.times(func() {
			id = d.bytes(id[:d.index(len(id)+1)])
			parsed, err := algebra.ParseDeviceID(string(id))
			if err != nil {
				d.fail(fmt.Errorf("snapshot: %w", err))
			}
			devices++
			if d.err == nil && !yield(parsed) {
				d.fail(errors.New("snapshot: ids do not ascend"))
			}
		})
	}
	columns := func(yield func(algebra.Column) bool) {
		d.times(func() {
			c := algebra.Column{Key: algebra.Key{Label: d.flag(), Name: d.text()}}
			d.times(func() { c.Values = append(c.Values, d.text()) })
			c.Codes = d.codes(devices, len(c.Values))
			if d.err == nil && !yield(c) {
				d.fail(errors.New("snapshot: a column is not as a roster has it"))
			}
		})
	}
	roster, err := algebra.NewRosterOf(ids, columns)
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	return roster, d.err
}

func (d *decoder) placement(r *algebra.Roster) algebra.Placement {
	b := algebra.NewPlacing(r)
	last := algebra.App{}
	d.times(func() {
		app := named(d, algebra.ParseApp)
		if app.Compare(last) <= 0 {
			d.fail(errors.New("snapshot: apps do not ascend"))
		}
		last = app
		releases := d.releases()
		for i, code := range d.codes(r.Len(), len(releases)-1) {
			if code >= uint32(len(releases)) {
				d.fail(errors.New("snapshot: a slot holds a release that is not told"))
				return
			}
			if code > 0 {
				b.Put(uint32(i), app, releases[code])
			}
		}
	})
	return b.Placement()
}

// releases reads a table; its first entry is the empty slot.
func (d *decoder) releases() []algebra.Release {
	list := []algebra.Release{{}}
	d.times(func() { list = append(list, d.release()) })
	return list
}

func (d *decoder) device(r *algebra.Roster) algebra.DeviceID {
	if i := d.index(r.Len() + 1); i > 0 {
		return r.ID(uint32(i - 1))
	}
	id := named(d, algebra.ParseDeviceID)
	if id.IsZero() {
		d.fail(errors.New("snapshot: a device has no id"))
	}
	return id
}

func (d *decoder) records(r *algebra.Roster) map[algebra.DeviceID]algebra.Record {
	n := d.number()
	records := make(map[algebra.DeviceID]algebra.Record, room(n, r))
	d.repeat(n, func() {
		records[d.device(r)] = algebra.Record{
			Registry: d.number(), Desired: d.number(),
			Lifecycle: algebra.Lifecycle(d.index(int(algebra.Decommissioned) + 1)), Heard: d.time(),
		}
	})
	d.different(n, len(records), "the record of a device")
	return records
}

func (d *decoder) slots(r *algebra.Roster) map[algebra.Slot]algebra.SlotState {
	releases := d.releases()
	apps := map[string]algebra.App{}
	var name []byte
	n := d.number()
	slots := make(map[algebra.Slot]algebra.SlotState, room(n, r))
	d.repeat(n, func() {
		device := d.device(r)
		name = d.bytes(name[:0])
		app, ok := apps[string(name)]
		if !ok {
			var err error
			if app, err = algebra.ParseApp(string(name)); err != nil {
				d.fail(fmt.Errorf("snapshot: %w", err))
			}
			apps[string(name)] = app
		}
		slots[algebra.Slot{Device: device, App: app}] = algebra.SlotState{
			Release: releases[d.index(len(releases))], Phase: algebra.Phase(d.index(int(algebra.Refused) + 1)),
			Since: d.time(), Detail: d.text(), Restarts: int(d.number()),
		}
	})
	d.different(n, len(slots), "a slot")
	return slots
}

func (d *decoder) specs(r algebra.Reality) {
	n := d.number()
	d.repeat(n, func() {
		spec, err := algebra.ParseDeployment([]byte(d.text()))
		if err != nil {
			d.fail(fmt.Errorf("snapshot: %w", err))
			return
		}
		r.Specs[spec.Digest()] = spec
	})
	d.different(n, len(r.Specs), "a deployment")
}
