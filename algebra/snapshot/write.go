package snapshot

import (
	"errors"
	"io"
	"maps"
	"slices"

	"github.com/musterfleet/muster/algebra"
)

// Write writes a Reality, as it comes and without a copy of it.
func Write(w io.Writer, r algebra.Reality) error {
	if r.Roster == nil {
		return errors.New("snapshot: the reality has no roster")
	}
	e := &encoder{blockWriter: newBlockWriter(w)}
	e.time(r.ObservedAt)
	e.roster(r.Roster)
	e.placement(r.Published.On(r.Roster))
	e.records(r)
	e.slots(r)
	e.specs(r.Specs)
	return e.close()
}

func (e *encoder) roster(r *algebra.Roster) {
	e.number(uint64(r.Len()))
	last := ""
	for i := range uint32(r.Len()) {
		id := r.ID(i).String()
		shared := 0
		for shared < min(len(id), len(last)) && id[shared] == last[shared] {
			shared++
		}
		e.number(uint64(shared))
		e.text(id[shared:])
		last = id
	}
	e.number(uint64(len(r.Keys())))
	for c := range r.Columns() {
		e.flag(c.Key.Label)
		e.text(c.Key.Name)
		e.number(uint64(len(c.Values)))
		for _, v := range c.Values {
			e.text(v)
		}
		e.codes(c.Codes, len(c.Values))
	}
}

// placement writes, for each app, the releases in the order of their first devices, and
// which of them each device has.
func (e *encoder) placement(p algebra.Placement) {
	var apps []algebra.App
	for _, app := range p.Apps() {
		if !isEmpty(p, app) {
			apps = append(apps, app)
		}
	}
	e.number(uint64(len(apps)))
	for _, app := range apps {
		e.text(app.String())
		table := newTable()
		codes := make([]uint32, p.Roster().Len())
		for i := range codes {
			codes[i] = table.code(p.Release(uint32(i), app))
		}
		e.releases(table)
		e.codes(codes, len(table.releases))
	}
}

func isEmpty(p algebra.Placement, app algebra.App) bool {
	for i := range uint32(p.Roster().Len()) {
		if !p.Release(i, app).IsZero() {
			return false
		}
	}
	return true
}

// table numbers releases from 1 in the order of their first use; 0 is the empty slot.
type table struct {
	codes    map[algebra.Release]uint32
	releases []algebra.Release
}

func newTable() *table { return &table{codes: map[algebra.Release]uint32{}} }

func (t *table) code(rel algebra.Release) uint32 {
	if rel == (algebra.Release{}) {
		return 0
	}
	c, ok := t.codes[rel]
	if !ok {
		t.releases = append(t.releases, rel)
		c = uint32(len(t.releases))
		t.codes[rel] = c
	}
	return c
}

func (e *encoder) releases(t *table) {
	e.number(uint64(len(t.releases)))
	for _, rel := range t.releases {
		e.release(rel)
	}
}

// device is an ordinal plus one, or 0 and the id of a device that is not in the roster.
func (e *encoder) device(r *algebra.Roster, id algebra.DeviceID) {
	if i, ok := r.Ordinal(id); ok {
		e.number(uint64(i) + 1)
		return
	}
	e.number(0)
	e.text(id.String())
}

func (e *encoder) records(r algebra.Reality) {
	e.number(uint64(len(r.Records)))
	for _, id := range slices.SortedFunc(maps.Keys(r.Records), algebra.DeviceID.Compare) {
		rec := r.Records[id]
		e.device(r.Roster, id)
		e.number(rec.Registry)
		e.number(rec.Desired)
		e.number(uint64(rec.Lifecycle))
		e.time(rec.Heard)
	}
}

func (e *encoder) slots(r algebra.Reality) {
	order := slices.SortedFunc(maps.Keys(r.Slots), func(a, b algebra.Slot) int {
		if c := a.Device.Compare(b.Device); c != 0 {
			return c
		}
		return a.App.Compare(b.App)
	})
	table := newTable()
	for _, at := range order {
		table.code(r.Slots[at].Release)
	}
	e.releases(table)
	e.number(uint64(len(order)))
	for _, at := range order {
		s := r.Slots[at]
		e.device(r.Roster, at.Device)
		e.text(at.App.String())
		e.number(uint64(table.code(s.Release)))
		e.number(uint64(s.Phase))
		e.time(s.Since)
		e.text(s.Detail)
		e.number(uint64(s.Restarts))
	}
}

func (e *encoder) specs(specs map[algebra.Digest]algebra.Deployment) {
	e.number(uint64(len(specs)))
	for _, digest := range slices.Sorted(func(yield func(string) bool) {
		for d := range specs {
			if !yield(d.String()) {
				return
			}
		}
	}) {
		d, err := algebra.ParseDigest(digest)
		if err != nil {
			panic("snapshot: " + err.Error()) // a Digest is well formed
		}
		e.text(string(specs[d].Canonical()))
	}
}
