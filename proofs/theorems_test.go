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
	"plan-waves", "run-budget", "run-free", "merge-documents", "merge-identity",
	"agent-delivery", "agent-silence", "analysis-regions", "analysis-brute-force", "analysis-devices",
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
func checkTheorems(rows []theorem, sources map[string]string, rowsOfLaws []law, tests map[string]bool, must []string) []string {
	var bad []string
	stated := map[string]bool{}
	laws := map[string]bool{}
	for _, l := range rowsOfLaws {
		laws[l.id] = true
	}
	for file, text := range sources {
		module := strings.TrimSuffix(filepath.Base(file), ".v")
		for _, name := range theoremsOf(text) {
			stated[module+"."+name] = true
		}
		for _, word := range unproved(text) {
			bad = append(bad, fmt.Sprintf("%s: %q: nothing is taken on trust here", file, word))
		}
	}
	rowOf, bound := map[string]bool{}, map[string][]string{}
	for _, r := range rows {
		switch {
		case rowOf[r.name]:
			bad = append(bad, fmt.Sprintf("theorem %s: two rows", r.name))
		case !stated[r.name]:
			bad = append(bad, fmt.Sprintf("theorem %s: proofs/coq does not state it", r.name))
		}
		rowOf[r.name], bound[r.law] = true, append(bound[r.law], r.name)
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
	for _, l := range rowsOfLaws {
		for _, name := range l.theorems {
			if !slices.Contains(bound[l.id], name) {
				bad = append(bad, fmt.Sprintf("law %s: THEOREMS.md does not bind %s to it", l.id, name))
			}
		}
		if len(l.theorems) == 0 && len(bound[l.id]) > 0 {
			bad = append(bad, fmt.Sprintf("law %s: its row in LAWS.md names none of %s", l.id, strings.Join(bound[l.id], ", ")))
		}
		if len(l.theorems) == 0 && slices.Contains(must, l.id) {
			bad = append(bad, fmt.Sprintf("law %s: no theorem; it is one of those that must have one", l.id))
		}
	}
	for _, id := range must {
		if !laws[id] {
			bad = append(bad, fmt.Sprintf("law %s: it must have a theorem, and has no row in LAWS.md", id))
		}
	}
	slices.Sort(bad)
	return bad
}

var (
	coqTheorem = regexp.MustCompile(`(?m)^\s*(?:Theorem|Corollary)\s+(\w+)`)
	coqTrust   = regexp.MustCompile(`\b(Axioms?|Admitted|admit|give_up|Parameters?|Conjecture|Abort|bypass_check|Primitive|Unset\s+Guard\s+Checking|Unset\s+Positivity\s+Checking|Unset\s+Universe\s+Checking|Extract\s+(?:Inlined\s+)?(?:Constant|Inductive))\b`)
	coqSection = regexp.MustCompile(`\b(Section|End|Variables?|Hypothes[ie]s|Context)\b`)
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

// unproved finds the words by which a source takes something on trust: an axiom under any of its
// names, a check turned off, code in the place of what is extracted. A variable of a section is
// none, as its theorems hold for all values of it; outside of one it is an axiom.
func unproved(text string) []string {
	text = coqComment.ReplaceAllString(text, "")
	found := coqTrust.FindAllString(text, -1)
	depth := 0
	for _, word := range coqSection.FindAllString(text, -1) {
		switch {
		case word == "Section":
			depth++
		case word == "End":
			depth--
		case depth == 0:
			found = append(found, word)
		}
	}
	return found
}

func TestTheoremTable(t *testing.T) {
	text, err := os.ReadFile("LAWS.md")
	if err != nil {
		t.Fatal(err)
	}
	laws, _ := readLaws(string(text)) // TestLawTable complains of what is bad there
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
	tests := map[string]bool{"a.TestA": true}
	cases := []struct{ rows, source, laws, want string }{
		{good, source, "A.t", ""},
		{good, source + "(* Axiom: none *) Lemma l : 1 = 1. Proof. reflexivity. Qed.", "A.t", ""},
		{good, source + "Section S. Variable x : nat. Hypothesis h : x = 1. End S.", "A.t", ""},
		{"| `A.t` | a-law | x = x | s | `a.TestA` |", source, "A.t", ""},
		{good, source + "Theorem u : 1 = 1.", "A.t", "theorem A.u: no row"},
		{good + "| `A.gone` | a-law | x | s | `A.t` |", source, "A.t", "does not state it"},
		{"| `A.t` | no-law | x = x | s | `A.t` |", source, "", "no law no-law"},
		{"| `A.t` | a-law | x = x | s | `a.TestGone` |", source, "A.t", "no theorem or test a.TestGone"},
		{"| `A.t` | a-law | x = x | | `A.t` |", source, "", "5 cells"},
		{good + good, source, "A.t", "two rows"},
		{"", "", "", "law a-law: no theorem"},
		{good, source, "", "names none of A.t"},
		{good, source, "A.t A.gone", "does not bind A.gone"},
		{good, source + "Axiom a : False.", "A.t", "taken on trust"},
		{good, source + "Lemma l : False. Admitted.", "A.t", "taken on trust"},
		{good, source + "Section S. End S. Hypothesis h : False.", "A.t", "taken on trust"},
		{good, source + "Extract Constant plus => \"fun x y -> x\".", "A.t", "taken on trust"},
	}
	for _, c := range cases {
		rows, bad := readTheorems(head + c.rows)
		laws := []law{{id: "a-law", theorems: strings.Fields(c.laws)}}
		bad = append(bad, checkTheorems(rows, map[string]string{"coq/A.v": c.source}, laws, tests, []string{"a-law"})...)
		got := strings.Join(bad, "\n")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s%s\n got %q\nwant %q", c.rows, c.source, got, c.want)
		}
	}
}
