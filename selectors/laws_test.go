package selectors_test

import (
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/selectorstest"
)

const seed = 20261123

// runs is how many cases a law is tried on.
const runs = 600

// check runs a property; a failing one is reported with the seed.
func check(t *testing.T, p gopter.Prop) {
	t.Helper()
	if r := p.Check(parameters()); !r.Passed() {
		t.Errorf("seed %d: %v: %s %v", seed, r.Status, strings.Join(r.Labels, ", "), r.Args)
	}
}

func parameters() *gopter.TestParameters {
	p := gopter.DefaultTestParametersWithSeed(seed)
	p.MinSuccessfulTests, p.MinSize = runs, 1
	return p
}

// roundTrip reports whether what print writes is read as the same tree, and written alike.
func roundTrip(print func(selectors.Expr) string, x selectors.Expr) bool {
	text := print(x)
	y, err := selectors.Parse(text)
	return err == nil && selectors.Same(x, y) && print(y) == text
}

func TestPrintIsReadBackTheSame(t *testing.T) {
	v := selectorstest.Full()
	seen, classes := map[string]bool{}, map[string]int{}
	check(t, prop.ForAll(func(x selectors.Expr) bool {
		seen[selectors.Print(x)] = true
		count(classes, x)
		return roundTrip(selectors.Print, x)
	}, v.Expressions()))
	if len(classes) < 17+8 || slices.Min(slices.Collect(maps.Values(classes))) < runs/60 {
		t.Errorf("the expressions hold few of some variants and operators: %v", classes)
	}
	if len(seen) < runs/2 {
		t.Errorf("only %d distinct expressions in %d", len(seen), runs)
	}
}

// count counts the variants and the comparison operators in a tree.
func count(classes map[string]int, x selectors.Expr) {
	classes[fmt.Sprintf("%T", x)]++
	if c, ok := x.(selectors.Compare); ok {
		classes[c.Op.String()]++
	}
	for _, child := range selectors.Children(x) {
		count(classes, child)
	}
}

func TestStatementsAreReadBackTheSame(t *testing.T) {
	v := selectorstest.Full()
	clauses := 0
	check(t, prop.ForAll(func(s selectors.Statement) bool {
		if q, ok := s.(selectors.Query); ok && (q.By != nil || q.Show != nil || q.Limit != 0) {
			clauses++
		}
		return statementRoundTrip(selectors.PrintStatement, s)
	}, v.Statements()))
	if clauses < runs/5 {
		t.Errorf("only %d of %d statements have clauses", clauses, runs)
	}
}

func statementRoundTrip(print func(selectors.Statement) string, s selectors.Statement) bool {
	text := print(s)
	back, err := selectors.ParseStatement(text)
	return err == nil && selectors.SameStatement(s, back) && print(back) == text
}

// TestStatementRoundTripSeesALostClause plants a printer that forgets desc.
func TestStatementRoundTripSeesALostClause(t *testing.T) {
	forgetful := func(s selectors.Statement) string {
		return strings.Replace(selectors.PrintStatement(s), " desc", "", 1)
	}
	planted := prop.ForAll(func(s selectors.Statement) bool { return statementRoundTrip(forgetful, s) }, selectorstest.Full().Statements())
	if planted.Check(parameters()).Passed() {
		t.Error("a printer without desc passes the round trip")
	}
}

// TestRoundTripSeesLostParentheses plants a printer that forgets parentheses.
func TestRoundTripSeesLostParentheses(t *testing.T) {
	v := selectorstest.Full()
	forgetful := func(x selectors.Expr) string {
		text := selectors.Print(x)
		if strings.Contains(text, "label(") || strings.Contains(text, "has(") || strings.Contains(text, " in (") {
			return text
		}
		return strings.NewReplacer("(", "", ")", "").Replace(text)
	}
	planted := prop.ForAll(func(x selectors.Expr) bool { return roundTrip(forgetful, x) }, v.Expressions())
	if planted.Check(parameters()).Passed() {
		t.Error("a printer without parentheses passes the round trip")
	}
}

// TestRandomExpressionsBind says that the generators make expressions of the sort they name.
func TestRandomExpressionsBind(t *testing.T) {
	v := selectorstest.Full()
	for want, gen := range map[selectors.Sort]gopter.Gen{
		selectors.SelectorSort: v.Selectors(), selectors.FleetSort: v.Fleets(), selectors.AssignmentSort: v.Assignments(),
	} {
		check(t, prop.ForAll(func(x selectors.Expr) bool {
			b, err := selectors.Bind(x, v.Scope())
			if err != nil {
				t.Logf("%s: %v", selectors.Print(x), err)
				return false
			}
			n, isName := x.(selectors.Name)
			return b.Sort() == want || isName && want == selectors.FleetSort && v.Names[n.Name].Sort() == selectors.SelectorSort
		}, gen))
	}
}

