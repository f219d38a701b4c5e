package analysis

// term is a predicate over the variables of a space.
//
//sumtype:decl
type term interface {
	term() // sealed
}

type (
	constant bool
	// literal is an atom of a variable: true in some of its regions.
	literal     struct{ variable, atom int }
	complement  struct{ of term }
	conjunction []term
	disjunction []term
)

func (constant) term()    {}
func (literal) term()     {}
func (complement) term()  {}
func (conjunction) term() {}
func (disjunction) term() {}

func negated(t term, not bool) term {
	if not {
		return complement{t}
	}
	return t
}
