package algebra

import (
	"cmp"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/musterfleet/muster/selectors"
)

// chain is a conjunction taken apart into what it keeps and what it strikes out:
//
//	(a & !b)[c] - d    keeps a and c, strikes b and d
//
// The order of evaluation is chosen by size, not by writing: atoms come before what is
// joined of several, small sets before large ones, and once nothing is left nothing more is
// computed. What is struck is
// never complemented.
type chain struct {
	keep, strike []selectors.Expr
}

func (c *chain) add(x selectors.Expr) {
	if y, ok := x.(selectors.Filter); ok {
		c.add(y.X)
		c.add(y.By)
	} else if y, ok := x.(selectors.Not); ok {
		c.strike = append(c.strike, y.X)
	} else if y, ok := x.(selectors.Binary); ok && y.Op == selectors.And {
		c.add(y.L)
		c.add(y.R)
	} else if ok && y.Op == selectors.Minus {
		c.add(y.L)
		c.strike = append(c.strike, y.R)
	} else {
		c.keep = append(c.keep, x)
	}
}

// conjunction evaluates &, - and F[s]. The result may be shared and must not be changed.
func (e *evaluation) conjunction(b *selectors.Bound, x selectors.Expr) *roaring.Bitmap {
	var c chain
	c.add(x)
	keep := e.sets(b, c.keep, isAtom)
	slices.SortFunc(keep, func(x, y *roaring.Bitmap) int { return cmp.Compare(x.GetCardinality(), y.GetCardinality()) })
	left := remainder{set: e.roster.all}
	for _, k := range keep {
		left.and(k)
	}
	for _, s := range e.sets(b, c.strike, isAtom) {
		left.andNot(s)
	}
	for _, y := range slices.DeleteFunc(c.keep, isAtom) {
		if left.set.IsEmpty() {
			break
		}
		left.and(e.set(b, y))
	}
	for _, y := range slices.DeleteFunc(c.strike, isAtom) {
		if left.set.IsEmpty() {
			break
		}
		left.andNot(e.set(b, y))
	}
	return left.set
}

func isAtom(x selectors.Expr) bool {
	_, ok := x.(selectors.Atom)
	return ok
}

func (e *evaluation) sets(b *selectors.Bound, list []selectors.Expr, which func(selectors.Expr) bool) []*roaring.Bitmap {
	var sets []*roaring.Bitmap
	for _, x := range list {
		if which(x) {
			sets = append(sets, e.set(b, x))
		}
	}
	return sets
}

// remainder is a set that shrinks. It starts as all devices, shared, and becomes its own at
// the first operation that changes it.
type remainder struct {
	set    *roaring.Bitmap
	narrow bool // not all devices any more
	own    bool
}

func (r *remainder) and(s *roaring.Bitmap) {
	switch {
	case !r.narrow:
		r.set, r.narrow = s, true
	case r.own:
		r.set.And(s)
	default:
		r.set, r.own = roaring.And(r.set, s), true
	}
}

func (r *remainder) andNot(s *roaring.Bitmap) {
	r.narrow = true
	if r.own {
		r.set.AndNot(s)
	} else {
		r.set, r.own = roaring.AndNot(r.set, s), true
	}
}

// union evaluates a | b | c in one pass over all of them.
func (e *evaluation) union(b *selectors.Bound, x selectors.Binary) *roaring.Bitmap {
	var sets []*roaring.Bitmap
	var add func(x selectors.Expr)
	add = func(x selectors.Expr) {
		if y, ok := x.(selectors.Binary); ok && y.Op == selectors.Or {
			add(y.L)
			add(y.R)
			return
		}
		sets = append(sets, e.set(b, x))
	}
	add(x)
	if len(sets) == 2 {
		return roaring.Or(sets[0], sets[1])
	}
	return roaring.FastOr(sets...)
}
