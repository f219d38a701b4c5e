package analysis

import "github.com/crillab/gophersat/solver"

// mostClauses is how large a formula the solver gets.
const mostClauses = 400_000

// solve looks for a choice of regions that makes a term true, by a SAT solver. It takes over
// where the diagram would be too large, and can say yes or no and give a witness, no more.
// Its time has no bound but that of the size of the formula: a caller that must answer in time
// keeps the time itself.
func (s *Space) solve(t term) ([]int, bool, error) {
	f := &formula{space: s, first: make([]int, len(s.variables))}
	for i, v := range s.variables {
		f.first[i] = f.variables + 1
		f.variables += len(v.regions)
		f.exactlyOne(f.first[i], len(v.regions))
	}
	f.clause(f.literal(t))
	if len(f.clauses) > mostClauses {
		return nil, false, tooManyNodes
	}
	if f.never {
		return nil, false, nil
	}
	problem := solver.New(solver.ParseSlice(f.clauses))
	if problem.Solve() != solver.Sat {
		return nil, false, nil
	}
	model := problem.Model()
	choice := make([]int, len(s.variables))
	for i, v := range s.variables {
		for r := range v.regions {
			if at := f.first[i] + r - 1; at < len(model) && model[at] {
				choice[i] = r
			}
		}
	}
	return choice, true, nil
}

// formula is clauses: a variable for each region, of which each key has exactly one, and one for
// each junction of a term.
type formula struct {
	space     *Space
	first     []int
	variables int
	clauses   [][]int
	never     bool
}

func (f *formula) clause(literals ...int) {
	if len(literals) == 0 {
		f.never = true
		return
	}
	f.clauses = append(f.clauses, literals)
}

// exactlyOne says so of n variables, with a ladder so that the clauses stay few.
func (f *formula) exactlyOne(first, n int) {
	some := make([]int, n)
	for i := range some {
		some[i] = first + i
	}
	f.clause(some...)
	before := 0 // a variable that is true if one so far is
	for i := range n {
		if before != 0 {
			f.clause(-before, -(first + i))
		}
		if i < n-1 {
			f.variables++
			f.clause(-(first + i), f.variables)
			if before != 0 {
				f.clause(-before, f.variables)
			}
			before = f.variables
		}
	}
}

// literal is a variable that has the truth of a term, or its negation.
func (f *formula) literal(t term) int {
	switch t := t.(type) {
	case constant:
		n := f.fresh()
		if t {
			f.clause(n)
		} else {
			f.clause(-n)
		}
		return n
	case literal:
		v := f.space.variables[t.variable]
		in := []int{}
		for r := range v.regions {
			if v.where[t.atom].has(r) {
				in = append(in, f.first[t.variable]+r)
			}
		}
		return f.any(in)
	case complement:
		return -f.literal(t.of)
	case conjunction:
		parts := make([]int, len(t))
		for i, u := range t {
			parts[i] = -f.literal(u)
		}
		return -f.any(parts)
	case disjunction:
		parts := make([]int, len(t))
		for i, u := range t {
			parts[i] = f.literal(u)
		}
		return f.any(parts)
	}
	panic("analysis: unknown term")
}

func (f *formula) fresh() int {
	f.variables++
	return f.variables
}

// any is true iff one of the literals is.
func (f *formula) any(of []int) int {
	if len(of) == 1 {
		return of[0]
	}
	n := f.fresh()
	for _, l := range of {
		f.clause(-l, n)
	}
	f.clause(append([]int{-n}, of...)...)
	return n
}
