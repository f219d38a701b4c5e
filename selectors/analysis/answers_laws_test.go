package analysis_test

import (
	"maps"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/analysis"
	"github.com/musterfleet/muster/selectors/selectorstest"
)

var options = analysis.Options{Now: now}

// simplifies is the law: what is simple means the same, and is no longer.
func simplifies(v selectorstest.Vocabulary, simplify func(analysis.Options, *selectors.Bound) (selectors.Expr, error), shorter *int) gopter.Prop {
	return prop.ForAll(func(x selectors.Expr) bool {
		b := v.Bind(x)
		y, err := simplify(options, b)
		if err != nil {
			return false
		}
		before, after := selectors.Print(x), selectors.Print(y)
		read := v.MustBind(after)
		s, err := analysis.NewSpace(options, analysis.Of(b), analysis.Of(read))
		if err != nil {
			return false
		}
		same, err := s.Set(0).Equal(s.Set(1))
		if len(after) < len(before) {
			*shorter++
		}
		return err == nil && same && len(after) <= len(before)
	}, v.Selectors())
}

func TestSimplifyKeepsTheMeaning(t *testing.T) {
	shorter := 0
	check(t, simplifies(vocabulary(), analysis.Simplify, &shorter))
	if shorter < 20 {
		t.Errorf("only %d selectors became shorter", shorter)
	}
}

func TestSimplifyLawSeesWrongSimplifiers(t *testing.T) {
	n := 0
	seen(t, "an operand too few", simplifies(vocabulary(), func(_ analysis.Options, b *selectors.Bound) (selectors.Expr, error) {
		if x, ok := b.Expr().(selectors.Binary); ok {
			return x.L, nil
		}
		return b.Expr(), nil
	}, &n))
	seen(t, "a longer text", simplifies(vocabulary(), func(_ analysis.Options, b *selectors.Bound) (selectors.Expr, error) {
		return and(b.Expr(), selectors.Const{Value: true}), nil
	}, &n))
}

func and(x, y selectors.Expr) selectors.Expr { return selectors.Binary{Op: selectors.And, L: x, R: y} }

type repairer func(s analysis.Set, d selectors.Attributes, most int) ([][]analysis.Change, error)

// labels are the only keys of these selectors, so that all devices with few values are soon tried.
func labelled() selectorstest.Vocabulary {
	return selectorstest.Vocabulary{Labels: map[string][]string{"a": {"0", "1", "x"}, "b": {"1.4.0", "2", "x"}, "c": {"0", "y"}}}
}

// repairs is the law: the changes told bring the device into the set, and fewer do not.
func repairs(v selectorstest.Vocabulary, repair repairer, told map[int]int) gopter.Prop {
	all := everyLabelling(v)
	return prop.ForAll(func(seed int64) bool {
		r := rand.New(rand.NewSource(seed))
		b, d := v.Bind(labelSelector(v, r, 3)), all[r.Intn(len(all))]
		s, err := analysis.NewSpace(options, analysis.Of(b))
		if err != nil {
			return false
		}
		ways, err := repair(s.Set(0), d, 5)
		if err != nil {
			return false
		}
		fewest := -1
		for _, e := range all {
			if n := distance(d, e); b.Matches(e) && (fewest < 0 || n < fewest) {
				fewest = n
			}
		}
		if fewest >= 0 && len(ways) == 0 {
			return false
		}
		for _, way := range ways {
			told[len(way)]++
			e := maps.Clone(d)
			for _, c := range way {
				delete(e, c.Key.String())
				if c.Present {
					e[c.Key.String()] = c.Value
				}
			}
			if !b.Matches(e) || fewest >= 0 && len(way) > fewest {
				return false
			}
		}
		return true
	}, gen.Int64().WithShrinker(gopter.NoShrinker))
}

func labelSelector(v selectorstest.Vocabulary, r *rand.Rand, depth int) selectors.Expr {
	for depth == 0 {
		x := v.Atom(r)
		if a, ok := x.(selectors.Atom); ok && a.Subject().Label && a.Subject().Cast != selectors.AsAddress {
			return x
		}
	}
	op := selectors.And
	if r.Intn(3) == 0 {
		op = selectors.Or
	}
	return selectors.Binary{Op: op, L: labelSelector(v, r, depth-1), R: labelSelector(v, r, depth-1)}
}

func everyLabelling(v selectorstest.Vocabulary) []selectorstest.Device {
	out := []selectorstest.Device{{}}
	for _, name := range slices.Sorted(maps.Keys(v.Labels)) {
		var next []selectorstest.Device
		for _, d := range out {
			next = append(next, d)
			for _, value := range append([]string{"other", "1.5"}, v.Labels[name]...) {
				e := maps.Clone(d)
				e[selectors.Key{Label: true, Name: name}.String()] = value
				next = append(next, e)
			}
		}
		out = next
	}
	return out
}

