package proofs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// law is a row of LAWS.md. Tests are written folder.TestName, such as algebra.TestUnionLaws,
// theorems Module.name; a law that the model says nothing of has none.
type law struct {
	id, words, symbols string
	theorems           []string
	tests, plants      []string
}

// unmodelled stands for the theorems of a law of which the model says nothing.
const unmodelled = "tests only"

var lawID = regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)+$`)

// readLaws takes the rows of all tables whose first column is headed "id".
func readLaws(text string) ([]law, []string) {
	var laws []law
	var bad []string
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
		case cells[0] == "id":
			inTable = true
		case !inTable || strings.HasPrefix(cells[0], "--"):
		case len(cells) != 6:
			bad = append(bad, fmt.Sprintf("LAWS.md:%d: %d cells, a law has 6: id, in words, in symbols, theorem (or %q), test, planted bug (write ∣ for a bar)", i+1, len(cells), unmodelled))
		default:
			l := law{cells[0], cells[1], cells[2], nil, testNames(cells[4]), testNames(cells[5])}
			if l.theorems = testNames(cells[3]); cells[3] == unmodelled {
				l.theorems = nil
			} else if len(l.theorems) == 0 {
				bad = append(bad, fmt.Sprintf("law %s: name its theorem, or say %q", l.id, unmodelled))
			}
			laws = append(laws, l)
		}
	}
	return laws, bad
}

// testNames reads "`algebra.TestA`, `planner.TestB`".
func testNames(cell string) []string {
	return strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune("`, ", r) })
}

// checkLaws finds rows that claim more than the repository holds.
func checkLaws(laws []law, tests map[string]bool) []string {
	var bad []string
	seen := map[string]bool{}
	for _, l := range laws {
		if !lawID.MatchString(l.id) || seen[l.id] {
			bad = append(bad, fmt.Sprintf("law %q: an id is unique and reads subject-property", l.id))
		}
		seen[l.id] = true
		if l.words == "" || l.symbols == "" || len(l.tests) == 0 || len(l.plants) == 0 {
			bad = append(bad, fmt.Sprintf("law %s: needs a statement in words and in symbols, a test, and a planted bug that the test catches", l.id))
		}
		for _, name := range slices.Concat(l.tests, l.plants) {
			if !tests[name] {
				bad = append(bad, fmt.Sprintf("law %s: no test %s in the repository", l.id, name))
			}
		}
	}
	return bad
}

// testFuncs maps folder.TestName to the file that declares it, fuzz targets included.
func testFuncs(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, file := range goSources(t) {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, readSource(t, file), parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if ok && fn.Recv == nil && (strings.HasPrefix(fn.Name.Name, "Test") || strings.HasPrefix(fn.Name.Name, "Fuzz")) {
				found[path.Dir(file)+"."+fn.Name.Name] = file
			}
		}
	}
	return found
}

func TestLawTable(t *testing.T) {
	text, err := os.ReadFile("LAWS.md")
	if err != nil {
		t.Fatal(err)
	}
	laws, bad := readLaws(string(text))
	if len(laws) == 0 {
		t.Fatal("LAWS.md has no row")
	}
	funcs := testFuncs(t)
	exists, named := map[string]bool{}, map[string]bool{}
	for name := range funcs {
		exists[name] = true
	}
	for _, v := range append(bad, checkLaws(laws, exists)...) {
		t.Error(v)
	}
	for _, l := range laws {
		for _, name := range slices.Concat(l.tests, l.plants) {
			named[name] = true
		}
	}
	var missing []string
	for name, file := range funcs {
		if path.Base(file) == "laws_test.go" && !named[name] && name != path.Dir(file)+".TestMain" {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	for _, name := range missing {
		t.Errorf("%s stands in a laws_test.go but in no row of proofs/LAWS.md: a law without a row (what is no law belongs in another file)", name)
	}
}

func TestLawTableCatchesDeadRows(t *testing.T) {
	tests := map[string]bool{"algebra.TestUnion": true, "algebra.TestUnionPlanted": true}
	const head = "| id | in words | in symbols | theorem | test | planted bug |\n|---|---|---|---|---|---|\n"
	const good = "| fleet-union | either order | a ∪ b = b ∪ a | `A.t` | `algebra.TestUnion` | `algebra.TestUnionPlanted` |"
	with := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	cases := []struct{ rows, want string }{
		{good, ""},
		{with("`A.t`", "tests only"), ""},
		{with("`A.t`", ""), `name its theorem, or say "tests only"`},
		{with("`algebra.TestUnion`", "`algebra.TestGone`"), "no test algebra.TestGone"},
		{with("`algebra.TestUnion`", ""), "needs a statement"},
		{with("`algebra.TestUnionPlanted`", ""), "a planted bug"},
		{with("a ∪ b = b ∪ a", ""), "in symbols"},
		{with("fleet-union", "Fleet"), "an id is unique"},
		{good + "\n" + good, "an id is unique"},
		{with("∪ b = b", "| b = b |"), "8 cells"},
	}
	for _, c := range cases {
		laws, bad := readLaws(head + c.rows + "\n")
		got := strings.Join(append(bad, checkLaws(laws, tests)...), "\n")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s\n got %q\nwant %q", c.rows, got, c.want)
		}
	}
}
