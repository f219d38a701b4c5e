package analysis

import (
	"time"

	"github.com/musterfleet/muster/selectors"
)

// Options are what a Space takes for granted.
type Options struct {
	// Now is the time that within is about.
	Now time.Time
	// Assume holds of every possible device.
	Assume []Predicate
	// Seen are values in use of a key, the best first: witnesses prefer them. It may be nil.
	Seen func(selectors.Key) []string
	// Deployed decides a quantifier by what a World would deploy; nil leaves what devices run
	// open.
	Deployed func(b *selectors.Bound, q selectors.Quant) Predicate
	// Nodes is how large the diagram may become; 0 is MostNodes.
	Nodes int
}

// Space is all possible devices, told apart as far as some predicates do.
type Space struct {
	options    Options
	variables  []*variable
	diagram    *diagram
	terms      []term
	sets       []Set       // of the terms, made when asked for
	world      Set         // the assumptions
	overlapper *overlapper // nil until it is needed
}

// NewSpace cuts the possible devices into the regions that the predicates tell apart. The error
// is a *Budget: there are too many regions of one key.
func NewSpace(o Options, of ...Predicate) (*Space, error) {
	return newGatherer(o).space(of)
}

func (g *gatherer) space(of []Predicate) (*Space, error) {
	s := &Space{options: g.options}
	for _, p := range of {
		s.terms = append(s.terms, g.term(p))
	}
	assumed := g.term(Both(g.options.Assume...))
	s.variables = g.variables
	var sizes []int
	for _, v := range s.variables {
		if err := v.settle(g.options); err != nil {
			return nil, err
		}
		sizes = append(sizes, len(v.regions))
	}
	most := g.options.Nodes
	if most == 0 {
		most = MostNodes
	}
	s.diagram = newDiagram(sizes, most)
	s.world = s.set(assumed)
	s.sets = make([]Set, len(s.terms))
	return s, nil
}

// node is the set a term means; false if the diagram would be too large.
func (s *Space) node(t term) (n node, ok bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, over := r.(overflow); !over {
				panic(r)
			}
			ok = false
		}
	}()
	return s.build(t), true
}

func (s *Space) build(t term) node {
	switch t := t.(type) {
	case constant:
		if t {
			return everybody
		}
		return nobody
	case literal:
		return s.diagram.where(t.variable, s.variables[t.variable].where[t.atom])
	case complement:
		if l, ok := t.of.(literal); ok {
			v := s.variables[l.variable]
			return s.diagram.where(l.variable, v.where[l.atom].not(len(v.regions)))
		}
		return s.diagram.not(s.build(t.of))
	case conjunction:
		n := everybody
		for _, u := range t {
			n = s.diagram.and(n, s.build(u))
		}
		return n
	case disjunction:
		n := nobody
		for _, u := range t {
			n = s.diagram.or(n, s.build(u))
		}
		return n
	}
	panic("analysis: unknown term")
}

// recovered makes an error of a diagram that grew too large.
func recovered(err *error) {
	if r := recover(); r != nil {
		if _, over := r.(overflow); !over {
			panic(r)
		}
		*err = tooManyNodes
	}
}

var tooManyNodes = &Budget{"the expressions are entangled: their decision diagram has too many nodes"}

// Keys are the keys the predicates ask about, in the order they first do.
func (s *Space) Keys() []string {
	var out []string
	for _, v := range s.variables {
		out = append(out, v.name)
	}
	return out
}

// Nodes is how large the diagram is.
func (s *Space) Nodes() int { return s.diagram.size() }
