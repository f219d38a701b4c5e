package snapshot

import (
	"cmp"
	"errors"
	"io"
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

// place is where something stands: a device by its ordinal plus one, or by 0 and its id where
// it is not in the roster. Strangers come first.
type place struct {
	ordinal uint32
	slot    algebra.Slot
}

func placeOf(r *algebra.Roster, at algebra.Slot) place {
	if i, ok := r.Ordinal(at.Device); ok {
		return place{i + 1, at}
	}
	return place{0, at}
}

func (p place) compare(o place) int {
	if p.ordinal != o.ordinal {
		return cmp.Compare(p.ordinal, o.ordinal)
	}
	return cmp.Or(p.slot.Device.Compare(o.slot.Device), p.slot.App.Compare(o.slot.App))
}

func (e *encoder) device(p place) {
	e.number(uint64(p.ordinal))
	if p.ordinal == 0 {
		e.text(p.slot.Device.String())
	}
}

func (e *encoder) records(r algebra.Reality) {
	order := make([]place, 0, len(r.Records))
	for id := range r.Records {
		order = append(order, placeOf(r.Roster, algebra.Slot{Device: id}))
	}
	slices.SortFunc(order, place.compare)
	e.number(uint64(len(order)))
	for _, p := range order {
		rec := r.Records[p.slot.Device]
		e.device(p)
		e.number(rec.Registry)
		e.number(rec.Desired)
		e.number(uint64(rec.Lifecycle))
		e.time(rec.Heard)
	}
}

func (e *encoder) slots(r algebra.Reality) {
	order := make([]place, 0, len(r.Slots))
	for at := range r.Slots {
		order = append(order, placeOf(r.Roster, at))
	}
	slices.SortFunc(order, place.compare)
	table := newTable()
	for _, p := range order {
		table.code(r.Slots[p.slot].Release)
	}
	e.releases(table)
	e.number(uint64(len(order)))
	for _, p := range order {
		s := r.Slots[p.slot]
		e.device(p)
		e.text(p.slot.App.String())
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
