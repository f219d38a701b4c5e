package algebra

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/selectors"
)

// Fold is the short text of the fleet's names, such as edge[001-250],gw7.
//
// Law: it is selectors.Fold of the ids. Where an id holds one number, as most do, it costs
// time in proportion to the ranges and not to the names: the roster knows of each device
// whether the next one follows it.
func (f Fleet) Fold() string {
	folding := folding{roster: f.roster, shapes: map[[2]string]*shape{}}
	var buffer [1024]uint32
	it := f.set.ManyIterator()
	first, last, any := uint32(0), uint32(0), false
	for n := it.NextMany(buffer[:]); n > 0; n = it.NextMany(buffer[:]) {
		for _, i := range buffer[:n] {
			if any && i == last+1 && f.roster.follows.has(last) {
				last = i
				continue
			}
			if any {
				folding.add(first, last)
			}
			first, last, any = i, i, true
		}
	}
	if any {
		folding.add(first, last)
	}
	return folding.text()
}

// followers has a bit for each device whose successor in the roster has the next number and
// is written alike: edge007 and edge008, not edge9 and edge10.
type followers []uint64

func (s followers) has(i uint32) bool { return s[i/64]&(1<<(i%64)) != 0 }

func followersOf(ids texts) followers {
	words := make(followers, (ids.len()+63)/64)
	inShards(ids.len(), func(from, to int) {
		for i := from; i < min(to, ids.len()-1); i++ {
			if follow(ids.at(uint32(i)), ids.at(uint32(i)+1)) {
				words[i/64] |= 1 << (i % 64)
			}
		}
	})
	return words
}

func follow(a, b string) bool {
	from, to, ok := number(a)
	if !ok || len(a) != len(b) || a[:from] != b[:from] || a[to:] != b[to:] {
		return false
	}
	for i := to - 1; i >= from; i-- { // 0199 and 0200: nines roll over, the digit before them is one more
		if a[i] != '9' {
			return b[i] == a[i]+1 && a[from:i] == b[from:i]
		}
		if b[i] != '0' {
			return false
		}
	}
	return false
}

// longestNumber is the most digits that selectors.Fold takes for a number.
const longestNumber = 18

// number is where the one number of an id stands; not ok if it has none, or several.
func number(id string) (from, to int, ok bool) {
	for from < len(id) && !isDigit(id[from]) {
		from++
	}
	to = from
	for to < len(id) && isDigit(id[to]) {
		to++
	}
	for i := to; i < len(id); i++ {
		if isDigit(id[i]) {
			return 0, 0, false
		}
	}
	return from, to, to > from && to-from <= longestNumber
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// folding sorts ranges of devices by what stands around their numbers.
type folding struct {
	roster *Roster
	shapes map[[2]string]*shape
	last   *shape   // neighbours are mostly of one shape
	others []string // ids without a number, or with several
}

type shape struct {
	before, after string
	ranges        []numbers
	padded        uint32 // a bit for each width in which a leading zero occurs
}

// numbers are those from low to high; width is 0 where they are not padded.
type numbers struct {
	low, high uint64
	width     int
}

func (f *folding) add(first, last uint32) {
	id := f.roster.ids.at(first)
	from, to, ok := number(id)
	if !ok {
		f.others = append(f.others, id) // nothing follows it: first is last
		return
	}
	before, after := id[:from], id[to:]
	s := f.last
	if s == nil || s.before != before || s.after != after {
		if s = f.shapes[[2]string{before, after}]; s == nil {
			s = &shape{before: before, after: after}
			f.shapes[[2]string{before, after}] = s
		}
		f.last = s
	}
	low := uint64(0)
	for _, c := range []byte(id[from:to]) {
		low = low*10 + uint64(c-'0')
	}
	if to-from > 1 && id[from] == '0' {
		s.padded |= 1 << (to - from)
	}
	s.ranges = append(s.ranges, numbers{low, low + uint64(last-first), to - from})
}

func (f *folding) text() string {
	var items []string
	for _, s := range f.shapes {
		items = append(items, s.text())
	}
	if len(f.others) > 0 {
		items = append(items, splitItems(selectors.Fold(f.others))...)
	}
	slices.Sort(items)
	return strings.Join(items, ",")
}

// splitItems splits at the commas outside brackets.
func splitItems(folded string) []string {
	var items []string
	start, inside := 0, false
	for i := range len(folded) {
		switch {
		case folded[i] == '[':
			inside = true
		case folded[i] == ']':
			inside = false
		case folded[i] == ',' && !inside:
			items = append(items, folded[start:i])
			start = i + 1
		}
	}
	return append(items, folded[start:])
}

// text is one item: the ranges in order, each as long as it can be.
func (s *shape) text() string {
	for i := range s.ranges {
		if r := &s.ranges[i]; s.padded&(1<<r.width) == 0 {
			r.width = 0
		}
	}
	order := func(a, b numbers) int { return cmp.Or(cmp.Compare(a.width, b.width), cmp.Compare(a.low, b.low)) }
	if !slices.IsSortedFunc(s.ranges, order) {
		slices.SortFunc(s.ranges, order)
	}
	merged := s.ranges[:1]
	for _, r := range s.ranges[1:] {
		if l := &merged[len(merged)-1]; l.width == r.width && l.high+1 == r.low {
			l.high = r.high
		} else {
			merged = append(merged, r)
		}
	}
	b := make([]byte, 0, len(s.before)+len(s.after)+16*len(merged))
	b = append(b, s.before...)
	if single := merged[0]; len(merged) == 1 && single.low == single.high {
		return string(append(single.append(b, single.low), s.after...))
	}
	separator := byte('[')
	for _, r := range merged {
		b = r.append(append(b, separator), r.low)
		separator = ','
		if r.high > r.low {
			b = r.append(append(b, '-'), r.high)
		}
	}
	return string(append(append(b, ']'), s.after...))
}

// append writes a number as the range writes its numbers.
func (r numbers) append(b []byte, n uint64) []byte {
	start := len(b)
	b = strconv.AppendUint(b, n, 10)
	if missing := r.width - (len(b) - start); missing > 0 {
		b = slices.Insert(b, start, []byte("000000000000000000")[:missing]...)
	}
	return b
}
