package selectors

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// maxNodes is how many names one nodeset may stand for.
const maxNodes = 10_000_000

// ExpandNodes lists the names a folded nodeset stands for, sorted and without duplicates:
// edge[001-003],gw7 is edge001, edge002, edge003, gw7. Several brackets multiply, zero
// padding is kept, [1-9/2] steps. A set of more than ten million names is an error. The
// error is an *Error.
func ExpandNodes(folded string) ([]string, error) {
	names, err := expand(folded)
	if err != nil {
		return nil, err
	}
	return names, nil
}

// part is a run of a node pattern: literal text, or the texts a bracket stands for.
type part struct {
	literal string
	ranges  []numbers // nil for literal text
}

func expand(folded string) ([]string, *Error) {
	var found unfolding
	for start := 0; start <= len(folded); {
		end := start + itemLength(folded[start:])
		from, to := trim(folded, start, end)
		if from == to {
			hint := "write none for no devices"
			if len(found.ends) > 0 || end < len(folded) {
				hint = "remove a comma"
			}
			return nil, &Error{Code: badNodes, At: Span{from, max(to, min(from+1, len(folded)))}, Message: "a node has no name", Hint: hint}
		}
		parts, err := nodeParts(folded, from, to)
		if err != nil {
			return nil, err
		}
		if !countFits(parts, len(found.ends)) {
			return nil, &Error{Code: tooLarge, At: Span{from, to}, Message: fmt.Sprintf("a nodeset of more than %d names", maxNodes), Hint: "select the devices by a label instead"}
		}
		found.add(nil, parts)
		start = end + 1
	}
	names := found.names()
	if !slices.IsSorted(names) {
		slices.Sort(names)
	}
	return slices.Compact(names), nil
}

// itemLength is where the first comma outside brackets stands.
func itemLength(s string) int {
	inside := false
	for i := range len(s) {
		switch s[i] {
		case '[':
			inside = true
		case ']':
			inside = false
		case ',':
			if !inside {
				return i
			}
		}
	}
	return len(s)
}

func trim(s string, from, to int) (int, int) {
	for from < to && isSpace(s[from]) {
		from++
	}
	for from < to && isSpace(s[to-1]) {
		to--
	}
	return from, to
}

// nodeParts cuts s[from:to] at its brackets.
func nodeParts(s string, from, to int) ([]part, *Error) {
	var parts []part
	for i := from; i < to; {
		if s[i] == '[' {
			length := strings.IndexByte(s[i:to], ']')
			if length < 0 {
				return nil, &Error{Code: badNodes, At: Span{i, i + 1}, Message: "[ without its ] in a nodeset"}
			}
			ranges, err := nodeRanges(s, i+1, i+length)
			if err != nil {
				return nil, err
			}
			parts = append(parts, part{ranges: ranges})
			i += length + 1
			continue
		}
		end := i
		for end < to && isNodeByte(s[end]) {
			end++
		}
		if end == i {
			return nil, badNodeByte(s, i)
		}
		parts = append(parts, part{literal: s[i:end]})
		i = end
	}
	return parts, nil
}

func isNodeByte(c byte) bool {
	return isLetter(c) || isDigit(c) || c == '-' || c == '.' || c == '_'
}

func badNodeByte(s string, i int) *Error {
	r := []rune(s[i:])[0]
	e := &Error{Code: badNodes, At: Span{i, i + len(string(r))}, Message: fmt.Sprintf("%q cannot stand in the name of a node", r)}
	switch {
	case r == '@':
		e.Hint = "deployments stand behind an arrow: … -> {web@2.1.0}; a named fleet needs no braces"
	case isSpace(s[i]):
		e.Hint = "separate nodes with commas"
	default:
		e.Hint = "a name has letters, digits and - . _ only; folded it looks like edge[001-100]"
	}
	return e
}

// countFits reports whether the pattern's names and those already there are few enough.
func countFits(parts []part, have int) bool {
	product := uint64(1)
	for _, p := range parts {
		if p.ranges == nil {
			continue
		}
		sum := uint64(0)
		for _, r := range p.ranges {
			sum += min(r.count(), maxNodes+1)
			if sum > maxNodes {
				return false
			}
		}
		high, low := bits.Mul64(product, sum)
		if high != 0 || low > maxNodes {
			return false
		}
		product = low
	}
	return uint64(have)+product <= maxNodes
}

// unfolding is names that are parts of one text: millions of them are one allocation.
type unfolding struct {
	text []byte
	ends []int
}

// add appends prefix and every expansion of the parts.
func (u *unfolding) add(prefix []byte, parts []part) {
	if len(parts) == 0 {
		u.text = append(u.text, prefix...)
		u.ends = append(u.ends, len(u.text))
		return
	}
	p, rest := parts[0], parts[1:]
	if p.ranges == nil {
		u.add(append(prefix, p.literal...), rest)
		return
	}
	for _, r := range p.ranges {
		for i, n := uint64(0), r.count(); i < n; i++ {
			u.add(appendNumber(prefix, r.from+i*r.step, r.width), rest)
		}
	}
}

func (u *unfolding) names() []string {
	text, start := string(u.text), 0
	names := make([]string, len(u.ends))
	for i, end := range u.ends {
		names[i], start = text[start:end], end
	}
	return names
}
