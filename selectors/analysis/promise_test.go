package analysis_test

import (
	"errors"
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/proofs/bench"
	"github.com/musterfleet/muster/selectors/analysis"
	"github.com/musterfleet/muster/selectors/selectorstest"
)

// likely is an atom as people write them, of one of 18 keys.
func likely(r *rand.Rand) string {
	label := func(name string) string { return fmt.Sprintf("label(%q)", name) }
	switch k := r.Intn(18); {
	case k < 8:
		key := label([]string{"site", "ring", "role", "env", "zone", "team", "rack", "tier"}[k])
		v := func() string { return fmt.Sprintf("%q", fmt.Sprintf("v%d", r.Intn(4+4*k))) }
		return []string{key + " = " + v(), key + " != " + v(), fmt.Sprintf("%s in (%s, %s, %s)", key, v(), v(), v()), "has(" + key + ")"}[r.Intn(4)]
	case k < 11:
		return fmt.Sprintf(`%s glob "%c*"`, label([]string{"model", "line", "shelf"}[k-8]), 'a'+rune(r.Intn(6)))
	case k < 13:
		return fmt.Sprintf("num(%s) %s %d", label([]string{"slots", "weight"}[k-11]), []string{"<", ">="}[r.Intn(2)], r.Intn(20))
	}
	switch r.Intn(5) {
	case 0:
		return "arch " + []string{"=", "!="}[r.Intn(2)] + " " + []string{"aarch64", "x86_64"}[r.Intn(2)]
	case 1:
		return fmt.Sprintf("os.version %s %d.04", []string{"<", ">="}[r.Intn(2)], 18+2*r.Intn(5))
	case 2:
		return fmt.Sprintf("mem >= %dGiB", 1<<r.Intn(5))
	case 3:
		return fmt.Sprintf("ip in 10.%d.0.0/16", r.Intn(8))
	}
	return fmt.Sprintf("cpus > %d", r.Intn(8))
}

// likelySelector joins so many atoms: some are conjunctions, most have a choice in them.
func likelySelector(r *rand.Rand, atoms int) string {
	var parts []string
	for n := 0; n < atoms; n++ {
		if n+1 < atoms && r.Intn(6) == 0 {
			parts = append(parts, "("+likely(r)+" | "+likely(r)+")")
			n++
			continue
		}
		parts = append(parts, likely(r))
	}
	return strings.Join(parts, " & ")
}

func likelySelectors(n, atoms int) []analysis.Predicate {
	r, v := rand.New(rand.NewSource(1)), selectorstest.Vocabulary{}
	var of []analysis.Predicate
	for range n {
		of = append(of, analysis.Of(v.MustBind(likelySelector(r, atoms))))
	}
	return of
}

// meetings counts the pairs that meet.
func meetings(of []analysis.Predicate) (n int, cut, compared time.Duration) {
	var s *analysis.Space
	cut = bench.CPU(func() { s, _ = analysis.NewSpace(options, of...) })
	compared = bench.CPU(func() {
		for _, err := range s.Overlaps(func(int, int) bool { return true }) {
			if err != nil {
				panic(err)
			}
			n++
		}
	})
	return n, cut, compared
}

// TestBenchOverlap measures all verdicts about pairs of many selectors.
func TestBenchOverlap(t *testing.T) {
	bench.Start(t)
	rows := [][]string{{"selectors", "atoms each", "pairs", "that overlap", "cut into regions", "all verdicts", "a verdict"}}
	for _, size := range [][2]int{{125, 10}, {250, 10}, {500, 10}, {1000, 10}, {2000, 10}, {500, 4}, {500, 20}} {
		of := likelySelectors(size[0], size[1])
		pairs := size[0] * (size[0] - 1) / 2
		n, cut, compared := meetings(of)
		for range 6 {
			_, a, b := meetings(of)
			cut, compared = min(cut, a), min(compared, b)
		}
		rows = append(rows, []string{fmt.Sprint(size[0]), fmt.Sprint(size[1]), fmt.Sprint(pairs), fmt.Sprint(n), bench.Short(cut), bench.Short(compared), bench.Short(compared / time.Duration(pairs))})
		if size == [2]int{500, 10} && cut+compared > 150*time.Millisecond {
			t.Errorf("%d verdicts take %s, want 150 ms", pairs, bench.Short(cut+compared))
		}
	}
	bench.Record(t, bench.Section{
		Title: "Which selectors overlap",
		Text: "Selectors on 18 keys, most of them with a choice among the atoms that & joins; of each two whether any possible device is in both.\n" +
			"Target: the 124,750 verdicts about 500 selectors of 10 atoms within 150 ms, the cut into regions included. Times are of the processor, garbage collection included.",
		Rows: rows,
	})
}

