package bench

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/proofs/bench"
	"github.com/musterfleet/muster/selectors"
)

//go:embed nodeset.py
var nodesetProgram string

// nodesetTimes is what nodeset.py prints: seconds, and the results to compare.
type nodesetTimes struct {
	Algebra, Fold, Text float64
	Count               int
	Folded              string
}

// TestBenchNodeSet measures set algebra on names against ClusterShell's NodeSet.
func TestBenchNodeSet(t *testing.T) {
	bench.Start(t)
	python := pythonWithNodeSet()
	if python == "" {
		t.Skip("no ClusterShell here: apt-get install clustershell")
	}
	rows := [][]string{{"names", "muster, sets and fold", "NodeSet", "NodeSet / muster", "muster, text to text", "NodeSet", "NodeSet / muster"}}
	for _, n := range bench.Sizes(t, 900) {
		if n > 1_000_000 {
			continue // NodeSet would take minutes
		}
		a, b, c := operands(n)
		have, theirs := throughFleets(t, n, a, b, c), throughNodeSet(t, python, a, b, c)
		if have.count != theirs.Count || have.folded != theirs.Folded {
			t.Fatalf("%d names: muster finds %d and folds to %.200s…, NodeSet %d and %.200s…", n, have.count, have.folded, theirs.Count, theirs.Folded)
		}
		sets := seconds(theirs.Algebra + theirs.Fold)
		rows = append(rows, []string{bench.Power(n), bench.Short(have.sets), bench.Short(sets), bench.Times(sets, have.sets),
			bench.Short(have.text), bench.Short(seconds(theirs.Text)), bench.Times(seconds(theirs.Text), have.text)})
		if sets < 100*have.sets {
			t.Errorf("%d names: NodeSet takes %s as long, want 100×", n, bench.Times(sets, have.sets))
		}
	}
	bench.Record(t, bench.Section{
		Title: "Set algebra on names, and folding",
		Text: "`(A | B) - C` and its folded text, by ClusterShell's NodeSet and by fleets of a roster. A and B are runs of names, each some half of all;\n" +
			"C is one name in a hundred. Both give the same text. *Text to text* starts from the folded texts of A, B and C instead of from sets:\n" +
			"for muster to read, select and fold, for NodeSet to parse, compute and fold. Target: ≥ 100 for sets and fold.",
		Rows: rows,
	})
}

// pythonWithNodeSet is a Python that has ClusterShell, or nothing. Debian's is not always the
// first of the path.
func pythonWithNodeSet() string {
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import ClusterShell").Run() == nil {
			return python
		}
	}
	return ""
}

// operands are folded texts over the names edge0000000 to n-1.
func operands(n int) (a, b, c string) {
	text := func(run int, holds func(i int) bool) string {
		var ranges []string
		for i := 0; i < n; i += run {
			if !holds(i / run) {
				continue
			}
			last := min(i+run, n) - 1
			if last == i {
				ranges = append(ranges, fmt.Sprintf("%07d", i))
				continue
			}
			ranges = append(ranges, fmt.Sprintf("%07d-%07d", i, last))
		}
		return "edge[" + strings.Join(ranges, ",") + "]"
	}
	return text(500, func(i int) bool { return i*7919%13 < 7 }), text(300, func(i int) bool { return i*104729%11 < 5 }), text(1, func(i int) bool { return i%97 == 13 })
}

type measured struct {
	sets, text time.Duration
	count      int
	folded     string
}

func throughFleets(t *testing.T, n int, a, b, c string) (m measured) {
	t.Helper()
	r, err := algebra.NewRosterFrom(func(yield func(algebra.Device) bool) {
		for i := range n {
			if !yield(algebra.Device{ID: algebra.MustDeviceID(fmt.Sprintf("edge%07d", i))}) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	whole := func() algebra.Fleet { return r.Select(bind(t, "({"+a+"} | {"+b+"}) - {"+c+"}")) }
	fleet := func(text string) algebra.Fleet { return r.Select(bind(t, "{"+text+"}")) }
	x, y, z := fleet(a), fleet(b), fleet(c)
	m.sets = bench.Least(7, func() {
		f := x.Union(y).Minus(z)
		m.count, m.folded = f.Len(), f.Fold()
	})
	m.text = bench.Least(5, func() {
		if folded := whole().Fold(); folded != m.folded {
			t.Fatal("the text of the names and the sets of them disagree")
		}
	})
	if names, err := selectors.ExpandNodes(m.folded); err != nil || len(names) != m.count {
		t.Fatalf("what was folded from %d names unfolds to %d: %v", m.count, len(names), err)
	}
	return m
}

func throughNodeSet(t *testing.T, python, a, b, c string) (m nodesetTimes) {
	t.Helper()
	cmd := exec.Command(python, "-c", nodesetProgram)
	cmd.Stdin = strings.NewReader(a + "\n" + b + "\n" + c + "\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func fmtInt(n uint64) string { return strconv.FormatUint(n, 10) }
