package algebra

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/musterfleet/muster/selectors"
)

// atom is the devices on which the atom holds. It may be shared and must not be changed.
func (e *evaluation) atom(a selectors.Atom) *roaring.Bitmap {
	k := a.Subject()
	if !k.Label && isIDKey(k.Name) {
		return e.roster.idAtom(a)
	}
	c := e.roster.columns[Key{k.Label, k.Name}]
	if c == nil {
		return e.universe(a.Holds("", false))
	}
	on := c.havingAny(c.valuesWhere(a))
	if !a.Holds("", false) {
		return on
	}
	return roaring.Or(on, roaring.AndNot(e.roster.all, c.present))
}

// valuesWhere decides the atom once for each distinct value.
func (c *column) valuesWhere(a selectors.Atom) []uint32 {
	held := make([]bool, c.values.len())
	inShards(len(held), func(from, to int) {
		for i := from; i < to; i++ {
			held[i] = a.Holds(c.values.at(uint32(i)), true)
		}
	})
	var values []uint32
	for i, ok := range held {
		if ok {
			values = append(values, uint32(i))
		}
	}
	return values
}

// idAtom decides an atom on the id, of which every device has its own.
func (r *Roster) idAtom(a selectors.Atom) *roaring.Bitmap {
	return bitmapWhere(r.Len(), func(i uint32) bool { return a.Holds(r.ids.at(i), true) })
}
