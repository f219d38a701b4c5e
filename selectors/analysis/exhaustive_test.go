package analysis

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/selectorstest"
)

// allSelectors are all with at most that many atoms, of these and their complements.
func allSelectors(atoms []string, most int) []string {
	bySize := make([][]string, most+1)
	for _, a := range atoms {
		bySize[1] = append(bySize[1], a, "!("+a+")")
	}
	var all []string
	for n := 2; n <= most; n++ {
		for l := 1; l < n; l++ {
			for _, x := range bySize[l] {
				for _, y := range bySize[n-l] {
					bySize[n] = append(bySize[n], "("+x+") & ("+y+")", "("+x+") | ("+y+")")
				}
			}
		}
	}
	for _, some := range bySize {
		all = append(all, some...)
	}
	return all
}

// everyDevice is every device with these values, or without them.
func everyDevice(values map[string][]string) []selectorstest.Device {
	devices := []selectorstest.Device{{}}
	for key, texts := range values {
		var next []selectorstest.Device
		for _, d := range devices {
			next = append(next, d)
			for _, text := range texts {
				e := selectorstest.Device{key: text}
				for k, v := range d {
					e[k] = v
				}
				next = append(next, e)
			}
		}
		devices = next
	}
	return devices
}

// TestVerdictsAreThoseOfBruteForce: of all selectors of up to three atoms, any two are equal,
// disjoint or one within the other iff they are so on every device of a domain that has a
// value of every kind.
func TestVerdictsAreThoseOfBruteForce(t *testing.T) {
	v := selectorstest.Small()
	devices := everyDevice(map[string][]string{
		`label("ring")`: {"0", "00", "1", "2", "x"},
		`label("fw")`:   {"1.3", "1.4.0-alpha", "1.4.0", "2", "beta", "1.4x"},
	})
	texts := allSelectors([]string{`label("ring") = "0"`, `num(label("ring")) < 2`, `ver(label("fw")) >= 1.4.0-rc.1`, `label("fw") glob "1.4*"`}, 3)
	var of []Predicate
	var bounds []*selectors.Bound
	for _, text := range texts {
		b := v.MustBind(text)
		bounds, of = append(bounds, b), append(of, Of(b))
	}
	s, err := NewSpace(Options{}, of...)
	if err != nil {
		t.Fatal(err)
	}
	on := map[node]string{} // which devices each set has
	at := map[string]node{}
	for i, b := range bounds {
		var row strings.Builder
		for _, d := range devices {
			fmt.Fprint(&row, map[bool]int{true: 1}[b.Matches(d)])
		}
		n := s.Set(i).node
		if have, ok := on[n]; ok && have != row.String() {
			t.Fatalf("%s: the same set as another one, and not the same devices", texts[i])
		}
		if have, ok := at[row.String()]; ok && have != n {
			t.Fatalf("%s: the same devices as another one, and not the same set", texts[i])
		}
		on[n], at[row.String()] = row.String(), n
	}
	for a, x := range on {
		for b, y := range on {
			apart, in := true, true
			for i := range x {
				apart = apart && (x[i] == '0' || y[i] == '0')
				in = in && (x[i] == '0' || y[i] == '1')
			}
			if s.diagram.disjoint(a, b) != apart || (s.diagram.and(a, b) == nobody) != apart {
				t.Fatalf("disjoint: want %t", apart)
			}
			if s.diagram.within(a, b, map[[2]node]bool{}) != in {
				t.Fatalf("within: want %t", in)
			}
		}
	}
	t.Logf("%d selectors are %d different sets, %d pairs of which agree on %d devices", len(texts), len(on), len(on)*len(on), len(devices))
}

// TestSolverAgrees: a SAT solver, which knows nothing of diagrams, finds a device of the same
// sets, and one of them.
func TestSolverAgrees(t *testing.T) {
	some, none, wrong := askSolver(t, (*Space).solve)
	if wrong != "" {
		t.Error(wrong)
	}
	if some < 10 || none < 10 {
		t.Errorf("%d sets with a device, %d without: too few of one", some, none)
	}
}

// TestSolverLawSeesALostClause gives the solver half of each question.
func TestSolverLawSeesALostClause(t *testing.T) {
	_, _, wrong := askSolver(t, func(s *Space, x term) ([]int, bool, error) { return s.solve(x.(conjunction)[0]) })
	if wrong == "" {
		t.Error("the law does not see a lost clause")
	}
}

// askSolver counts the sets that have a device and that do not, until solver and diagram disagree.
func askSolver(t *testing.T, solve func(*Space, term) ([]int, bool, error)) (some, none int, wrong string) {
	v := selectorstest.Small()
	v.Observed = true
	r := rand.New(rand.NewSource(7))
	for range 40 {
		var of []Predicate
		x, y := largeSelector(v, r, 4), largeSelector(v, r, 4)
		a, b := v.Bind(x), v.Bind(y)
		of = append(of, Of(a), Of(b))
		s, err := NewSpace(Options{Now: selectorstest.Now}, of...)
		if err != nil {
			t.Fatal(err)
		}
		for _, set := range []Set{s.Set(0).And(s.Set(1)), s.Set(0).Minus(s.Set(1)), s.Set(1).Minus(s.Set(0))} {
			choice, found, err := solve(s, set.term)
			if err != nil || found == (set.node == nobody) {
				return some, none, fmt.Sprintf("%s\n%s\nthe solver finds a device: %t, %v", selectors.Print(x), selectors.Print(y), found, err)
			}
			if !found {
				none++
				continue
			}
			some++
			if !s.contains(set.node, choice) || !set.Has(s.device(choice)) {
				return some, none, fmt.Sprintf("%s\n%s\nthe solver's device is not in the set", selectors.Print(x), selectors.Print(y))
			}
		}
	}
	return some, none, ""
}

func largeSelector(v selectorstest.Vocabulary, r *rand.Rand, depth int) selectors.Expr {
	if depth == 0 || r.Intn(8) == 0 {
		return v.Atom(r)
	}
	op := selectors.And
	if r.Intn(4) == 0 {
		op = selectors.Or
	}
	return selectors.Binary{Op: op, L: largeSelector(v, r, depth-1), R: largeSelector(v, r, depth-1)}
}
