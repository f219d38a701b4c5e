package selectors

import (
	"fmt"
	"strconv"
	"strings"
)

// numbers is from, from+step, … up to to, padded with zeros to width.
type numbers struct {
	from, to, step uint64
	width          int
}

func (n numbers) count() uint64 { return (n.to-n.from)/n.step + 1 }

// nodeRanges reads 1-9,12,20-40/2 between brackets.
func nodeRanges(s string, from, to int) ([]numbers, *Error) {
	var list []numbers
	for from <= to {
		end := to
		if comma := strings.IndexByte(s[from:to], ','); comma >= 0 {
			end = from + comma
		}
		i, j := trim(s, from, end)
		n, why := nodeRange(s[i:j])
		if why != "" {
			return nil, &Error{Code: badNodes, At: Span{i, max(j, i+1)}, Message: why, Hint: "write for example [001-100], [1,3,5] or [0-8/2]"}
		}
		list = append(list, n)
		from = end + 1
	}
	return list, nil
}

// nodeRange reads one range, or says what is wrong with it.
func nodeRange(s string) (numbers, string) {
	bounds, stepText, stepped := strings.Cut(s, "/")
	first, last, isRange := strings.Cut(bounds, "-")
	if !isRange {
		last = first
	}
	from, err := parseNumber(first)
	to, err2 := parseNumber(last)
	step := uint64(1)
	if stepped {
		if step, _ = parseNumber(stepText); step == 0 {
			return numbers{}, fmt.Sprintf("%q is no step", stepText)
		}
	}
	switch {
	case s == "":
		return numbers{}, "an empty range"
	case err || err2:
		return numbers{}, fmt.Sprintf("%q is no range of numbers", s)
	case from > to:
		return numbers{}, fmt.Sprintf("the range %s ends before it starts", s)
	case len(first) > len(last), padded(last) && len(first) != len(last):
		return numbers{}, fmt.Sprintf("the ends of %s are not padded alike", s)
	}
	width := 0
	if padded(first) {
		width = len(first)
	}
	return numbers{from, to, step, width}, ""
}

// parseNumber reads up to 18 digits; bad if s is anything else.
func parseNumber(s string) (n uint64, bad bool) {
	if s == "" || len(s) > maxDigits {
		return 0, true
	}
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, true
		}
		n = n*10 + uint64(s[i]-'0')
	}
	return n, false
}

// maxDigits is the length of a number that still fits 64 bits with room to spare. Longer
// ones are text.
const maxDigits = 18

func padded(digits string) bool { return len(digits) > 1 && digits[0] == '0' }

func appendNumber(b []byte, n uint64, width int) []byte {
	var digits [20]byte
	text := strconv.AppendUint(digits[:0], n, 10)
	for range width - len(text) {
		b = append(b, '0')
	}
	return append(b, text...)
}