// distance is in how many keys two devices differ.
func distance(d, e selectorstest.Device) int {
	n := 0
	for k, value := range d {
		if other, ok := e[k]; !ok || other != value {
			n++
		}
	}
	for k := range e {
		if _, ok := d[k]; !ok {
			n++
		}
	}
	return n
}

func TestRepairsAreTheFewest(t *testing.T) {
	told := map[int]int{}
	check(t, repairs(labelled(), analysis.Set.Repairs, told))
	if told[0] < 20 || told[1] < 20 || told[2] < 20 {
		t.Errorf("repairs by their number of changes: %v", told)
	}
}

func TestRepairLawSeesWrongRepairs(t *testing.T) {
	told := map[int]int{}
	seen(t, "a change left out", repairs(labelled(), func(s analysis.Set, d selectors.Attributes, most int) ([][]analysis.Change, error) {
		ways, err := s.Repairs(d, most)
		for i, way := range ways {
			ways[i] = way[:max(len(way)-1, 0)]
		}
		return ways, err
	}, told))
	seen(t, "a change too many", repairs(labelled(), func(s analysis.Set, d selectors.Attributes, most int) ([][]analysis.Change, error) {
		w, ok, err := s.Witness()
		var way []analysis.Change
		for _, name := range []string{"a", "b", "c"} {
			value, present := w.Labels[name]
			way = append(way, analysis.Change{Key: selectors.Key{Label: true, Name: name}, Value: value, Present: present})
		}
		if !ok {
			return nil, err
		}
		return [][]analysis.Change{way}, err
	}, told))
}

// clashes is the law: of a conjunction that no device matches, the parts told cannot all hold,
// and without any one of them the rest can.
func clashes(v selectorstest.Vocabulary, clash func(analysis.Options, *selectors.Bound) ([]selectors.Expr, error), told *int) gopter.Prop {
	return prop.ForAll(func(seed int64) bool {
		r := rand.New(rand.NewSource(seed))
		x := v.Atom(r)
		for range 4 {
			x = and(x, v.Atom(r))
		}
		b := v.Bind(x)
		parts, err := clash(options, b)
		if err != nil {
			return false
		}
		if len(parts) == 0 {
			s, _ := analysis.NewSpace(options, analysis.Of(b))
			empty, _ := s.Set(0).IsEmpty()
			return !empty
		}
		*told++
		of := []analysis.Predicate{}
		for _, p := range parts {
			of = append(of, analysis.Part(b, p))
		}
		some := func(of []analysis.Predicate) bool {
			s, err := analysis.NewSpace(options, analysis.Both(of...))
			if err != nil {
				return false
			}
			empty, err := s.Set(0).IsEmpty()
			return err == nil && !empty
		}
		for i := range of {
			if !some(slices.Delete(slices.Clone(of), i, i+1)) {
				return false
			}
		}
		return !some(of)
	}, gen.Int64().WithShrinker(gopter.NoShrinker))
}

func TestClashesAreMinimal(t *testing.T) {
	told := 0
	check(t, clashes(labelled(), analysis.Clash, &told))
	if told < 30 {
		t.Errorf("only %d conjunctions clash", told)
	}
}

func TestClashLawSeesWrongClashes(t *testing.T) {
	n := 0
	seen(t, "a part too few", clashes(labelled(), func(o analysis.Options, b *selectors.Bound) ([]selectors.Expr, error) {
		parts, err := analysis.Clash(o, b)
		return parts[:max(len(parts)-1, 0)], err
	}, &n))
	seen(t, "all parts", clashes(labelled(), func(o analysis.Options, b *selectors.Bound) ([]selectors.Expr, error) {
		parts, err := analysis.Clash(o, b)
		if len(parts) > 0 {
			return []selectors.Expr{b.Expr(), parts[0]}, nil
		}
		return nil, err
	}, &n))
}

// TestConflictsThatKubernetesGivesUpOn: apimachinery's MatchesNothing says of itself that it does
// not look for conflicts. These rows of its test are decided here.
func TestConflictsThatKubernetesGivesUpOn(t *testing.T) {
	v := selectorstest.Vocabulary{}
	for _, text := range []string{
		`has(label("a")) & !has(label("a"))`,
		`label("a") = "b" & label("a") != "b"`,
		`label("a") in ("b") & label("a") not in ("b")`,
	} {
		parts, err := analysis.Clash(options, v.MustBind(text))
		var told []string
		for _, p := range parts {
			told = append(told, selectors.Print(p))
		}
		if err != nil || len(parts) != 2 {
			t.Errorf("%s: the parts that clash are %s, %v", text, strings.Join(told, " and "), err)
		}
	}
}
