package algebra

import (
	"iter"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/musterfleet/muster/selectors"
)

// Fleet is a finite set of devices of one roster. Union, Intersect and Minus make the
// fleets of a roster a Boolean algebra with None at the bottom and All at the top; each
// costs time in proportion to the bitmaps, not to the devices. Joining fleets of two
// rosters is a bug and panics.
type Fleet struct {
	roster *Roster
	set    *roaring.Bitmap
}

// All is every device of the roster.
func (r *Roster) All() Fleet { return Fleet{r, r.all} }

// None is the empty fleet.
func (r *Roster) None() Fleet { return Fleet{r, roaring.New()} }

// Fleet is the devices of these ids; unknown lists those that are not in the roster.
func (r *Roster) Fleet(ids iter.Seq[DeviceID]) (f Fleet, unknown []DeviceID) {
	set := roaring.New()
	for id := range ids {
		if i, ok := r.Ordinal(id); ok {
			set.Add(i)
		} else {
			unknown = append(unknown, id)
		}
	}
	return Fleet{r, set}, unknown
}

// Among is the devices of these ordinals.
func (r *Roster) Among(ordinals []uint32) Fleet {
	return Fleet{r, roaring.BitmapOf(ordinals...)}
}

// Roster is the universe of the fleet.
func (f Fleet) Roster() *Roster { return f.roster }

// Union is the devices in f or g.
func (f Fleet) Union(g Fleet) Fleet { f.same(g); return Fleet{f.roster, roaring.Or(f.set, g.set)} }

// Intersect is the devices in f and g.
func (f Fleet) Intersect(g Fleet) Fleet {
	f.same(g)
	return Fleet{f.roster, roaring.And(f.set, g.set)}
}

// Minus is the devices in f and not in g.
func (f Fleet) Minus(g Fleet) Fleet { f.same(g); return Fleet{f.roster, roaring.AndNot(f.set, g.set)} }

// Xor is the devices in exactly one of f and g.
func (f Fleet) Xor(g Fleet) Fleet { f.same(g); return Fleet{f.roster, roaring.Xor(f.set, g.set)} }

func (f Fleet) same(g Fleet) {
	if f.roster != g.roster {
		panic("algebra: fleets of two rosters do not combine")
	}
}

// Where is the devices of f that the selector, or the fleet expression, admits:
// F[s] = F & all[s].
func (f Fleet) Where(s *selectors.Bound) Fleet { return f.Intersect(f.roster.Select(s)) }

// Partition splits f by the value of a key. The parts are disjoint; with the devices that
// lack the key they cover f. Values are in byte order; empty parts are left out.
func (f Fleet) Partition(k Key) (parts []Part, absent Fleet) {
	c := f.roster.columns[k]
	if c == nil {
		return nil, f
	}
	for i := range uint32(c.values.len()) {
		if p := roaring.And(f.set, c.having(i)); !p.IsEmpty() {
			parts = append(parts, Part{c.values.at(i), Fleet{f.roster, p}})
		}
	}
	return parts, Fleet{f.roster, roaring.AndNot(f.set, c.present)}
}

// Part is the devices of a fleet that share one value of a key.
type Part struct {
	Value string
	Fleet Fleet
}

// Len is the number of devices.
func (f Fleet) Len() int { return int(f.set.GetCardinality()) }

// IsEmpty reports a fleet of no devices.
func (f Fleet) IsEmpty() bool { return f.set.IsEmpty() }

// Contains reports whether the device of that ordinal is in the fleet.
func (f Fleet) Contains(ordinal uint32) bool { return f.set.Contains(ordinal) }

// Equal reports whether both hold the same devices of the same roster.
func (f Fleet) Equal(g Fleet) bool { return f.roster == g.roster && f.set.Equals(g.set) }

// Ordinals yields the devices in the order of ids.
func (f Fleet) Ordinals() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for it := f.set.Iterator(); it.HasNext(); {
			if !yield(it.Next()) {
				return
			}
		}
	}
}

// IDs yields the ids in order.
func (f Fleet) IDs() iter.Seq[DeviceID] {
	return func(yield func(DeviceID) bool) {
		for i := range f.Ordinals() {
			if !yield(f.roster.ID(i)) {
				return
			}
		}
	}
}
