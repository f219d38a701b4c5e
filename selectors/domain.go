package selectors

import (
	"math"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Domain says which values a key can have, as far as atoms can tell: for who reasons about all
// devices and not about one.
type Domain struct{ kind kind }

// DomainOf is the domain of a key, its cast included. The key must come from a Bound.
func DomainOf(k Key) Domain {
	own, ok := kindOf(k)
	if !ok {
		panic("selectors: unknown attribute " + k.Name)
	}
	return Domain{own}
}

// Values are all values of a key of a fixed list; nil for any other key.
func (d Domain) Values(k Key) []string {
	if d.kind != enumKind {
		return nil
	}
	return slices.Clone(enumeration(k))
}

// IsText reports whether atoms compare the text itself.
func (d Domain) IsText() bool { return isTextual(d.kind) }

// IsSet reports whether a value holds elements.
func (d Domain) IsSet() bool { return d.kind == setKind }

// IsInstant reports whether a value is an instant.
func (d Domain) IsInstant() bool { return d.kind == instantKind }

// IsOrdered reports whether < means something.
func (d Domain) IsOrdered() bool { return d.kind.ordered() }

// Landmarks are values of an ordered domain, or of addresses: each constant, and where there is
// a value between two of them, before the first or after the last, one such. So whatever value
// a device has, the atoms with these constants decide it as they decide a landmark. It
// takes O(n) time and is in no order.
//
// Law: between neighbours a < b there is a landmark iff there is a value at all.
func (d Domain) Landmarks(constants []string) []string {
	out := slices.Clone(constants)
	for _, c := range constants {
		if r, ok := d.kind.read(c); ok {
			out = append(out, d.kind.around(r, constants)...)
		}
	}
	return append(out, d.kind.extremes()...)
}

// Pattern is the regular expression that an atom asks its whole value to match, of a glob too;
// false if the atom asks otherwise.
func Pattern(a Atom) (string, bool) {
	var t *test
	switch a := a.(type) {
	case Glob:
		t = a.test
	case Compare:
		t = a.test
	case In, Contains, Has:
	}
	if t == nil || t.pattern == nil {
		return "", false
	}
	return t.pattern.String(), true
}

// Ago is how long ago the atom asks about; zero if Bind has not made it.
func (x Within) Ago() time.Duration { return x.length }

// around are values next to r: if any value lies between r and the next constant, one of these
// does, and likewise before it.
func (k kind) around(r reading, constants []string) []string {
	switch k {
	case versionKind:
		return r.version.above(constants, "0")
	case kernelKind:
		return r.version.kernelAbove(constants)
	case quantityKind:
		return integersAround(new(big.Int).SetUint64(r.bytes), new(big.Int), new(big.Int).SetUint64(math.MaxUint64))
	case integerKind:
		return integersAround(big.NewInt(r.integer), big.NewInt(math.MinInt64), big.NewInt(math.MaxInt64))
	case numberKind:
		return r.numeral.around(constants)
	case addressKind:
		return networkEdges(r.network)
	case instantKind:
		return []string{instantText(r.instant.Add(-time.Second)), instantText(r.instant.Add(time.Second)),
			instantText(r.instant.Add(-1)), instantText(r.instant.Add(1))}
	case textKind, wordKind, enumKind, setKind:
		return nil
	}
	panic("selectors: unknown kind")
}

// extremes are values at the ends of the order.
func (k kind) extremes() []string {
	switch k {
	case versionKind:
		return []string{"1.0.0", "0-0"} // nothing is below 0-0, and what is above the last constant is around it
	case kernelKind:
		return []string{"6.1.0", "0-rc0"}
	case quantityKind:
		return []string{"1GiB", "0", strconv.FormatUint(math.MaxUint64, 10)}
	case integerKind:
		return []string{"1", "0", strconv.FormatInt(math.MinInt64, 10), strconv.FormatInt(math.MaxInt64, 10)}
	case numberKind:
		return []string{"1", "0"} // there is no least and no greatest, and what is beyond a constant is around it
	case addressKind:
		return []string{"192.0.2.1", "0.0.0.0", "2001:db8::1", "::", "10.0.0.0/8"}
	case instantKind:
		return []string{"2000-01-01T00:00:00Z", "0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999999-23:59"}
	case textKind, wordKind, enumKind, setKind:
		return nil
	}
	panic("selectors: unknown kind")
}

// integersAround are the integers before and after n, as far as they are between least and most.
func integersAround(n, least, most *big.Int) []string {
	var out []string
	for _, step := range []int64{1, -1} {
		if m := new(big.Int).Add(n, big.NewInt(step)); m.Cmp(least) >= 0 && m.Cmp(most) <= 0 {
			out = append(out, m.String())
		}
	}
	return out
}

// around are the whole numbers before and after d, a half more and less, and numbers so near to d
// that none of the constants lies between.
func (d numeral) around(constants []string) []string {
	places := 1 // one more than any constant has
	for _, c := range constants {
		if isDecimal(c) {
			places = max(places, len(parseNumeral(c).fraction)+1)
		}
	}
	n, one := d.scaled(places), scale(places)
	below := new(big.Int).Sub(n, big.NewInt(1))
	floor := new(big.Int).Div(n, one) // Div rounds down for a positive divisor
	half := new(big.Int).Quo(one, big.NewInt(2))
	up := new(big.Int).Mul(floor.Add(floor, big.NewInt(1)), one)
	down := new(big.Int).Mul(new(big.Int).Div(below, one), one)
	var out []string
	for _, near := range []*big.Int{up, down, new(big.Int).Add(n, half), new(big.Int).Sub(n, half), new(big.Int).Add(n, big.NewInt(1)), below} {
		out = append(out, unscaled(near, places))
	}
	return out
}

// instantText is empty for what RFC 3339 cannot say.
func instantText(t time.Time) string {
	t = t.UTC()
	if t.Year() < 0 || t.Year() > 9999 {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}

// networkEdges are the first address of a network and the one after its last: every stretch
// between the edges of some networks starts with one of these, or with the very first address.
// A mapped address is told apart from the one it maps by its length alone.
func networkEdges(n netip.Prefix) []string {
	first := n.Addr()
	bytes := first.AsSlice()
	for i := range bytes {
		for bit := range 8 {
			if i*8+bit >= n.Bits() {
				bytes[i] |= 0x80 >> bit
			}
		}
	}
	last, _ := netip.AddrFromSlice(bytes)
	var out []string
	for _, a := range []netip.Addr{first, first.Next(), last.Next(), last} {
		switch {
		case !a.IsValid():
		case a.Is4In6():
			out = append(out, a.String()+"/128")
		default:
			out = append(out, a.String())
		}
	}
	return out
}

// numbersLongest is the most dotted numbers any of the versions has.
func numbersLongest(constants []string) int {
	most := 0
	for _, c := range constants {
		most = max(most, strings.Count(c, ".")+1)
	}
	return most
}
