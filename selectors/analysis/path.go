package analysis

import (
	"slices"
	"time"

	"github.com/musterfleet/muster/selectors"
)

// cost is what it takes to be in a region; the least of each variable counts as nothing.
type cost func(v *variable, r int) int

// keysSet is the cost by which witnesses are small.
func keysSet(v *variable, r int) int {
	if v.kind == deployed {
		return len(v.regions[r].elements)
	}
	if v.regions[r].present {
		return 1
	}
	return 0
}

// cheapest is a choice of a region of each variable that leads to everybody, and costs least;
// of equal ones the first. The node must not be nobody. It takes time linear in the edges below
// the node.
func (s *Space) cheapest(n node, by cost) []int {
	c := s.costs(by)
	best := map[node]int{everybody: 0}
	s.least(n, c, best)
	choice := slices.Clone(c.free)
	for n != everybody {
		v := int(s.diagram.level[n])
		for r, k := range s.diagram.children(n) {
			if k != nobody && c.of[v][r]+best[k] == best[n] {
				choice[v] = r
				n = k
				break
			}
		}
	}
	return choice
}

// priced are the costs of all regions, less what is the least of each variable.
type priced struct {
	of   [][]int
	free []int // a region of each variable that costs nothing
}

func (s *Space) costs(by cost) priced {
	if by == nil {
		by = keysSet
	}
	p := priced{free: make([]int, len(s.variables))}
	for i, v := range s.variables {
		row := make([]int, len(v.regions))
		for r := range v.regions {
			row[r] = by(v, r)
		}
		least := slices.Min(row)
		p.free[i] = slices.Index(row, least)
		for r := range row {
			row[r] -= least
		}
		p.of = append(p.of, row)
	}
	return p
}

// dear is more than any path costs.
const dear = 1 << 30

// least fills in what the nodes from n on cost.
func (s *Space) least(n node, c priced, best map[node]int) int {
	if n == nobody {
		return dear
	}
	if b, ok := best[n]; ok {
		return b
	}
	b := dear
	v := s.diagram.level[n]
	for r := range s.diagram.sizes[v] {
		b = min(b, c.of[v][r]+s.least(s.diagram.kids[int(s.diagram.first[n])+r], c, best))
	}
	best[n] = b
	return b
}

// locate is the region a device is in of each variable; -1 where there is none.
func (s *Space) locate(d selectors.Attributes, now time.Time) []int {
	in := make([]int, len(s.variables))
	for i, v := range s.variables {
		r, ok := v.regionOf(d, now)
		if !ok {
			r = -1
		}
		in[i] = r
	}
	return in
}

// contains reports whether the device at these regions is in a set. Where a variable that
// matters has no region it is not.
func (s *Space) contains(n node, in []int) bool {
	for n > everybody {
		r := in[s.diagram.level[n]]
		if r < 0 {
			return false
		}
		n = s.diagram.children(n)[r]
	}
	return n == everybody
}

// holds decides a term at these regions.
func (s *Space) holds(t term, in []int) bool {
	switch t := t.(type) {
	case constant:
		return bool(t)
	case literal:
		r := in[t.variable]
		return r >= 0 && s.variables[t.variable].where[t.atom].has(r)
	case complement:
		return !s.holds(t.of, in)
	case conjunction:
		return !slices.ContainsFunc(t, func(u term) bool { return !s.holds(u, in) })
	case disjunction:
		return slices.ContainsFunc(t, func(u term) bool { return s.holds(u, in) })
	}
	panic("analysis: unknown term")
}

// signatures cuts a set by which of the others its devices are in: a text of 0 and 1 for each.
// It panics with overflow where these are too many.
func (s *Space) signatures(in node, roots []node) map[string]node {
	parts := map[string]node{"": in}
	for _, root := range roots {
		not := s.diagram.not(root)
		next := map[string]node{}
		for on, part := range parts {
			if yes := s.diagram.and(part, root); yes != nobody {
				next[on+"1"] = yes
			}
			if no := s.diagram.and(part, not); no != nobody {
				next[on+"0"] = no
			}
		}
		if parts = next; len(parts) > mostTuples {
			panic(overflow{})
		}
	}
	return parts
}
