package algebra

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// move is where the texts of a sorted list come to stand as some come and some go: runs of them
// keep their order, and between the runs stand those that come. The texts are the ids of
// devices, or the values of a column.
type move struct {
	n    int // afterwards
	runs []run
	come []string // sorted
}

// run is what stood from up to to, and stands at now.
type run struct{ from, to, at uint32 }

// mostRuns is up to how many runs a column is moved run by run; beyond them it is made anew.
const mostRuns = 32

// moveOf takes the texts that come and the places of those that go, both sorted.
func moveOf(list texts, come []string, leave []uint32) move {
	m := move{come: come}
	old, now := uint32(0), uint32(0)
	keep := func(to uint32) {
		if to > old {
			m.runs = append(m.runs, run{old, to, now})
			now += to - old
			old = to
		}
	}
	for len(come) > 0 || len(leave) > 0 {
		at := uint32(list.len())
		if len(come) > 0 {
			at, _ = list.search(come[0])
		}
		if len(leave) > 0 && leave[0] < at {
			keep(leave[0])
			old, leave = old+1, leave[1:]
			continue
		}
		keep(at)
		now, come = now+1, come[1:]
	}
	keep(uint32(list.len()))
	m.n = int(now)
	return m
}

// column is a column after a move of its devices. Those that go have no value in it any more.
func (m move) column(c *column) *column {
	moved := &column{values: c.values, codes: m.codes(c.codes), present: m.bitmap(c.present), starts: c.starts}
	if c.on == nil {
		moved.devices = m.ordinals(c.devices)
		return moved
	}
	moved.on = make([]*roaring.Bitmap, len(c.on))
	for i, on := range c.on {
		moved.on[i] = m.bitmap(on)
	}
	return moved
}

func (m move) codes(c codes) codes {
	out := makeCodes(m.n, c.greatest())
	for _, r := range m.runs {
		switch {
		case c.narrow != nil:
			copy(out.narrow[r.at:], c.narrow[r.from:r.to])
		case c.medium != nil:
			copy(out.medium[r.at:], c.medium[r.from:r.to])
		default:
			copy(out.wide[r.at:], c.wide[r.from:r.to])
		}
	}
	return out
}

func (m move) bitmap(b *roaring.Bitmap) *roaring.Bitmap {
	if b.IsEmpty() {
		return b
	}
	out := roaring.New()
	for _, r := range m.runs {
		by := int64(r.at) - int64(r.from)
		if whole := r.from <= b.Minimum() && b.Maximum() < r.to; whole && by == 0 {
			return b
		} else if whole {
			out = roaring.AddOffset64(b, by)
			break
		}
		part := b.Clone()
		part.RemoveRange(0, uint64(r.from))
		part.RemoveRange(uint64(r.to), 1<<32)
		out.Or(roaring.AddOffset64(part, by))
	}
	out.RunOptimize()
	return out
}

// ordinals are devices that stay, in whatever order, where they stand now.
func (m move) ordinals(list []uint32) []uint32 {
	out := make([]uint32, len(list))
	inShards(len(list), func(from, to int) {
		for i := from; i < to; i++ {
			n, _ := slices.BinarySearchFunc(m.runs, list[i], func(r run, d uint32) int {
				switch {
				case r.to <= d:
					return -1
				case r.from > d:
					return 1
				}
				return 0
			})
			out[i] = list[i] - m.runs[n].from + m.runs[n].at
		}
	})
	return out
}

// texts is the list now.
func (m move) texts(t texts) texts {
	var b textsBuilder
	size := len(t.arena)
	for _, id := range m.come {
		size += len(id)
	}
	b.arena.Grow(size)
	b.ends = make([]uint32, 0, m.n)
	come := m.come
	for _, r := range m.runs {
		for uint32(len(b.ends)) < r.at {
			b.add(come[0])
			come = come[1:]
		}
		b.addAll(t, r.from, r.to)
	}
	for _, id := range come {
		b.add(id)
	}
	return b.texts()
}

// followers moves the bits, and decides anew those beside which something came or went.
func (m move) followers(old followers, ids texts) followers {
	out := make(followers, (m.n+63)/64)
	decide := func(i int) {
		if i < 0 || i >= m.n {
			return
		}
		out[i/64] &^= 1 << (i % 64)
		if i+1 < m.n && follow(ids.at(uint32(i)), ids.at(uint32(i)+1)) {
			out[i/64] |= 1 << (i % 64)
		}
	}
	end := 0
	for _, r := range m.runs {
		copyBits(out, r.at, old, r.from, r.to)
		for i := end - 1; i < int(r.at); i++ {
			decide(i)
		}
		end = int(r.at + r.to - r.from)
	}
	for i := end - 1; i < m.n; i++ {
		decide(i)
	}
	return out
}

// copyBits copies the bits from up to to of src over the zeros at at of dst.
func copyBits(dst []uint64, at uint32, src []uint64, from, to uint32) {
	for from < to {
		n := min(to-from, 64-from%64, 64-at%64)
		word := src[from/64] >> (from % 64) & (^uint64(0) >> (64 - n))
		dst[at/64] |= word << (at % 64)
		from, at = from+n, at+n
	}
}
