package algebra_test

import (
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/proofs/reference"
	"github.com/musterfleet/muster/selectors"
)

type assignment = algebra.Assignment

var assignmentOperations = operations[assignment]{
	or: assignment.Union, and: assignment.Intersect, minus: assignment.Minus, equal: assignment.Equal,
}

func assignmentLaws() []law[assignment] {
	return relativeLaws(func(x assignment) assignment { return x.Minus(x) })
}

func assignmentLaw(o operations[assignment]) gopter.Prop {
	return prop.ForAll(func(a algebratest.Assignments) (bool, error) {
		return o.all(assignmentLaws(), a.X, a.Y, a.Z)
	}, algebratest.AssignmentTriples())
}

func TestAssignmentsAreARelativeBooleanAlgebra(t *testing.T) {
	algebratest.Law(t, cases)(assignmentLaw(assignmentOperations))
}

// override is how many people think of assignments: the right side replaces the left one where
// it says anything of an app. As | or & it is no Boolean algebra.
func override(x, y assignment) assignment {
	for c, f := range x.All() {
		for o, g := range y.All() {
			if o.Deployment.App() == c.Deployment.App() {
				f = f.Minus(g)
			}
		}
		y = y.Union(f.Assign(c))
	}
	return y
}

func TestAssignmentLawsSeeWrongOperations(t *testing.T) {
	for name, spoil := range map[string]func(*operations[assignment]){
		"| lets the right side override": func(o *operations[assignment]) { o.or = override },
		"| resolves": func(o *operations[assignment]) {
			o.or = func(x, y assignment) assignment { return x.Union(y).Resolve().Claims() }
		},
		"& does not look at devices": func(o *operations[assignment]) {
			o.and = func(x, y assignment) assignment {
				if x.Intersect(y).Equal(y.Minus(y)) {
					return y.Minus(y)
				}
				return x
			}
		},
		"- resolves": func(o *operations[assignment]) {
			o.minus = func(x, y assignment) assignment { return x.Minus(y).Resolve().Claims() }
		},
	} {
		o := assignmentOperations
		spoil(&o)
		algebratest.Planted(t, planted)(name, assignmentLaw(o))
	}
}

// perDeviceAssignmentLaw: (A op B)(d) = A(d) op B(d), with the claims of one device as lists.
func perDeviceAssignmentLaw(o operations[assignment], met *int) gopter.Prop {
	both := func(x, y []algebra.Claim, keep func(inX, inY bool) bool) []algebra.Claim {
		var out []algebra.Claim
		for _, c := range slices.CompactFunc(slices.SortedFunc(slices.Values(slices.Concat(x, y)), algebra.Claim.Compare), same) {
			if keep(slices.ContainsFunc(x, is(c)), slices.ContainsFunc(y, is(c))) {
				out = append(out, c)
			}
		}
		return out
	}
	return prop.ForAll(func(a algebratest.Assignments) bool {
		or, and, minus := o.or(a.X, a.Y), o.and(a.X, a.Y), o.minus(a.X, a.Y)
		for d := range uint32(a.Roster.Len()) {
			x, y := a.X.At(d), a.Y.At(d)
			if len(and.At(d)) > 0 {
				*met++
			}
			if !slices.EqualFunc(or.At(d), both(x, y, func(p, q bool) bool { return p || q }), same) ||
				!slices.EqualFunc(and.At(d), both(x, y, func(p, q bool) bool { return p && q }), same) ||
				!slices.EqualFunc(minus.At(d), both(x, y, func(p, q bool) bool { return p && !q }), same) {
				return false
			}
			for _, c := range or.At(d) {
				if !or.Makes(c, d) || minus.Makes(c, d) == slices.ContainsFunc(y, is(c)) && slices.ContainsFunc(x, is(c)) {
					return false
				}
			}
		}
		return true
	}, algebratest.AssignmentTriples())
}

func same(x, y algebra.Claim) bool { return x.Compare(y) == 0 }
func is(c algebra.Claim) func(algebra.Claim) bool {
	return func(o algebra.Claim) bool { return same(c, o) }
}

func TestAssignmentOperationsActPerDevice(t *testing.T) {
	met := 0
	algebratest.Law(t, cases)(perDeviceAssignmentLaw(assignmentOperations, &met))
	if met < cases/5 {
		t.Errorf("two assignments agreed at %d devices only", met)
	}
}

