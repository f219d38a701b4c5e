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
// computed. What is struck is never complemented.
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
	left := e.joined(c)
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

// joined is the atoms of the chain: by words if all to keep have them, else from the
// smallest set on.
func (e *evaluation) joined(c chain) remainder {
	keep, strike := e.held(c.keep), e.held(c.strike)
	left := remainder{set: e.roster.all}
	slices.SortFunc(keep, func(x, y held) int { return cmp.Compare(x.size, y.size) })
	if len(keep) > 1 && keep[0].words != nil { // then all larger ones have words too
		lacks := func(h held) bool { return h.words == nil }
		left = remainder{set: joinedWords(e.roster.Len(), keep, slices.DeleteFunc(slices.Clone(strike), lacks)), narrow: true, own: true}
		keep, strike = nil, slices.DeleteFunc(strike, func(h held) bool { return !lacks(h) })
	}
	for _, h := range keep {
		left.and(h.on)
	}
	for _, h := range strike {
		left.andNot(h.on)
	}
	return left
}

func (e *evaluation) held(list []selectors.Expr) []held {
	var sets []held
	for _, x := range list {
		a, ok := x.(selectors.Atom)
		switch {
		case !ok:
		case isHeartbeat(a.Subject()):
			on := e.attribute(a)
			sets = append(sets, held{on: on, size: on.GetCardinality()})
		default:
			sets = append(sets, e.atoms.recall(e.roster, a))
		}
	}
	return sets
}

// joinedWords is what is in all of keep, of which there are two at least, and in none of strike.
func joinedWords(n int, keep, strike []held) *roaring.Bitmap {
	words := make([]uint64, (n+63)/64)
	inShards(len(words), func(from, to int) {
		for ; from < to; from += joinedAtOnce {
			end := min(to, from+joinedAtOnce)
			out := words[from:end]
			part := func(h held) []uint64 { return h.words[from:end][:len(out)] }
			a, b := part(keep[0]), part(keep[1])
			for i := range out {
				out[i] = a[i] & b[i]
			}
			for _, h := range keep[2:] {
				for i, w := range part(h) {
					out[i] &= w
				}
			}
			for _, h := range strike {
				for i, w := range part(h) {
					out[i] &^= w
				}
			}
		}
	})
	return roaring.FromDense(words, false)
}

// joinedAtOnce is how many words stay in the nearest cache while sets are joined.
const joinedAtOnce = 1024

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
