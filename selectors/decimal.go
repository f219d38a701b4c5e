package selectors

import (
	"cmp"
	"strings"
)

// decimal is a number as it is written: a serial number of twenty digits is not its neighbour,
// as it would be in floating point.
type decimal struct {
	negative bool
	whole    string // without zeros before it
	fraction string // without zeros behind it
}

// parseDecimal takes what isDecimal admits. There is no negative zero.
func parseDecimal(s string) decimal {
	digits, negative := strings.CutPrefix(s, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	d := decimal{negative, strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")}
	d.negative = negative && d.whole+d.fraction != ""
	return d
}

// compare orders decimals by value.
func (d decimal) compare(o decimal) int {
	switch {
	case d.negative && o.negative:
		return o.magnitude(d)
	case d.negative:
		return -1
	case o.negative:
		return 1
	}
	return d.magnitude(o)
}

func (d decimal) magnitude(o decimal) int {
	return cmp.Or(cmp.Compare(len(d.whole), len(o.whole)), strings.Compare(d.whole, o.whole), strings.Compare(d.fraction, o.fraction))
}