// law is an identity of selectors: two expressions made of x, y and z that admit the same
// devices.
type law struct {
	name        string
	left, right func(x, y, z selectors.Expr) selectors.Expr
}

func not(x selectors.Expr) selectors.Expr    { return selectors.Not{X: x} }
func and(x, y selectors.Expr) selectors.Expr { return selectors.Binary{Op: selectors.And, L: x, R: y} }
func or(x, y selectors.Expr) selectors.Expr  { return selectors.Binary{Op: selectors.Or, L: x, R: y} }

var (
	yes selectors.Expr = selectors.Const{Value: true}
	no  selectors.Expr = selectors.Const{}
)

// booleanLaws are the axioms of a Boolean algebra, and those people know by name.
var booleanLaws = []law{
	{"& commutes", func(x, y, _ selectors.Expr) selectors.Expr { return and(x, y) }, func(x, y, _ selectors.Expr) selectors.Expr { return and(y, x) }},
	{"| commutes", func(x, y, _ selectors.Expr) selectors.Expr { return or(x, y) }, func(x, y, _ selectors.Expr) selectors.Expr { return or(y, x) }},
	{"& associates", func(x, y, z selectors.Expr) selectors.Expr { return and(and(x, y), z) }, func(x, y, z selectors.Expr) selectors.Expr { return and(x, and(y, z)) }},
	{"| associates", func(x, y, z selectors.Expr) selectors.Expr { return or(or(x, y), z) }, func(x, y, z selectors.Expr) selectors.Expr { return or(x, or(y, z)) }},
	{"& distributes", func(x, y, z selectors.Expr) selectors.Expr { return and(x, or(y, z)) }, func(x, y, z selectors.Expr) selectors.Expr { return or(and(x, y), and(x, z)) }},
	{"| distributes", func(x, y, z selectors.Expr) selectors.Expr { return or(x, and(y, z)) }, func(x, y, z selectors.Expr) selectors.Expr { return and(or(x, y), or(x, z)) }},
	{"& absorbs", func(x, y, _ selectors.Expr) selectors.Expr { return and(x, or(x, y)) }, func(x, _, _ selectors.Expr) selectors.Expr { return x }},
	{"| absorbs", func(x, y, _ selectors.Expr) selectors.Expr { return or(x, and(x, y)) }, func(x, _, _ selectors.Expr) selectors.Expr { return x }},
	{"complement and", func(x, _, _ selectors.Expr) selectors.Expr { return and(x, not(x)) }, func(_, _, _ selectors.Expr) selectors.Expr { return no }},
	{"complement or", func(x, _, _ selectors.Expr) selectors.Expr { return or(x, not(x)) }, func(_, _, _ selectors.Expr) selectors.Expr { return yes }},
	{"De Morgan and", func(x, y, _ selectors.Expr) selectors.Expr { return not(and(x, y)) }, func(x, y, _ selectors.Expr) selectors.Expr { return or(not(x), not(y)) }},
	{"De Morgan or", func(x, y, _ selectors.Expr) selectors.Expr { return not(or(x, y)) }, func(x, y, _ selectors.Expr) selectors.Expr { return and(not(x), not(y)) }},
	{"double negation", func(x, _, _ selectors.Expr) selectors.Expr { return not(not(x)) }, func(x, _, _ selectors.Expr) selectors.Expr { return x }},
	{"true is the unit of &", func(x, _, _ selectors.Expr) selectors.Expr { return and(x, yes) }, func(x, _, _ selectors.Expr) selectors.Expr { return x }},
	{"false is the unit of |", func(x, _, _ selectors.Expr) selectors.Expr { return or(x, no) }, func(x, _, _ selectors.Expr) selectors.Expr { return x }},
	{"negative atoms are complements", func(x, _, _ selectors.Expr) selectors.Expr { return not(x) }, func(x, _, _ selectors.Expr) selectors.Expr { return negate(x) }},
}

// negate pushes a negation down to the atoms and turns those that have a negative twin.
func negate(x selectors.Expr) selectors.Expr {
	switch x := x.(type) {
	case selectors.Not:
		return x.X
	case selectors.Const:
		return selectors.Const{Value: !x.Value}
	case selectors.In:
		x.Negated = !x.Negated
		return x
	case selectors.Glob:
		x.Negated = !x.Negated
		return x
	case selectors.Contains:
		x.Negated = !x.Negated
		return x
	case selectors.Quant: // some is not so where not all are
		return selectors.Quant{Every: !x.Every, Collection: x.Collection, By: negate(x.By)}
	case selectors.Compare:
		switch x.Op {
		case selectors.Equal:
			x.Op = selectors.NotEqual
			return x
		case selectors.NotEqual:
			x.Op = selectors.Equal
			return x
		case selectors.Matches:
			x.Op = selectors.NotMatches
			return x
		case selectors.NotMatches:
			x.Op = selectors.Matches
			return x
		case selectors.Less, selectors.LessEqual, selectors.Greater, selectors.GreaterEqual:
		}
	case selectors.Binary:
		if x.Op == selectors.And {
			return or(negate(x.L), negate(x.R))
		}
		return and(negate(x.L), negate(x.R))
	}
	return not(x)
}

