package algebra

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/musterfleet/muster/selectors"
)

// atom is the devices on which the atom holds. It may be shared and must not be changed.
func (e *evaluation) atom(a selectors.Atom) *roaring.Bitmap {
	return e.atoms.recall(e.roster, a).on
}

func (r *Roster) atom(a selectors.Atom) *roaring.Bitmap {
	if q, ok := exactly(a); ok {
		return r.exact(q)
	}
	k := a.Subject()
	if !k.Label && isIDKey(k.Name) {
		return bitmapWhere(r.Len(), func(i uint32) bool { return a.Holds(r.ids.at(i), true) })
	}
	on, absent := roaring.New(), r.all
	if c := r.columns[Key{k.Label, k.Name}]; c != nil {
		on, absent = c.havingAny(c.valuesWhere(a)), roaring.AndNot(r.all, c.present)
	}
	if a.Holds("", false) {
		return roaring.Or(on, absent)
	}
	return on
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

// exactQuestion is an atom that asks for the very bytes of a value: they are looked up, and
// no other value is read.
type exactQuestion struct {
	key     selectors.Key
	texts   []string // sorted, without duplicates
	negated bool
}

// exactly finds the atoms whose keys hold plain text. Of other keys two texts may be the
// same value: 1.2 and 1.2.0 are one version.
func exactly(a selectors.Atom) (q exactQuestion, ok bool) {
	k := a.Subject()
	if k.Cast != selectors.NoCast || !k.Label && !isIDKey(k.Name) {
		return q, false
	}
	switch a := a.(type) {
	case selectors.Compare:
		q = exactQuestion{k, []string{a.Value.Text}, a.Op == selectors.NotEqual}
		return q, a.Op == selectors.Equal || a.Op == selectors.NotEqual
	case selectors.In:
		for _, v := range a.Values {
			q.texts = append(q.texts, v.Text)
		}
		slices.Sort(q.texts)
		return exactQuestion{k, slices.Compact(q.texts), a.Negated}, true
	}
	return q, false
}

func (r *Roster) exact(q exactQuestion) *roaring.Bitmap {
	on := roaring.New()
	if !q.key.Label {
		for _, id := range q.texts {
			if i, ok := r.ids.search(id); ok {
				on.Add(i)
			}
		}
	} else if c := r.columns[Key{true, q.key.Name}]; c != nil {
		var values []uint32
		for _, text := range q.texts {
			if i, ok := c.values.search(text); ok {
				values = append(values, i)
			}
		}
		on = c.havingAny(values)
	}
	if q.negated {
		return roaring.AndNot(r.all, on)
	}
	return on
}
