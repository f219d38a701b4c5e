package algebra

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/musterfleet/muster/selectors"
)

// atom decides the atom on each distinct value and once on absence.
func (e *evaluation) atom(a selectors.Atom) *roaring.Bitmap {
	k := a.Subject()
	if !k.Label && isIDKey(k.Name) {
		return e.idAtom(a)
	}
	c := e.roster.columns[Key{k.Label, k.Name}]
	if c == nil {
		return e.universe(a.Holds("", false))
	}
	var held []*roaring.Bitmap
	for i, v := range c.values {
		if a.Holds(v, true) {
			held = append(held, c.on[i])
		}
	}
	if a.Holds("", false) {
		held = append(held, roaring.AndNot(e.roster.all, c.present))
	}
	if len(held) == 1 {
		return held[0]
	}
	return roaring.FastOr(held...)
}

// idAtom decides an atom on the id, of which every device has its own.
func (e *evaluation) idAtom(a selectors.Atom) *roaring.Bitmap {
	set := roaring.New()
	for i, id := range e.roster.ids {
		if a.Holds(id.s, true) {
			set.Add(uint32(i))
		}
	}
	return set
}
