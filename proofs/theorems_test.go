package proofs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// theorem is a row of THEOREMS.md: what is proved in proofs/coq, and the law that says it of the Go code.
type theorem struct {
	name, law, symbols, silly string
	ruledOut                  []string
}

// proved are the laws that must have a theorem: what they promise is too much for tests alone.
var proved = []string{
	"fleet-boolean", "fleet-filter", "fleet-partition", "select-homomorphism", "selectors-boolean",
	"assignment-boolean", "assignment-per-device", "resolve-semilattice",
	"diff-arrives", "diff-least", "diff-local", "plan-remainder", "plan-blocked", "plan-assigned", "plan-label", "plan-local",
	"plan-waves", "agent-delivery", "agent-silence", "analysis-regions", "analysis-brute-force", "analysis-devices",
}

// readTheorems takes the rows of all tables whose first column is headed "theorem".
func readTheorems(text string) (rows []theorem, bad []string) {
	inTable := false
	for i, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "|") {
			inTable = false
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for j := range cells {
			cells[j] = strings.TrimSpace(cells[j])
		}
		switch {
		case cells[0] == "theorem":
			inTable = true
		case !inTable || strings.HasPrefix(cells[0], "--"):
		case len(cells) != 5 || slices.Contains(cells, ""):
			bad = append(bad, fmt.Sprintf("THEOREMS.md:%d: a row has 5 cells: theorem, law, in symbols, silly engine, ruled out by", i+1))
		default:
			rows = append(rows, theorem{strings.Trim(cells[0], "`"), cells[1], cells[2], cells[3], testNames(cells[4])})
		}
	}
	return rows, bad
}

// checkTheorems compares the rows with what the sources prove and what LAWS.md promises.
func checkTheorems(rows []theorem, sources map[string]string, laws, tests map[string]bool, must []string) []string {
	var bad []string
	stated := map[string]bool{}
	for file, text := range sources {
		module := strings.TrimSuffix(filepath.Base(file), ".v")
		for _, name := range theoremsOf(text) {
			stated[module+"."+name] = true
		}
		for _, word := range unproved(text) {
			bad = append(bad, fmt.Sprintf("%s: %q: nothing is taken on trust here", file, word))
		}
	}
	rowOf, bound := map[string]bool{}, map[string]bool{}
	for _, r := range rows {
		switch {
		case rowOf[r.name]:
			bad = append(bad, fmt.Sprintf("theorem %s: two rows", r.name))
		case !stated[r.name]:
			bad = append(bad, fmt.Sprintf("theorem %s: proofs/coq does not state it", r.name))
		}
		rowOf[r.name], bound[r.law] = true, true
		if !laws[r.law] && !strings.HasPrefix(r.law, "(") {
			bad = append(bad, fmt.Sprintf("theorem %s: no law %s in LAWS.md", r.name, r.law))
		}
		for _, by := range r.ruledOut {
			if !stated[by] && !tests[by] {
				bad = append(bad, fmt.Sprintf("theorem %s: no theorem or test %s that rules the silly engine out", r.name, by))
			}
		}
	}
	for name := range stated {
		if !rowOf[name] {
			bad = append(bad, fmt.Sprintf("theorem %s: no row in THEOREMS.md", name))
		}
	}
	for _, id := range must {
		if !bound[id] {
			bad = append(bad, fmt.Sprintf("law %s: no theorem; it is one of those that must have one", id))
		}
	}
	slices.Sort(bad)
	return bad
}

var (
	coqTheorem = regexp.MustCompile(`(?m)^\s*(?:Theorem|Corollary)\s+(\w+)`)
	coqTrust   = regexp.MustCompile(`\b(Axioms?|Admitted|admit|Parameters?|Conjecture|Abort|bypass_check|Unset\s+Guard\s+Checking|Unset\s+Positivity\s+Checking|Unset\s+Universe\s+Checking)\b`)
	coqComment = regexp.MustCompile(`(?s)\(\*.*?\*\)`)
)

// theoremsOf lists what a source calls a Theorem. A Lemma is a step on the way to one.
func theoremsOf(text string) []string {
	var names []string
	for _, m := range coqTheorem.FindAllStringSubmatch(coqComment.ReplaceAllString(text, ""), -1) {
		names = append(names, m[1])
	}
	return names
}

// unproved finds the words by which a source takes something on trust.
func unproved(text string) []string {
	return coqTrust.FindAllString(coqComment.ReplaceAllString(text, ""), -1)
}

func TestTheoremTable(t *testing.T) {
	laws := map[string]bool{}
	text, err := os.ReadFile("LAWS.md")
	if err != nil {
		t.Fatal(err)
	}
	rows, _ := readLaws(string(text)) // TestLawTable complains of what is bad there
	for _, l := range rows {
		laws[l.id] = true
	}
	tests := map[string]bool{}
	for name := range testFuncs(t) {
		tests[name] = true
	}
	sources := map[string]string{}
	files, err := filepath.Glob("coq/*.v")
	if err != nil || len(files) == 0 {
		t.Fatalf("no Coq sources: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources[file] = string(b)
	}
	table, err := os.ReadFile("THEOREMS.md")
	if err != nil {
		t.Fatal(err)
	}
	theorems, bad := readTheorems(string(table))
	for _, v := range append(bad, checkTheorems(theorems, sources, laws, tests, proved)...) {
		t.Error(v)
	}
}

func TestTheoremTableCatchesPlanted(t *testing.T) {
	const head = "| theorem | law | in symbols | silly | is ruled out by |\n|---|---|---|---|---|\n"
	const good = "| `A.t` | a-law | x = x | s | `A.t` |\n"
	const source = "Theorem t : 1 = 1.\nProof. reflexivity. Qed.\n"
	laws, tests := map[string]bool{"a-law": true}, map[string]bool{"a.TestA": true}
	cases := []struct{ rows, source, want string }{
		{good, source, ""},
		{good, source + "(* Axiom: none *) Lemma l : 1 = 1. Proof. reflexivity. Qed.", ""},
		{"| `A.t` | a-law | x = x | s | `a.TestA` |", source, ""},
		{good, source + "Theorem u : 1 = 1.", "theorem A.u: no row"},
		{good + "| `A.gone` | a-law | x | s | `A.t` |", source, "does not state it"},
		{"| `A.t` | no-law | x = x | s | `A.t` |", source, "no law no-law"},
		{"| `A.t` | a-law | x = x | s | `a.TestGone` |", source, "no theorem or test a.TestGone"},
		{"| `A.t` | a-law | x = x | | `A.t` |", source, "5 cells"},
		{good + good, source, "two rows"},
		{"", "", "law a-law: no theorem"},
		{good, source + "Axiom a : False.", "taken on trust"},
		{good, source + "Lemma l : False. Admitted.", "taken on trust"},
	}
	for _, c := range cases {
		rows, bad := readTheorems(head + c.rows)
		bad = append(bad, checkTheorems(rows, map[string]string{"coq/A.v": c.source}, laws, tests, []string{"a-law"})...)
		got := strings.Join(bad, "\n")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s%s\n got %q\nwant %q", c.rows, c.source, got, c.want)
		}
	}
}
