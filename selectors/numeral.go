package selectors

import (
	"cmp"
	"math/big"
	"strings"
)

// numeral is a number as it is written: a serial number of twenty digits is not its neighbour,
// as it would be in floating point.
type numeral struct {
	negative bool
	whole    string // without zeros before it
	fraction string // without zeros behind it
}

// parseNumeral takes what isDecimal admits. There is no negative zero.
func parseNumeral(s string) numeral {
	digits, negative := strings.CutPrefix(s, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	d := numeral{negative, strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")}
	d.negative = negative && d.whole+d.fraction != ""
	return d
}

// compare orders decimals by value.
func (d numeral) compare(o numeral) int {
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

func (d numeral) magnitude(o numeral) int {
	return cmp.Or(cmp.Compare(len(d.whole), len(o.whole)), strings.Compare(d.whole, o.whole), strings.Compare(d.fraction, o.fraction))
}

// scaled is d times ten to the power of places, which must be no fewer than its fraction has.
func (d numeral) scaled(places int) *big.Int {
	n, _ := new(big.Int).SetString("0"+d.whole+d.fraction+strings.Repeat("0", places-len(d.fraction)), 10)
	if d.negative {
		n.Neg(n)
	}
	return n
}

func scale(places int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
}

// unscaled is the text of n divided by ten to the power of places, at least one.
func unscaled(n *big.Int, places int) string {
	digits := new(big.Int).Abs(n).String()
	if missing := places + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	cut := len(digits) - places
	text := strings.TrimRight(strings.TrimRight(digits[:cut]+"."+digits[cut:], "0"), ".")
	if n.Sign() < 0 {
		return "-" + text
	}
	return text
}
