package analysis

import (
	"slices"
)

// box is the devices that are in some regions of each of a few variables: what a conjunction of
// atoms means. It is sorted by variable, and not empty.
type box []side

// side is the regions of one variable, and the words of the set between which all of them are.
type side struct {
	variable int
	in       regions
	from, to int
}

func newSide(variable int, in regions) (side, bool) {
	from := slices.IndexFunc(in, func(w uint64) bool { return w != 0 })
	if from < 0 {
		return side{}, false
	}
	to := len(in)
	for in[to-1] == 0 {
		to--
	}
	return side{variable, in, from, to}, true
}

// meets reports whether two sides of a variable have a region in common.
func (a side) meets(b side) bool {
	for i := max(a.from, b.from); i < min(a.to, b.to); i++ {
		if a.in[i]&b.in[i] != 0 {
			return true
		}
	}
	return false
}

// meets reports whether a device is in both boxes, in time linear in their variables.
func (a box) meets(b box) bool {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].variable < b[0].variable:
			a = a[1:]
		case a[0].variable > b[0].variable:
			b = b[1:]
		case !a[0].meets(b[0]):
			return false
		default:
			a, b = a[1:], b[1:]
		}
	}
	return true
}

// and is the devices in both boxes, if there are any.
func (a box) and(b box) (box, bool) {
	var out box
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].variable < b[0].variable:
			out, a = append(out, a[0]), a[1:]
		case len(a) == 0 || b[0].variable < a[0].variable:
			out, b = append(out, b[0]), b[1:]
		default:
			s, ok := newSide(a[0].variable, a[0].in.and(b[0].in))
			if !ok {
				return nil, false
			}
			out, a, b = append(out, s), a[1:], b[1:]
		}
	}
	return out, true
}

// mostBoxes is how many boxes a predicate may be a union of to be taken for one.
const mostBoxes = 16

// boxes are boxes whose union is the term, or its complement; false if there would be too many.
func (s *Space) boxes(t term, not bool) ([]box, bool) {
	switch t := t.(type) {
	case constant:
		if bool(t) != not {
			return []box{{}}, true
		}
		return nil, true
	case literal:
		v := s.variables[t.variable]
		in := v.where[t.atom]
		if not {
			in = in.not(len(v.regions))
		}
		one, ok := newSide(t.variable, in)
		if !ok {
			return nil, true
		}
		return []box{{one}}, true
	case complement:
		return s.boxes(t.of, !not)
	case conjunction:
		return s.junction(t, not, !not)
	case disjunction:
		return s.junction(t, not, not)
	}
	panic("analysis: unknown term")
}

// junction joins the boxes of terms, by and or by or.
func (s *Space) junction(of []term, not, and bool) ([]box, bool) {
	var out []box
	if and {
		out = []box{{}}
	}
	for _, t := range of {
		more, ok := s.boxes(t, not)
		if !ok {
			return nil, false
		}
		if !and {
			out = append(out, more...)
		} else {
			var next []box
			for _, a := range out {
				for _, b := range more {
					if c, some := a.and(b); some {
						next = append(next, c)
					}
				}
			}
			out = next
		}
		if len(out) > mostBoxes {
			return nil, false
		}
	}
	return out, true
}

// outer is a box around a term: what the atoms that it joins by & say. It is false if the term
// is seen to be empty.
func (s *Space) outer(t term) (box, bool) {
	switch t := t.(type) {
	case literal, complement:
		if c, ok := t.(complement); ok {
			if _, ok := c.of.(literal); !ok {
				return nil, true
			}
		}
		b, _ := s.boxes(t, false)
		if len(b) == 0 {
			return nil, false
		}
		return b[0], true
	case conjunction:
		var out box
		for _, u := range t {
			b, ok := s.outer(u)
			if !ok {
				return nil, false
			}
			if out, ok = out.and(b); !ok {
				return nil, false
			}
		}
		return out, true
	case constant, disjunction:
	}
	return nil, true
}