// crossed is the union of so many pairs of keys that were asked about in the worst order: all
// the first ones, then all the second ones.
func crossed(pairs int) analysis.Predicate {
	var first, second, both []string
	for i := range pairs {
		x, y := fmt.Sprintf(`label("x%d") = "1"`, i), fmt.Sprintf(`label("y%d") = "1"`, i)
		first, second, both = append(first, x), append(second, y), append(both, x+" & "+y)
	}
	v := selectorstest.Vocabulary{}
	order := fmt.Sprintf("(%s) & (%s)", strings.Join(first, " | "), strings.Join(second, " | "))
	return analysis.Of(v.MustBind(fmt.Sprintf("(%s) & (%s)", order, strings.Join(both, " | "))))
}

// contained is so many patterns on one key of which each text may match any.
func contained(patterns int) analysis.Predicate {
	var parts []string
	for i := range patterns {
		parts = append(parts, fmt.Sprintf(`label("k") glob "*%c*"`, 'a'+rune(i)))
	}
	return analysis.Of(selectorstest.Vocabulary{}.MustBind(strings.Join(parts, " & ")))
}

// cells is a question that needs the whole diagram, and how large that became.
func cells(p analysis.Predicate) (nodes int, err error) {
	s, err := analysis.NewSpace(options, p)
	if err != nil {
		return 0, err
	}
	_, err = s.Cells()
	return s.Nodes(), err
}

// TestEntangledSelectorsAreRefused: what grows exponentially ends at its budget with an error
// that says what is too much, and where a device is enough a solver still finds one.
func TestEntangledSelectorsAreRefused(t *testing.T) {
	for what, p := range map[string]analysis.Predicate{
		"the expressions are entangled: their decision diagram has too many nodes": crossed(24),
		"too many substring patterns on label k: more than 50000 states":           contained(16),
	} {
		_, err := cells(p)
		var budget *analysis.Budget
		if !errors.As(err, &budget) || !strings.HasPrefix(err.Error(), what) {
			t.Errorf("want %q, have %v", what, err)
		}
	}
	s, err := analysis.NewSpace(options, crossed(24))
	if err != nil {
		t.Fatal(err)
	}
	if d, ok, err := s.Set(0).Witness(); !ok || err != nil || !s.Set(0).Has(d) {
		t.Errorf("the solver finds %v, %t, %v", d, ok, err)
	}
}

// TestBenchEntangled measures the families that are known to grow exponentially, up to the budget.
func TestBenchEntangled(t *testing.T) {
	bench.Start(t)
	rows := [][]string{{"family", "size", "nodes", "took", "answer"}}
	add := func(family string, size int, p analysis.Predicate) {
		var nodes int
		var err error
		took, answer := bench.CPU(func() { nodes, err = cells(p) }), "decided"
		if err != nil {
			answer = err.Error()
		}
		rows = append(rows, []string{family, fmt.Sprint(size), fmt.Sprint(nodes), bench.Short(took), answer})
	}
	for _, n := range []int{4, 8, 12, 16, 20, 24} {
		add("pairs of keys in the worst order", n, crossed(n))
	}
	for _, n := range []int{4, 8, 10, 12, 14, 16} {
		add("patterns `*x*` on one key", n, contained(n))
	}
	bench.Record(t, bench.Section{
		Title: "Selectors that are entangled",
		Text:  "Families whose regions or diagram double with each step. They end at the budget with an error, not in a hang. Nodes are those of the diagram.",
		Rows:  rows,
	})
}
