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
	"regexp"
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

// checkMutants finds mutants that can no longer be made, or that name a law that is gone; and laws
// that must be seen to fail on the code itself and kill no mutant: those of the planner, and those
// with a theorem.
func checkMutants(list []mutant, source func(file string) string, laws map[string]law) []string {
	var bad []string
	kills := map[string]bool{}
	for _, m := range list {
		if n := strings.Count(source(m.file), m.old); n != 1 {
			bad = append(bad, fmt.Sprintf("mutant %q: %s has %q %d times, not once; say in mutants_test.go what the bug looks like now", m.name, m.file, m.old, n))
		}
		if len(m.laws) == 0 {
			bad = append(bad, fmt.Sprintf("mutant %q: no law", m.name))
		}
		for _, id := range m.laws {
			kills[id] = true
			if _, ok := laws[id]; !ok {
				bad = append(bad, fmt.Sprintf("mutant %q: no law %s in LAWS.md", m.name, id))
			}
		}
	}
	for id, l := range laws {
		if !kills[id] && (len(l.theorems) > 0 || strings.HasPrefix(l.tests[0], "planner")) {
			bad = append(bad, fmt.Sprintf("law %s: kills no mutant; plant a bug in the code itself that it must catch", id))
		}
	}
	slices.Sort(bad)
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
	// Without vet and symbols it is the same test, sooner.
	args := []string{"test", "-json", "-vet=off", "-ldflags=-s -w", "-overlay", filepath.Join(dir, "overlay.json"), "-count=1", "-run", "^(" + strings.Join(names, "|") + ")$"}
	cmd := exec.Command("go", append(args, slices.Compact(folders)...)...)
	cmd.Dir = root
	out, _ := cmd.Output() // that it fails is what is hoped for
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

// TestMutantsAreCaught plants each bug and runs the tests of the laws that must see it: the quick
// ones, or those whose names match MUSTER_MUTANTS, of which there are minutes. Some are caught
// only by the running model: see make proofs.
func TestMutantsAreCaught(t *testing.T) {
	text, err := os.ReadFile("LAWS.md")
	if err != nil {
		t.Fatal(err)
	}
	rows, _ := readLaws(string(text))
	laws := map[string]law{}
	for _, l := range rows {
		if len(l.tests) > 0 {
			laws[l.id] = l
		}
	}
	bad := checkMutants(mutants, func(file string) string { return readSource(t, file) }, laws)
	for _, v := range bad {
		t.Error(v)
	}
	if len(bad) > 0 {
		return
	}
	wanted, err := regexp.Compile(os.Getenv("MUSTER_MUTANTS"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		if wanted.String() == "" && !m.quick || !wanted.MatchString(m.name) {
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
	proven := law{theorems: []string{"A.t"}, tests: []string{"a.TestA"}}
	for want, c := range map[string]struct {
		m     mutant
		other law
	}{
		"":                           {good, law{tests: []string{"a.TestA"}}},
		"0 times":                    {with(func(m *mutant) { m.old = "z" }), law{tests: []string{"a.TestA"}}},
		"2 times":                    {with(func(m *mutant) { m.old = "x" }), law{tests: []string{"a.TestA"}}},
		"no law gone":                {with(func(m *mutant) { m.laws = []string{"gone"} }), law{tests: []string{"a.TestA"}}},
		`mutant "m": no law`:         {with(func(m *mutant) { m.laws = nil }), law{tests: []string{"a.TestA"}}},
		"law other: kills no mutant": {good, proven},
	} {
		laws := map[string]law{"a-law": {tests: []string{"planner.TestA"}}, "other": c.other}
		got := strings.Join(checkMutants([]mutant{c.m}, func(string) string { return "x a x" }, laws), "\n")
		if (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
