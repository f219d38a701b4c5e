package selectors

import (
	"cmp"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// reading is a text read as values of its kind are. Only the field of that kind is set.
type reading struct {
	text    string
	integer int64
	numeral numeral
	bytes   uint64
	version version
	network netip.Prefix
	instant time.Time
}

// read reads a value or a constant; false if it is none of that kind. A bare address is
// the network that holds it alone.
func (k kind) read(s string) (r reading, ok bool) {
	switch k {
	case textKind, wordKind, enumKind, setKind:
		return reading{text: s}, true
	case instantKind:
		t, err := time.Parse(time.RFC3339, s)
		r.instant, ok = t, err == nil
	case versionKind:
		r.version, ok = parseVersion(s)
	case kernelKind:
		r.version, ok = parseKernel(s)
	case quantityKind:
		r.bytes, ok = parseQuantity(s)
	case integerKind:
		if !isDecimal(s) {
			return r, false
		}
		n, err := strconv.ParseInt(s, 10, 64)
		r.integer, ok = n, err == nil
	case numberKind:
		if !isDecimal(s) {
			return r, false
		}
		r.numeral, ok = parseNumeral(s), true
	case addressKind:
		r.network, ok = parseNetwork(s)
	default:
		panic("selectors: unknown kind")
	}
	return r, ok
}

// compare orders two readings of one kind. For kinds without an order it tells equal from
// different.
func (k kind) compare(a, b reading) int {
	switch k {
	case textKind, wordKind, enumKind, setKind:
		return strings.Compare(a.text, b.text)
	case versionKind, kernelKind:
		return a.version.compare(b.version)
	case quantityKind:
		return cmp.Compare(a.bytes, b.bytes)
	case integerKind:
		return cmp.Compare(a.integer, b.integer)
	case numberKind:
		return a.numeral.compare(b.numeral)
	case addressKind:
		return cmp.Or(a.network.Addr().Compare(b.network.Addr()), cmp.Compare(a.network.Bits(), b.network.Bits()))
	case instantKind:
		return a.instant.Compare(b.instant)
	}
	panic("selectors: unknown kind")
}

// isDecimal reports whether s is [-]digits[.digits]: no exponent, no hex, no infinity.
func isDecimal(s string) bool {
	s = strings.TrimPrefix(s, "-")
	return dotted(s, isDigit) && strings.Count(s, ".") <= 1
}

// units are the multipliers of a quantity, the longer suffix first.
var units = []struct {
	suffix string
	bytes  uint64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"PiB", 1 << 50}, {"EiB", 1 << 60},
	{"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30}, {"Ti", 1 << 40}, {"Pi", 1 << 50}, {"Ei", 1 << 60},
	{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"PB", 1e15}, {"EB", 1e18},
	{"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}, {"P", 1e15}, {"E", 1e18},
}

// parseQuantity reads 8GiB, 512M or 1024 as bytes. A fraction has at most nine digits, and
// less than a byte is dropped.
func parseQuantity(s string) (uint64, bool) {
	multiplier := uint64(1)
	for _, u := range units {
		if digits, ok := strings.CutSuffix(s, u.suffix); ok {
			s, multiplier = digits, u.bytes
			break
		}
	}
	if !isDecimal(s) || s[0] == '-' {
		return 0, false
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if len(fraction) > 9 {
		return 0, false
	}
	n, err := strconv.ParseUint(whole, 10, 64)
	high, low := bits.Mul64(n, multiplier)
	if err != nil || high != 0 {
		return 0, false
	}
	if fraction == "" {
		return low, true
	}
	scale := uint64(1)
	for range fraction {
		scale *= 10
	}
	f, _ := strconv.ParseUint(fraction, 10, 64)
	high, rest := bits.Mul64(f, multiplier)
	part, _ := bits.Div64(high, rest, scale) // f < scale, so the quotient fits
	sum, carry := bits.Add64(low, part, 0)
	return sum, carry == 0
}

func parseNetwork(s string) (netip.Prefix, bool) {
	if strings.Contains(s, "/") {
		n, err := netip.ParsePrefix(s)
		if a := n.Addr(); a.Is4In6() && n.Bits() >= 96 { // as the addresses in it are read
			n = netip.PrefixFrom(a.Unmap(), n.Bits()-96)
		}
		return n, err == nil && n == n.Masked()
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen()), true
}

// hasElement reports whether the set, its elements between commas, has that element.
func hasElement(set, element string) bool {
	for e := range strings.SplitSeq(set, ",") {
		if strings.TrimSpace(e) == element && element != "" {
			return true
		}
	}
	return false
}

// spans are the units of a length of time, the longest first.
var spans = []struct {
	suffix byte
	length time.Duration
}{{'w', 7 * 24 * time.Hour}, {'d', 24 * time.Hour}, {'h', time.Hour}, {'m', time.Minute}, {'s', time.Second}}

// parseLength reads 5m, 1h30m or 7d: whole numbers of units, each unit once and the longer
// ones first.
func parseLength(s string) (time.Duration, bool) {
	total, rest := time.Duration(0), s
	for _, u := range spans {
		digits := 0
		for digits < len(rest) && isDigit(rest[digits]) {
			digits++
		}
		if digits == 0 || digits == len(rest) || rest[digits] != u.suffix {
			continue
		}
		n, err := strconv.ParseInt(rest[:digits], 10, 32)
		if err != nil || time.Duration(n) > maxLength/u.length {
			return 0, false
		}
		total += time.Duration(n) * u.length
		rest = rest[digits+1:]
	}
	return total, s != "" && rest == "" && total <= maxLength
}

// maxLength is a hundred years: longer ones are mistakes.
const maxLength = 100 * 365 * 24 * time.Hour
