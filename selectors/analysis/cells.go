package analysis

import (
	"maps"
	"slices"
)

// Cell is the devices that are in the same predicates of a space.
type Cell struct {
	// In tells of each predicate of NewSpace whether they are in it.
	In      []bool
	Witness Device
	// Choices is how many choices of a region for each key lead here.
	Choices float64
}

// Cells cuts the possible devices by which of the predicates they are in: no cell is empty, no
// two meet, and together they are all. The error is a *Budget.
func (s *Space) Cells() (out []Cell, err error) {
	defer recovered(&err)
	if !s.world.built {
		return nil, tooManyNodes
	}
	var roots []node
	for i := range s.terms {
		set := s.Set(i)
		if !set.built {
			return nil, tooManyNodes
		}
		roots = append(roots, set.node)
	}
	parts := s.signatures(s.world.node, roots)
	for _, on := range slices.Sorted(maps.Keys(parts)) {
		c := Cell{Witness: s.device(s.cheapest(parts[on], nil)), Choices: s.count(parts[on])}
		for _, b := range on {
			c.In = append(c.In, b == '1')
		}
		out = append(out, c)
	}
	return out, nil
}

// count is in how many ways a region can be chosen for each key so that the device is in the set.
func (s *Space) count(n node) float64 {
	all := 1.0
	for _, size := range s.diagram.sizes {
		all *= float64(size)
	}
	return all * s.share(n, map[node]float64{nobody: 0, everybody: 1})
}

// share is which share of the choices leads to everybody.
func (s *Space) share(n node, done map[node]float64) float64 {
	if f, ok := done[n]; ok {
		return f
	}
	sum := 0.0
	for _, k := range s.diagram.children(n) {
		sum += s.share(k, done)
	}
	sum /= float64(s.diagram.sizes[s.diagram.level[n]])
	done[n] = sum
	return sum
}
