package proofs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// mutant is a planted bug in the code itself: a text of a file in whose place another is compiled,
// by an overlay, so that the tree is never touched. Each of its laws must catch it.
type mutant struct {
	name, file, old, new string
	laws                 []string
	quick                bool // tried by make test too, not by make proofs alone
}

var mutants = []mutant{
	{name: "a stop is forgotten", file: "planner/diff.go", quick: true,
		old: "out = append(out, Stop{at, d.There})", new: "_ = at",
		laws: []string{"diff-arrives", "oracle-corpus"}},
	{name: "a replace is done twice", file: "planner/diff.go",
		old: "out = append(out, Replace{at, d.There, d.Here})", new: "out = append(out, Replace{at, d.There, d.Here}, Replace{at, d.There, d.Here})",
		laws: []string{"diff-least", "oracle-corpus"}},
	{name: "every action goes to the first device", file: "planner/diff.go",
		old: "at := Target{roster.ID(d.Ordinal), d.App}", new: "at := Target{roster.ID(0), d.App}",
		laws: []string{"diff-local", "oracle-corpus"}},
	{name: "a blocked slot is emptied", file: "planner/block.go",
		old: "b.Put(s.ordinal, s.app, m.have.Release(s.ordinal, s.app))", new: "b.Put(s.ordinal, s.app, algebra.Release{})",
		laws: []string{"plan-blocked", "oracle-corpus"}},
	{name: "the blocks are not followed to their end", file: "planner/block.go",
		old: "found, again = append(found, t), true", new: "found, again = append(found, t), false",
		laws: []string{"plan-reference"}},
	{name: "what any slot holds blocks, kept or not", file: "planner/block.go",
		old: "ok && o.app != t.app && m.isBlocked(i, o.app)", new: "ok && o.app != t.app",
		laws: []string{"plan-reference", "oracle-corpus"}},
	{name: "a blocked requirement does not matter", file: "planner/block.go",
		old: "if m.isBlocked(i, need) {", new: "if false {",
		laws: []string{"plan-reference", "oracle-corpus"}},
	{name: "a refusal of another release blocks", file: "planner/block.go",
		old: "ok && s.Release == m.asked.Release(i, at.App)", new: "ok",
		laws: []string{"plan-reference", "oracle-corpus"}},
	{name: "a conflict goes to the first deployment", file: "algebra/resolution.go",
		old: "twice.Or(roaring.And(once, c.on))", new: "_ = twice",
		laws: []string{"plan-reference", "oracle-corpus"}},
	{name: "a lower priority wins too", file: "algebra/resolution.go",
		old: "above.Or(level)", new: "_ = level",
		laws: []string{"assignment-reference", "oracle-corpus"}},
	{name: "A - B is A & B", file: "algebra/assignment.go",
		old: "a.join(b, roaring.AndNot, true, false)", new: "a.join(b, roaring.And, true, false)",
		laws: []string{"assignment-boolean", "oracle-corpus"}},
	{name: "A & B keeps what only A claims", file: "algebra/assignment.go",
		old: "a.join(b, roaring.And, false, false)", new: "a.join(b, roaring.And, true, false)",
		laws: []string{"assignment-boolean", "oracle-corpus"}},
	{name: "a share forgets the waves before it", file: "planner/wave.go",
		old: "drawn(left, w.Share.Of(size)-before, seed)", new: "drawn(left, w.Share.Of(size)+0*before, seed)",
		laws: []string{"plan-waves", "oracle-corpus"}},
	{name: "a quarantine is not looked at", file: "planner/block.go",
		old: "m.blockQuarantined()", new: "",
		laws: []string{"oracle-corpus"}},
	{name: "the clamp is gone", file: "algebra/rollout.go",
		old: "max(1, n*int(b.Max.Share)/whole)", new: "n * int(b.Max.Share) / whole",
		laws: []string{"oracle-corpus"}},
	{name: "a stale generation is taken", file: "agent/step.go",
		old: "case offered < have:", new: "case false:",
		laws: []string{"agent-converges"}},
	{name: "a start does not wait for the stop it is coupled with", file: "agent/decide.go",
		old: "&& s.mayStart(j, jobs) {", new: "{",
		laws: []string{"agent-converges"}},
}

