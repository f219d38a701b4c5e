package analysis

import "iter"

// Overlaps yields each two predicates of NewSpace, by number, that are asked about and have a
// device in common. A predicate that is a conjunction of atoms, or a union of few, is compared key by key; others
// in the diagram, without making nodes. Of many predicates only those are compared that meet in
// the key which splits them best. The error, if any, is a *Budget and the last that is yielded.
func (s *Space) Overlaps(asked func(i, j int) bool) iter.Seq2[[2]int, error] {
	return func(yield func([2]int, error) bool) {
		o := s.comparing()
		for pair := range o.candidates() {
			if !asked(pair[0], pair[1]) {
				continue
			}
			meets, err := o.meets(pair[0], pair[1])
			if err != nil {
				yield(pair, err)
				return
			}
			if meets && !yield(pair, nil) {
				return
			}
		}
	}
}

// overlapper is the predicates made ready to be compared.
type overlapper struct {
	space *Space
	boxes [][]box // nil if a predicate is not boxes
	outer []box
	none  []bool
	built []Set
}

// comparing is made once for a space.
func (s *Space) comparing() *overlapper {
	if s.overlapper == nil {
		s.overlapper = s.newOverlapper()
	}
	return s.overlapper
}

// Empty reports whether the i-th predicate of NewSpace has no device.
func (s *Space) Empty(i int) (bool, error) {
	o := s.comparing()
	if o.none[i] || o.boxes[i] != nil {
		return o.none[i], nil
	}
	return o.set(i).IsEmpty()
}

func (s *Space) newOverlapper() *overlapper {
	n := len(s.terms)
	o := &overlapper{space: s, boxes: make([][]box, n), outer: make([]box, n), none: make([]bool, n), built: make([]Set, n)}
	for i, t := range s.terms {
		t = conjunction{s.world.term, t}
		boxes, ok := s.boxes(t, false)
		switch {
		case ok && len(boxes) == 0:
			o.none[i] = true
		case ok:
			o.boxes[i] = boxes
		default:
			o.outer[i], ok = s.outer(t)
			o.none[i] = !ok
		}
		if len(boxes) == 1 {
			o.outer[i] = boxes[0]
		}
	}
	return o
}

func (o *overlapper) meets(i, j int) (bool, error) {
	if o.none[i] || o.none[j] || !o.outer[i].meets(o.outer[j]) {
		return false, nil
	}
	if o.boxes[i] == nil || o.boxes[j] == nil {
		apart, err := o.set(i).Disjoint(o.set(j))
		return !apart, err
	}
	for _, a := range o.boxes[i] {
		for _, b := range o.boxes[j] {
			if a.meets(b) {
				return true, nil
			}
		}
	}
	return false, nil
}

func (o *overlapper) set(i int) Set {
	if o.built[i].space == nil {
		o.built[i] = o.space.Set(i)
	}
	return o.built[i]
}

// few is how many predicates are compared each with each.
const few = 1_000

// candidates yields the pairs that have to be compared.
func (o *overlapper) candidates() iter.Seq[[2]int] {
	n := len(o.none)
	splitter := -1
	if n > few {
		splitter = o.splitter()
	}
	if splitter < 0 {
		return func(yield func([2]int) bool) {
			for i := range n {
				for j := i + 1; j < n; j++ {
					if !yield([2]int{i, j}) {
						return
					}
				}
			}
		}
	}
	return func(yield func([2]int) bool) {
		// Those before a predicate are met by the regions they have in the splitting key.
		size := len(o.space.variables[splitter].regions)
		byRegion := make([][]int, size)
		var anywhere []int
		last := make([]int, n) // the predicate with which it was compared last
		for i := range n {
			rs, somewhere := o.regionsOf(i, splitter)
			met := [][]int{anywhere}
			if somewhere {
				for _, r := range rs {
					met = append(met, byRegion[r])
				}
			} else {
				met = nil
				for j := range i {
					met = append(met, []int{j})
				}
			}
			for _, some := range met {
				for _, j := range some {
					if last[j] != i {
						last[j] = i
						if !yield([2]int{j, i}) {
							return
						}
					}
				}
			}
			if !somewhere {
				anywhere = append(anywhere, i)
			}
			for _, r := range rs {
				byRegion[r] = append(byRegion[r], i)
			}
		}
	}
}

// splitter is the variable in which most predicates have few regions; -1 for none.
func (o *overlapper) splitter() int {
	counts := make([]int, len(o.space.variables))
	for i := range o.none {
		for _, side := range o.outer[i] {
			if side.isNarrow() {
				counts[side.variable]++
			}
		}
	}
	best, most := -1, len(o.none)/4
	for v, c := range counts {
		if c > most {
			best, most = v, c
		}
	}
	return best
}

// isNarrow reports whether the side is few of many regions.
func (s side) isNarrow() bool { return s.to-s.from <= 4 && s.in[s.from:s.to].count() <= 8 }

// regionsOf are the regions a predicate has in a variable; false if it may be in most of them.
func (o *overlapper) regionsOf(i, variable int) ([]int, bool) {
	for _, side := range o.outer[i] {
		if side.variable == variable && side.isNarrow() {
			var out []int
			for r := side.from * 64; r < min(side.to*64, len(o.space.variables[variable].regions)); r++ {
				if side.in.has(r) {
					out = append(out, r)
				}
			}
			return out, true
		}
	}
	return nil, o.none[i]
}
