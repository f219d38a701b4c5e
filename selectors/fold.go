package selectors

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
)

// Fold is the short text of a set of names, the inverse of ExpandNodes: edge[001-250],gw7.
// Its items are sorted. Names that differ in several numbers fold in each of them where
// the set is a product: rack[1-2]n[1-8].
//
// Law: ExpandNodes(Fold(names)) is names, sorted and without duplicates, for names of
// letters, digits and - . _ only.
func Fold(names []string) string { return strings.Join(foldItems(names), ",") }

// shape is all names that are equal but for their numbers.
//
//	rack1n07, rack2n08   literals rack n "", rows (1, 07) (2, 08)
type shape struct {
	literals []string // one more than there are numbers
	rows     []cell   // the numbers of each name, one name after the other
	zeros    []uint32 // per number: a bit for each width in which a leading zero occurs
}

// cell is a number of a name; after its column is folded, the text of a whole range.
type cell struct {
	value uint64
	width uint8 // of its digits; after padding is settled 0 if unpadded
	text  string
}

func foldItems(names []string) []string {
	var items []string
	for _, s := range shapes(names) {
		items = s.appendItems(items)
	}
	slices.Sort(items)
	return slices.Compact(items)
}

// shapes sorts the names into shapes, in the order of their first names.
func shapes(names []string) []*shape {
	index := map[string]*shape{}
	var list []*shape
	var pattern []byte
	var row []cell
	var last *shape
	lastPattern := ""
	for _, name := range names {
		pattern, row = pattern[:0], row[:0]
		for i := 0; i < len(name); {
			end := i
			for end < len(name) && isDigit(name[end]) {
				end++
			}
			if n, bad := parseNumber(name[i:end]); !bad {
				pattern = append(pattern, 0)
				row = append(row, cell{value: n, width: uint8(end - i)})
				i = end
				continue
			}
			for end = max(end, i+1); end < len(name) && !isDigit(name[end]); end++ {
			}
			pattern = append(pattern, name[i:end]...)
			i = end
		}
		if string(pattern) != lastPattern { // neighbours are mostly of one shape
			last, lastPattern = index[string(pattern)], string(pattern)
		}
		s := last
		if s == nil {
			key := lastPattern
			s = &shape{literals: strings.Split(key, "\x00"), zeros: make([]uint32, len(row))}
			index[key] = s
			list = append(list, s)
			last = s
		}
		for i, c := range row {
			if c.width > 1 && c.value < powersOfTen[c.width-1] {
				s.zeros[i] |= 1 << c.width
			}
		}
		s.rows = append(s.rows, row...)
	}
	return list
}

// powersOfTen by exponent, as far as parseNumber reads.
var powersOfTen = func() (p [maxDigits + 1]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// appendItems folds the shape, column by column, the most varied one first as that leaves
// the fewest rows for the others.
func (s *shape) appendItems(items []string) []string {
	columns := len(s.zeros)
	if columns == 0 {
		return append(items, s.literals[0])
	}
	for i := range s.rows {
		c := &s.rows[i]
		if s.zeros[i%columns]&(1<<c.width) == 0 {
			c.width = 0
		}
	}
	varied := s.byVariety()
	for _, column := range varied {
		s.foldColumn(column, varied)
	}
	for i := 0; i < len(s.rows); i += columns {
		var b []byte
		for column, c := range s.rows[i : i+columns] {
			b = append(b, s.literals[column]...)
			if c.text == "" {
				b = appendNumber(b, c.value, int(c.width))
			}
			b = append(b, c.text...)
		}
		items = append(items, string(append(b, s.literals[columns]...)))
	}
	return items
}

// byVariety is the columns that have more than one value, the most varied first and the
// last one first among equals.
func (s *shape) byVariety() []int {
	columns := len(s.zeros)
	var varied []int
	for column := columns - 1; column >= 0; column-- {
		for i := column; i < len(s.rows); i += columns {
			if s.rows[i] != s.rows[column] {
				varied = append(varied, column)
				break
			}
		}
	}
	if len(varied) < 2 {
		return varied
	}
	distinct := make([]int, columns)
	for _, column := range varied {
		seen := map[[2]uint64]bool{}
		for i := column; i < len(s.rows); i += columns {
			seen[[2]uint64{s.rows[i].value, uint64(s.rows[i].width)}] = true
		}
		distinct[column] = len(seen)
	}
	slices.SortStableFunc(varied, func(a, b int) int { return cmp.Compare(distinct[b], distinct[a]) })
	return varied
}

// foldColumn unites the rows that agree in the other varied columns into one, whose column
// holds the range of all their values. A row stands for the product of its cells, so the
// rows together stand for the same names as before.
func (s *shape) foldColumn(column int, varied []int) {
	columns := len(s.zeros)
	index := map[string]int{}
	var groups [][]cell // the values in the column
	var rows []cell     // one row a group
	var key []byte
	for i := 0; i < len(s.rows); i += columns {
		row := s.rows[i : i+columns]
		key = key[:0]
		for _, other := range varied {
			if other != column {
				key = row[other].appendKey(key)
			}
		}
		g, ok := index[string(key)]
		if !ok {
			g = len(groups)
			index[string(key)] = g
			groups = append(groups, nil)
			rows = append(rows, row...)
		}
		groups[g] = append(groups[g], row[column])
	}
	for g, values := range groups {
		rows[g*columns+column] = cell{text: rangesText(values)}
	}
	s.rows = rows
}

// appendKey appends what tells the cell from every other one: no text starts with a byte
// as small as a width.
func (c cell) appendKey(b []byte) []byte {
	if c.text != "" {
		return append(append(b, c.text...), 0)
	}
	return binary.LittleEndian.AppendUint64(append(b, c.width), c.value)
}

// rangesText is the sorted values as [1-9,12], or as the number itself if there is one.
// It sorts values in place.
func rangesText(values []cell) string {
	compare := func(a, b cell) int {
		return cmp.Or(cmp.Compare(a.width, b.width), cmp.Compare(a.value, b.value))
	}
	if !slices.IsSortedFunc(values, compare) {
		slices.SortFunc(values, compare)
	}
	values = slices.Compact(values)
	b := []byte{'['}
	for i := 0; i < len(values); {
		j := i
		for j+1 < len(values) && values[j+1].width == values[i].width && values[j+1].value == values[j].value+1 {
			j++
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = appendNumber(b, values[i].value, int(values[i].width))
		if j > i {
			b = appendNumber(append(b, '-'), values[j].value, int(values[j].width))
		}
		i = j + 1
	}
	if len(values) == 1 {
		return string(b[1:])
	}
	return string(append(b, ']'))
}