// checkMutants finds mutants that can no longer be made, or that name a law that is gone.
func checkMutants(list []mutant, source func(file string) string, laws map[string]law) []string {
	var bad []string
	for _, m := range list {
		if n := strings.Count(source(m.file), m.old); n != 1 {
			bad = append(bad, fmt.Sprintf("mutant %q: %s has %q %d times, not once; say in mutants_test.go what the bug looks like now", m.name, m.file, m.old, n))
		}
		if len(m.laws) == 0 {
			bad = append(bad, fmt.Sprintf("mutant %q: no law", m.name))
		}
		for _, id := range m.laws {
			if _, ok := laws[id]; !ok {
				bad = append(bad, fmt.Sprintf("mutant %q: no law %s in LAWS.md", m.name, id))
			}
		}
	}
	return bad
}

// try runs the tests of some laws over a mutant and gives those that failed, as folder.TestName. It
// is an error if none could run.
func (m mutant) try(t *testing.T, laws []law) ([]string, error) {
	dir := t.TempDir()
	place, err := filepath.Abs(filepath.Join(root, m.file))
	if err != nil {
		return nil, err
	}
	mutated := filepath.Join(dir, path.Base(m.file))
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {place: mutated}})
	if err != nil {
		return nil, err
	}
	for file, text := range map[string]string{
		mutated: strings.Replace(readSource(t, m.file), m.old, m.new, 1), filepath.Join(dir, "overlay.json"): string(overlay),
	} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	var folders, names []string
	for _, l := range laws {
		for _, test := range l.tests {
			folder, name := path.Split(test)
			pkg, fn, _ := strings.Cut(name, ".")
			folders, names = append(folders, "./"+folder+pkg), append(names, fn)
		}
	}
	slices.Sort(folders)
	args := []string{"test", "-json", "-overlay", filepath.Join(dir, "overlay.json"), "-count=1", "-run", "^(" + strings.Join(names, "|") + ")$"}
	cmd := exec.Command("go", append(args, slices.Compact(folders)...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "MUSTER_ORACLE=") // the corpus is enough
	out, _ := cmd.Output()                           // that it fails is what is hoped for
	var failed []string
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var e struct{ Action, Package, Test string }
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			return failed, nil
		} else if err != nil {
			return nil, fmt.Errorf("%w in\n%s", err, out)
		}
		if e.Action == "build-fail" {
			return nil, fmt.Errorf("does not build:\n%s", out)
		}
		if e.Action == "fail" && e.Test != "" && !strings.Contains(e.Test, "/") {
			failed = append(failed, strings.TrimPrefix(relative(e.Package), "./")+"."+e.Test)
		}
	}
}

// TestMutantsAreCaught plants each bug and runs the tests of the laws that must see it. With
// MUSTER_MUTANTS set it tries all of them, which takes minutes.
func TestMutantsAreCaught(t *testing.T) {
	text, err := os.ReadFile("LAWS.md")
	if err != nil {
		t.Fatal(err)
	}
	rows, _ := readLaws(string(text))
	laws := map[string]law{}
	for _, l := range rows {
		laws[l.id] = l
	}
	bad := checkMutants(mutants, func(file string) string { return readSource(t, file) }, laws)
	for _, v := range bad {
		t.Error(v)
	}
	if len(bad) > 0 {
		return
	}
	for _, m := range mutants {
		if os.Getenv("MUSTER_MUTANTS") == "" && !m.quick {
			continue
		}
		start := time.Now()
		var must []law
		for _, id := range m.laws {
			must = append(must, laws[id])
		}
		killers, err := m.try(t, must)
		if err != nil {
			t.Errorf("mutant %q: %v", m.name, err)
			continue
		}
		for _, l := range must {
			if !slices.ContainsFunc(l.tests, func(test string) bool { return slices.Contains(killers, test) }) {
				t.Errorf("mutant %q: law %s does not catch it", m.name, l.id)
			}
		}
		t.Logf("mutant %-55s killed by %s (%.0fs)", m.name, strings.Join(m.laws, ", "), time.Since(start).Seconds())
	}
}

func TestMutantTableCatchesPlanted(t *testing.T) {
	good := mutant{name: "m", file: "f.go", old: "a", new: "b", laws: []string{"a-law"}}
	with := func(bend func(*mutant)) mutant { m := good; bend(&m); return m }
	for want, m := range map[string]mutant{
		"":                   good,
		"0 times":            with(func(m *mutant) { m.old = "z" }),
		"2 times":            with(func(m *mutant) { m.old = "x" }),
		"no law gone":        with(func(m *mutant) { m.laws = []string{"gone"} }),
		`mutant "m": no law`: with(func(m *mutant) { m.laws = nil }),
	} {
		got := strings.Join(checkMutants([]mutant{m}, func(string) string { return "x a x" }, map[string]law{"a-law": {}}), "\n")
		if (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
