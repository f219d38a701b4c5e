package analysis

import "math/bits"

// regions is a set of regions of one variable.
type regions []uint64

func noRegions(n int) regions { return make(regions, (n+63)/64) }

func (r regions) has(i int) bool { return r[i/64]>>(i%64)&1 != 0 }
func (r regions) add(i int)      { r[i/64] |= 1 << (i % 64) }

// not is the complement among n regions.
func (r regions) not(n int) regions {
	out := make(regions, len(r))
	for i := range r {
		out[i] = ^r[i]
	}
	if n%64 != 0 {
		out[len(out)-1] &= 1<<(n%64) - 1
	}
	return out
}

func (r regions) and(o regions) regions {
	out := make(regions, len(r))
	for i := range r {
		out[i] = r[i] & o[i]
	}
	return out
}

func (r regions) count() int {
	n := 0
	for _, w := range r {
		n += bits.OnesCount64(w)
	}
	return n
}
