package classes

// Partition is a class for each change, numbered in the order of their first changes.
type Partition struct {
	Of    []uint32 // the class of each change
	First []int    // the first change of each class
}

// meet is the coarsest partition finer than both.
func (p Partition) meet(q Partition) Partition {
	switch {
	case len(q.First) <= 1:
		return p
	case len(p.First) <= 1:
		return q
	}
	const dense = 1 << 20 // pairs kept in a list rather than a map
	out := Partition{Of: make([]uint32, len(p.Of))}
	find := func(i int, known uint32) uint32 {
		if known == 0 {
			out.First = append(out.First, i)
			known = uint32(len(out.First))
		}
		out.Of[i] = known - 1
		return known
	}
	if width := len(q.First); len(p.First)*width <= dense {
		seen := make([]uint32, len(p.First)*width)
		for i, a := range p.Of {
			at := int(a)*width + int(q.Of[i])
			seen[at] = find(i, seen[at])
		}
		return out
	}
	seen := map[uint64]uint32{}
	for i, a := range p.Of {
		pair := uint64(a)<<32 | uint64(q.Of[i])
		seen[pair] = find(i, seen[pair])
	}
	return out
}