func TestPerDeviceLawSeesWrongOperations(t *testing.T) {
	n := 0
	o := assignmentOperations
	o.or = override
	algebratest.Planted(t, planted)("the right side overrides", perDeviceAssignmentLaw(o, &n))
}

// inLaw: A[s](d) = A(d) where s admits d, else nothing; and A[s][t] = A[s & t].
func inLaw(in func(assignment, algebra.Fleet) assignment) gopter.Prop {
	v := algebratest.Vocabulary()
	return prop.ForAll(func(a algebratest.Assignments, x, y selectors.Expr) bool {
		s, t := a.Roster.Select(v.Bind(x)), a.Roster.Select(v.Bind(y))
		for d := range uint32(a.Roster.Len()) {
			want := a.X.At(d)
			if !s.Contains(d) {
				want = nil
			}
			if !slices.EqualFunc(in(a.X, s).At(d), want, same) {
				return false
			}
		}
		return in(in(a.X, s), t).Equal(in(a.X, s.Intersect(t))) && in(a.X.Union(a.Y), s).Equal(in(a.X, s).Union(in(a.Y, s)))
	}, algebratest.AssignmentTriples(), v.Selectors(), v.Selectors())
}

func TestAssignmentFiltersCompose(t *testing.T) { algebratest.Law(t, cases)(inLaw(assignment.In)) }

func TestAssignmentFilterLawSeesAWrongFilter(t *testing.T) {
	algebratest.Planted(t, planted)("what is left empty stays as it was", inLaw(func(a assignment, f algebra.Fleet) assignment {
		out := a.Minus(a)
		for c, on := range a.All() {
			if g := on.Intersect(f); !g.IsEmpty() {
				on = g
			}
			out = out.Union(on.Assign(c))
		}
		return out
	}))
}

// assignmentOracleLaw evaluates assignment expressions and compares claims and resolution with
// the oracle's.
func assignmentOracleLaw(evaluate func(algebra.Demand, *selectors.Bound) assignment, conflicts *int) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation) bool {
		r := s.Reality().Roster
		w, devices := s.ReferenceWorld(), algebratest.ReferenceDevices(r)
		d := s.World.On(s.Reality())
		union := reference.Claims{}
		for _, def := range s.World.Assignments {
			want := w.Names.Claims(def.Expr.Expr(), devices)
			if !equalClaims(r, evaluate(d, def.Expr), want) {
				return false
			}
			for c := range want {
				union[c] = union[c] || !def.Abstract
			}
		}
		for c, mine := range union {
			if !mine {
				delete(union, c)
			}
		}
		resolved := reference.Resolve(union)
		for at, top := range resolved {
			i, _ := r.Ordinal(algebra.MustDeviceID(at.Device))
			app := algebra.MustApp(at.App)
			if len(top) > 1 {
				*conflicts++
			}
			if len(d.Assignment().Resolve().At(i, app)) != len(top) || d.Assignment().Resolve().Conflicts(app).Contains(i) != (len(top) > 1) {
				return false
			}
		}
		return equalClaims(r, d.Assignment(), union)
	}, algebratest.Situations())
}

func equalClaims(r *algebra.Roster, a assignment, want reference.Claims) bool {
	n := 0
	for c, f := range a.All() {
		for id := range f.IDs() {
			n++
			if !want[reference.Claim{Device: id.String(), App: c.Deployment.App().String(), Priority: c.Priority, Deployment: c.Deployment.String()}] {
				return false
			}
		}
	}
	return n == len(want)
}

func TestAssignmentExpressionsDenoteWhatTheReferenceSays(t *testing.T) {
	conflicts := 0
	algebratest.Law(t, cases)(assignmentOracleLaw(algebra.Demand.Assign, &conflicts))
	if conflicts < cases/20 {
		t.Errorf("%d conflicts in %d cases", conflicts, cases)
	}
}

func TestAssignmentExpressionLawSeesAWrongOperator(t *testing.T) {
	n := 0
	algebratest.Planted(t, planted)("| is read as -", assignmentOracleLaw(func(d algebra.Demand, b *selectors.Bound) assignment {
		a := d.Assign(b)
		if x, ok := b.Expr().(selectors.Binary); ok && x.Op == selectors.Or {
			return a.Minus(a)
		}
		return a
	}, &n))
}
