package algebra

import (
	"cmp"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/musterfleet/muster/selectors"
)

// sample asks each id on its own.
func (e *evaluation) sample(x selectors.Sample) *roaring.Bitmap {
	return bitmapWhere(e.roster.Len(), func(i uint32) bool { return x.Admits(e.roster.ID(i).String()) })
}

// take is the first devices of the fleet, or of each of its parts and of those that lack the
// key. Of one fleet take n lies within take n+1.
func (e *evaluation) take(x selectors.Take, f Fleet) *roaring.Bitmap {
	if x.By == (selectors.Key{}) {
		return f.first(x.Amount)
	}
	if !x.By.Label && isIDKey(x.By.Name) { // each device is a part of its own
		if x.Amount.Of(1) == 0 {
			return roaring.New()
		}
		return f.set
	}
	parts, absent := f.Partition(Key{x.By.Label, x.By.Name})
	sets := []*roaring.Bitmap{absent.first(x.Amount)}
	for _, p := range parts {
		sets = append(sets, p.Fleet.first(x.Amount))
	}
	return roaring.FastOr(sets...)
}

// first is that many devices of f, in the order of selectors.TakeRank.
func (f Fleet) first(a selectors.Amount) *roaring.Bitmap {
	n := a.Of(f.Len())
	if n == f.Len() {
		return f.set
	}
	type ranked struct {
		rank    uint64
		ordinal uint32
	}
	order := make([]ranked, 0, f.Len())
	for i := range f.Ordinals() {
		order = append(order, ranked{selectors.TakeRank(f.roster.ID(i).String()), i})
	}
	slices.SortFunc(order, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.ordinal, b.ordinal))
	})
	set := roaring.New()
	for _, r := range order[:n] {
		set.Add(r.ordinal)
	}
	return set
}
