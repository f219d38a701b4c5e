package analysis_test

import (
	"fmt"
	"iter"
	"math/rand"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/selectors/analysis"
	"github.com/musterfleet/muster/selectors/selectorstest"
)

type overlaps func(s *analysis.Space, asked func(i, j int) bool) iter.Seq2[[2]int, error]

// meets is the law: a pair that is asked about is told once iff the two sets, each built for
// itself, are not disjoint. Of more than a thousand selectors not all pairs are compared.
func meets(selectors int, find overlaps, told map[bool]int) gopter.Prop {
	return prop.ForAll(func(seed int64) bool {
		r, v := rand.New(rand.NewSource(seed)), selectorstest.Vocabulary{}
		var of []analysis.Predicate
		for i := range selectors {
			text := likelySelector(r, 1+r.Intn(4))
			if i%3 > 0 { // what many have is what the pairs are found by
				text = fmt.Sprintf(`label("site") in ("s%d", "s%d") & %s`, r.Intn(200), r.Intn(200), text)
			}
			of = append(of, analysis.Of(v.MustBind(text)))
		}
		s, err := analysis.NewSpace(options, of...)
		if err != nil {
			return false
		}
		asked := func(i, j int) bool { return (i+j)%5 > 0 }
		have := map[[2]int]int{}
		for pair, err := range find(s, asked) {
			if err != nil {
				return false
			}
			have[pair]++
		}
		for i := range of {
			for j := i + 1; j < len(of); j++ {
				apart, err := s.Set(i).Disjoint(s.Set(j))
				if err != nil {
					return false
				}
				want := 0
				if !apart && asked(i, j) {
					want = 1
				}
				if have[[2]int{i, j}] != want {
					return false
				}
				told[apart]++
			}
		}
		return true
	}, gen.Int64().WithShrinker(gopter.NoShrinker))
}

// some checks the law on few large cases.
func some(p gopter.Prop, cases int) bool {
	params := parameters()
	params.MinSuccessfulTests = cases
	return p.Check(params).Passed()
}

func TestOverlapsAreThosePairsThatMeet(t *testing.T) {
	told := map[bool]int{}
	if !some(meets(60, (*analysis.Space).Overlaps, told), 60) {
		t.Error("60 selectors: a pair is told wrong")
	}
	if !some(meets(1_010, (*analysis.Space).Overlaps, told), 1) {
		t.Error("1010 selectors: a pair is told wrong")
	}
	if told[true] < 1_000 || told[false] < 1_000 {
		t.Errorf("pairs apart or not: %v", told)
	}
}

func TestOverlapLawSeesWrongPairs(t *testing.T) {
	planted := func(bug string, find overlaps) {
		if some(meets(60, find, map[bool]int{}), 60) {
			t.Errorf("the law does not see %s", bug)
		}
	}
	planted("a lost pair", func(s *analysis.Space, asked func(i, j int) bool) iter.Seq2[[2]int, error] {
		return s.Overlaps(func(i, j int) bool { return asked(i, j) && (i != 3 || j%7 > 0) })
	})
	planted("pairs nobody asked about", func(s *analysis.Space, _ func(i, j int) bool) iter.Seq2[[2]int, error] {
		return s.Overlaps(func(int, int) bool { return true })
	})
	planted("a pair that is apart", func(s *analysis.Space, asked func(i, j int) bool) iter.Seq2[[2]int, error] {
		return func(yield func([2]int, error) bool) {
			if asked(0, 1) && !yield([2]int{0, 1}, nil) {
				return
			}
			s.Overlaps(asked)(yield)
		}
	})
}
