package analysis

import (
	"slices"
	"strings"
	"unicode"

	"github.com/musterfleet/muster/selectors"
)

// boundaries are where ranges of characters begin that no machine tells apart.
type boundaries map[rune]bool

func (b boundaries) span(lo, hi rune) { b[lo], b[hi+1] = true, true }

func (b boundaries) text(s string) {
	for _, r := range s {
		b.span(r, r)
	}
}

// cast tells apart what numbers, versions or addresses are made of, besides the constants.
func (b boundaries) cast(c selectors.Cast) {
	b.text("0123456789.-+v")
	b.span('a', 'z')
	b.span('A', 'Z')
	if c == selectors.AsAddress {
		b.text(":/abcdefABCDEF")
	}
}

// id tells apart all that ids are made of: samples do.
func (b boundaries) id() { b.text("abcdefghijklmnopqrstuvwxyz0123456789-.") }

// symbols are a character of each range, the nicest one, and nice ones first.
func (b boundaries) symbols() []rune {
	b.span(0, unicode.MaxRune)
	b.span(0xD800, 0xDFFF) // surrogates, which are no characters
	var starts []rune
	for r := range b {
		starts = append(starts, r)
	}
	slices.Sort(starts)
	var out []rune
	for i, lo := range starts {
		if lo > unicode.MaxRune || lo == 0xD800 {
			continue
		}
		out = append(out, nicest(lo, starts[i+1]-1))
	}
	slices.SortStableFunc(out, func(x, y rune) int { return niceness(x) - niceness(y) })
	return out
}

func nicest(lo, hi rune) rune {
	best := lo
	for _, r := range "xa0-A! " {
		for _, c := range []rune{r, max(lo, r)} {
			if c >= lo && c <= hi && niceness(c) < niceness(best) {
				best = c
			}
		}
	}
	return best
}

func niceness(r rune) int {
	switch {
	case r >= 'a' && r <= 'z':
		return 0
	case r >= '0' && r <= '9':
		return 1
	case r >= 'A' && r <= 'Z':
		return 2
	case strings.ContainsRune("-._ /", r):
		return 3
	case r > ' ' && r < 0x7f:
		return 4
	case unicode.IsPrint(r):
		return 5
	}
	return 6
}
