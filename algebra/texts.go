package algebra

import (
	"math"
	"slices"
	"strings"
)

// texts is a list of strings in one arena, which costs four bytes each besides their own:
// ten million ids as []string would cost sixteen.
type texts struct {
	arena string
	ends  []uint32
}

func (t texts) len() int { return len(t.ends) }

func (t texts) at(i uint32) string {
	from := uint32(0)
	if i > 0 {
		from = t.ends[i-1]
	}
	return t.arena[from:t.ends[i]]
}

// search finds s in a sorted list, or where it would stand.
func (t texts) search(s string) (uint32, bool) {
	low, high := uint32(0), uint32(len(t.ends))
	for low < high {
		middle := low + (high-low)/2
		if t.at(middle) < s {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, low < uint32(len(t.ends)) && t.at(low) == s
}

func (t texts) same(o texts) bool { return t.arena == o.arena && slices.Equal(t.ends, o.ends) }

// textsOf copies n strings.
func textsOf(n int, at func(i int) string) texts {
	b := textsBuilder{ends: make([]uint32, 0, n)}
	size := 0
	for i := range n {
		size += len(at(i))
	}
	b.arena.Grow(size)
	for i := range n {
		b.add(at(i))
	}
	return b.texts()
}

type textsBuilder struct {
	arena strings.Builder
	ends  []uint32
}

func (b *textsBuilder) add(s string) {
	b.write(s)
	b.ends = append(b.ends, uint32(b.arena.Len()))
}

func (b *textsBuilder) write(s string) {
	if uint64(b.arena.Len())+uint64(len(s)) > math.MaxUint32 {
		panic("algebra: roster: ids, or the values of one key, of more than 4 GiB in all")
	}
	b.arena.WriteString(s)
}

// addAll adds the texts from up to to of a list.
func (b *textsBuilder) addAll(t texts, from, to uint32) {
	if from == to {
		return
	}
	start := uint32(0)
	if from > 0 {
		start = t.ends[from-1]
	}
	base := uint32(b.arena.Len())
	b.write(t.arena[start:t.ends[to-1]])
	for _, end := range t.ends[from:to] {
		b.ends = append(b.ends, end-start+base)
	}
}

// texts is what was added so far. Adding more leaves it as it is.
func (b *textsBuilder) texts() texts { return texts{b.arena.String(), b.ends} }