// property is the law, over what matches decides. It counts the devices that x admits.
func (l law) property(matches func(selectors.Expr, selectors.Attributes) bool, admitted *int) gopter.Prop {
	v := selectorstest.Full()
	return prop.ForAll(func(x, y, z selectors.Expr, d selectorstest.Device) bool {
		if matches(x, d) {
			*admitted++
		}
		return matches(l.left(x, y, z), d) == matches(l.right(x, y, z), d)
	}, v.Selectors(), v.Selectors(), v.Selectors(), v.Devices())
}

func TestSelectorsAreABooleanAlgebra(t *testing.T) {
	v := selectorstest.Full()
	matches := func(x selectors.Expr, d selectors.Attributes) bool { return v.Bind(x).Matches(d) }
	for _, l := range booleanLaws {
		t.Run(l.name, func(t *testing.T) {
			admitted := 0
			check(t, l.property(matches, &admitted))
			if admitted < runs/5 || admitted > runs*4/5 {
				t.Errorf("x admits %d devices of %d: the law says little", admitted, runs)
			}
		})
	}
}

// TestBooleanLawsSeeThreeValues plants the logic of SQL, in which an atom about an absent
// key is neither true nor false: its negation does not hold either.
func TestBooleanLawsSeeThreeValues(t *testing.T) {
	v := selectorstest.Full()
	var planted func(selectors.Expr, selectors.Attributes) bool
	planted = func(x selectors.Expr, d selectors.Attributes) bool {
		switch x := x.(type) {
		case selectors.Binary:
			if x.Op == selectors.And {
				return planted(x.L, d) && planted(x.R, d)
			}
			return planted(x.L, d) || planted(x.R, d)
		case selectors.Not:
			if a, ok := x.X.(selectors.Atom); ok {
				if _, present := d.Value(a.Subject()); !present {
					return false
				}
			}
			return !planted(x.X, d)
		}
		return v.Bind(x).Matches(d)
	}
	for _, l := range booleanLaws {
		admitted := 0
		failed := !l.property(planted, &admitted).Check(parameters()).Passed()
		if want := strings.HasPrefix(l.name, "De Morgan") || l.name == "complement or" || strings.HasPrefix(l.name, "double") || strings.HasPrefix(l.name, "negative"); failed != want {
			t.Errorf("%s: fails with the planted logic: %v, want %v", l.name, failed, want)
		}
	}
}

// randomNames makes names with up to two numbers, padded or not, close to each other.
func randomNames(r *rand.Rand) []string {
	var names []string
	for range r.Intn(60) {
		name := []string{"edge", "gw-", "r.", ""}[r.Intn(4)] + digits(r)
		if r.Intn(2) == 0 {
			name += []string{"n", ".eu", "-"}[r.Intn(3)] + digits(r)
		}
		if r.Intn(3) == 0 {
			name += "x"
		}
		names = append(names, name)
	}
	return names
}

func digits(r *rand.Rand) string {
	text := []string{"", "0", "00", "99999999999999999", "9"}[r.Intn(5)*r.Intn(2)]
	for range 1 + r.Intn(2) {
		text += string(rune('0' + r.Intn(4)))
	}
	return text
}

// foldsBack is the law of nodesets.
func foldsBack(fold func([]string) string, names []string) bool {
	want := slices.Compact(slices.Sorted(slices.Values(names)))
	if len(want) == 0 {
		return fold(names) == ""
	}
	have, err := selectors.ExpandNodes(fold(names))
	return err == nil && slices.Equal(have, want)
}

// nodeSets makes sets of such names.
func nodeSets(p *gopter.GenParameters) *gopter.GenResult {
	return gopter.NewGenResult(randomNames(p.Rng), gopter.NoShrinker)
}

func TestFoldIsTheInverseOfExpand(t *testing.T) {
	ranges := 0
	check(t, prop.ForAll(func(names []string) bool {
		if _, inside, ok := strings.Cut(selectors.Fold(names), "["); ok && strings.Contains(inside, "-") {
			ranges++
		}
		return foldsBack(selectors.Fold, names)
	}, nodeSets))
	if ranges < runs/5 {
		t.Errorf("only %d of %d sets fold at all", ranges, runs)
	}
}

// TestFoldLawSeesLostPadding plants a fold that forgets one leading zero.
func TestFoldLawSeesLostPadding(t *testing.T) {
	planted := func(names []string) string { return strings.Replace(selectors.Fold(names), "[0", "[", 1) }
	if prop.ForAll(func(names []string) bool { return foldsBack(planted, names) }, nodeSets).Check(parameters()).Passed() {
		t.Error("a fold that loses padding passes")
	}
}
