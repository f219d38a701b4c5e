package analysis

// Set is a set of possible devices of one space, within the assumptions.
type Set struct {
	space *Space
	term  term
	node  node
	built bool // false where the diagram would be too large: a solver decides on the term
}

func (s *Space) set(t term) Set {
	n, ok := s.node(t)
	return Set{s, t, n, ok}
}

// Set is where the i-th predicate of NewSpace holds.
func (s *Space) Set(i int) Set {
	if s.sets[i].space == nil {
		s.sets[i] = s.set(s.terms[i]).And(s.world)
	}
	return s.sets[i]
}

// All is every possible device.
func (s *Space) All() Set { return s.world }

// Not is the other possible devices.
func (a Set) Not() Set { return a.space.All().Minus(a) }

// And is the devices in both.
func (a Set) And(b Set) Set {
	return a.join(b, conjunction{a.term, b.term}, (*diagram).and)
}

// Or is the devices in any of the two.
func (a Set) Or(b Set) Set {
	return a.join(b, disjunction{a.term, b.term}, (*diagram).or)
}

// Minus is the devices of a that are not in b.
func (a Set) Minus(b Set) Set {
	return a.join(b, conjunction{a.term, complement{b.term}}, func(d *diagram, x, y node) node { return d.and(x, d.not(y)) })
}

func (a Set) join(b Set, t term, op func(*diagram, node, node) node) (out Set) {
	out = Set{space: a.space, term: t}
	if !a.built || !b.built {
		return out
	}
	defer func() {
		if r := recover(); r != nil {
			if _, over := r.(overflow); !over {
				panic(r)
			}
		}
	}()
	out.node = op(a.space.diagram, a.node, b.node)
	out.built = true
	return out
}

// IsEmpty reports whether there is no such device. The error is a *Budget, here and below.
func (a Set) IsEmpty() (bool, error) {
	if a.built {
		return a.node == nobody, nil
	}
	_, some, err := a.space.solve(a.term)
	return !some, err
}

// Disjoint reports whether no device is in both. It makes no node.
func (a Set) Disjoint(b Set) (bool, error) {
	if a.built && b.built {
		return a.space.diagram.disjoint(a.node, b.node), nil
	}
	return a.And(b).IsEmpty()
}

// Within reports whether every device of a is in b: that a implies b.
func (a Set) Within(b Set) (bool, error) {
	if a.built && b.built {
		return a.space.diagram.within(a.node, b.node, map[[2]node]bool{}), nil
	}
	return a.Minus(b).IsEmpty()
}

// Equal reports whether both are the same devices.
func (a Set) Equal(b Set) (bool, error) {
	if a.built && b.built {
		return a.node == b.node, nil
	}
	if in, err := a.Within(b); err != nil || !in {
		return false, err
	}
	return b.Within(a)
}

// Witness is a device of the set: of those, one with as few keys as there can be. It is false
// if there is none.
func (a Set) Witness() (Device, bool, error) {
	if a.built {
		if a.node == nobody {
			return Device{}, false, nil
		}
		return a.space.device(a.space.cheapest(a.node, nil)), true, nil
	}
	choice, ok, err := a.space.solve(a.term)
	if err != nil || !ok {
		return Device{}, false, err
	}
	return a.space.device(choice), true, nil
}

// Has reports whether a device is in the set. One that no possible device is like is in none.
func (a Set) Has(d Device) bool {
	return a.space.holds(a.term, a.space.locate(d, a.space.options.Now))
}
