package algebra

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// Delta is what changes from one snapshot of devices to the next.
type Delta struct {
	Put    []Device   // devices that are new or changed, whole
	Remove []DeviceID // devices that are gone; one that was never there may be named
}

// With is the roster after the delta. It shares with r what the delta does not touch: a
// changed value costs a copy of the codes of its column, and a device that comes or goes moves
// the others in every column. Nothing is indexed anew unless much changes at once. A device
// given twice, or both put and removed, is an error.
//
// Law: it is the roster that NewRoster makes of the devices after the delta.
func (r *Roster) With(d Delta) (*Roster, error) {
	put, gone := map[string]Device{}, map[string]bool{}
	for _, id := range d.Remove {
		gone[id.s] = true
	}
	for _, dev := range d.Put {
		if dev.ID.IsZero() {
			return nil, errors.New("roster: a device has no id")
		}
		if _, twice := put[dev.ID.s]; twice {
			return nil, fmt.Errorf("roster: device %s is given twice", dev.ID)
		}
		if gone[dev.ID.s] {
			return nil, fmt.Errorf("roster: device %s is both put and removed", dev.ID)
		}
		put[dev.ID.s] = dev
	}
	base := r.moved(put, gone)
	edits := map[Key][]edit{}
	for _, id := range slices.Sorted(maps.Keys(put)) {
		i, _ := base.ids.search(id)
		base.edit(i, put[id], edits)
	}
	columns := maps.Clone(base.columns)
	for k, list := range edits {
		if c := base.columns[k].edited(base.Len(), list); c != nil {
			columns[k] = c
		} else {
			delete(columns, k)
		}
	}
	if len(edits) == 0 {
		return base, nil
	}
	return base.withColumns(columns), nil
}

// withColumns has the same devices.
func (r *Roster) withColumns(columns map[Key]*column) *Roster {
	return &Roster{ids: r.ids, columns: columns, keys: slices.SortedFunc(maps.Keys(columns), Key.Compare), all: r.all, follows: r.follows}
}

// edit is a new value of one device, or none.
type edit struct {
	ordinal uint32
	value   string
	present bool
}

// edit adds what differs between the device and its row.
func (r *Roster) edit(i uint32, d Device, edits map[Key][]edit) {
	for _, k := range r.keys {
		had, has := r.columns[k].value(i)
		v, ok := d.of(k)[k.Name]
		if has != ok || had != v {
			edits[k] = append(edits[k], edit{i, v, ok})
		}
	}
	for _, label := range []bool{true, false} {
		for name, v := range d.of(Key{Label: label}) {
			if k := (Key{label, name}); r.columns[k] == nil {
				edits[k] = append(edits[k], edit{i, v, true})
			}
		}
	}
}

// moved makes room for devices that come and closes the gaps of those that go. Devices that
// come have no value yet.
func (r *Roster) moved(put map[string]Device, gone map[string]bool) *Roster {
	var come []string
	for id := range put {
		if _, known := r.ids.search(id); !known {
			come = append(come, id)
		}
	}
	goes := roaring.New()
	for id := range gone {
		if i, known := r.ids.search(id); known {
			goes.Add(i)
		}
	}
	if len(come) == 0 && goes.IsEmpty() {
		return r
	}
	slices.Sort(come)
	m := moveOf(r.ids, come, goes.ToArray())
	if len(m.runs) > mostRuns {
		return r.laidAnew(come, goes)
	}
	ids := m.texts(r.ids)
	moved := &Roster{ids: ids, all: roaring.New(), follows: m.followers(r.follows, ids)}
	moved.all.AddRange(0, uint64(ids.len()))
	without := eachColumn(r.columns, func(c *column) *column {
		var leave []edit
		for _, i := range goes.ToArray() {
			if c.codes.at(i) > 0 {
				leave = append(leave, edit{ordinal: i})
			}
		}
		if len(leave) > 0 {
			c = c.edited(r.Len(), leave)
		}
		if c == nil {
			return nil
		}
		return m.column(c)
	})
	return moved.withColumns(without)
}

// laidAnew is moved where much changes: all columns are made again from their codes.
func (r *Roster) laidAnew(come []string, goes *roaring.Bitmap) *Roster {
	var ids textsBuilder
	var from []uint32 // which device of r stands here now, plus one; 0 for a new one
	for i, id := range merged(r.ids, come) {
		if i == 0 || !goes.Contains(i-1) {
			ids.add(id)
			from = append(from, i)
		}
	}
	return newRoster(ids.texts(), eachColumn(r.columns, func(c *column) *column {
		return recoded(c.values, mapped(len(from), uint32(c.values.len()), func(i uint32) uint32 {
			if from[i] == 0 {
				return 0
			}
			return c.codes.at(from[i] - 1)
		}))
	}))
}

// merged yields ids in order: known ones with their ordinals plus one, and 0 with new ones.
func merged(known texts, come []string) iter.Seq2[uint32, string] {
	return func(yield func(uint32, string) bool) {
		for i := range uint32(known.len()) {
			for len(come) > 0 && come[0] < known.at(i) {
				if !yield(0, come[0]) {
					return
				}
				come = come[1:]
			}
			if !yield(i+1, known.at(i)) {
				return
			}
		}
		for _, id := range come {
			if !yield(0, id) {
				return
			}
		}
	}
}

// recoded drops the values that no device has; nil if none is left.
func recoded(values texts, c codes) *column {
	used := make([]bool, values.len()+1)
	for i := range uint32(c.len()) {
		used[c.at(i)] = true
	}
	used[0] = true
	if !slices.Contains(used, false) && len(used) > 1 {
		return newColumn(values, c)
	}
	rank := make([]uint32, len(used))
	var left []uint32
	for code := 1; code < len(used); code++ {
		if used[code] {
			left = append(left, uint32(code)-1)
			rank[code] = uint32(len(left))
		}
	}
	if len(left) == 0 {
		return nil
	}
	kept := textsOf(len(left), func(i int) string { return values.at(left[i]) })
	return newColumn(kept, mapped(c.len(), uint32(len(left)), func(i uint32) uint32 { return rank[c.at(i)] }))
}
