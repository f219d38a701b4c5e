package algebra

import (
	"math"
	"slices"
)

// codes is a list of small numbers, each in one, two or four bytes as the greatest needs.
// Only makeCodes makes one: exactly one of the lists is not nil.
type codes struct {
	narrow []uint8
	medium []uint16
	wide   []uint32
}

// makeCodes is n zeros with room for numbers up to greatest.
func makeCodes(n int, greatest uint32) codes {
	switch {
	case greatest <= math.MaxUint8:
		return codes{narrow: make([]uint8, n)}
	case greatest <= math.MaxUint16:
		return codes{medium: make([]uint16, n)}
	default:
		return codes{wide: make([]uint32, n)}
	}
}

// len is also how far at and set may go.
func (c codes) len() int { return len(c.narrow) + len(c.medium) + len(c.wide) }

func (c codes) at(i uint32) uint32 {
	switch {
	case c.narrow != nil:
		return uint32(c.narrow[i])
	case c.medium != nil:
		return uint32(c.medium[i])
	default:
		return c.wide[i]
	}
}

// set needs room for code, see makeCodes.
func (c codes) set(i, code uint32) {
	switch {
	case c.narrow != nil:
		c.narrow[i] = uint8(code)
	case c.medium != nil:
		c.medium[i] = uint16(code)
	default:
		c.wide[i] = code
	}
}

func (c codes) greatest() uint32 {
	switch {
	case c.narrow != nil:
		return math.MaxUint8
	case c.medium != nil:
		return math.MaxUint16
	default:
		return math.MaxUint32
	}
}

func (c codes) clone() codes {
	return codes{slices.Clone(c.narrow), slices.Clone(c.medium), slices.Clone(c.wide)}
}

// append gives device i a code; those between that have none yet get 0. Codes widen as
// greater ones come.
func (c codes) append(i, code uint32) codes {
	if code > c.greatest() {
		c = mapped(c.len(), code, c.at)
	}
	switch {
	case c.narrow != nil:
		c.narrow = appendCode(c.narrow, i, uint8(code))
	case c.medium != nil:
		c.medium = appendCode(c.medium, i, uint16(code))
	default:
		c.wide = appendCode(c.wide, i, code)
	}
	return c
}

func appendCode[T uint8 | uint16 | uint32](list []T, i uint32, code T) []T {
	for uint32(len(list)) < i {
		list = append(list, 0)
	}
	return append(list, code)
}

// mapped is n codes, of which the i-th is f(i).
func mapped(n int, greatest uint32, f func(i uint32) uint32) codes {
	out := makeCodes(n, greatest)
	inShards(n, func(from, to int) {
		for i := uint32(from); i < uint32(to); i++ {
			out.set(i, f(i))
		}
	})
	return out
}
