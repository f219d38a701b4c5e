package policies

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/rego"
)

// Each rule of the corpus finds the same by `conftest test`, by `opa exec` and by muster, on
// each plan, and each objects to some plan and lets some pass.
func TestCorpusIsJudgedAlike(t *testing.T) {
	modules, err := rego.Read(os.DirFS("corpus"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := rego.ReadData([]string{"data"})
	if err != nil {
		t.Fatal(err)
	}
	gates, problems := rego.Compile(rego.Set{Modules: modules, Data: data})
	if problems.Err() != nil {
		t.Fatal(problems)
	}
	if len(gates) < 20 {
		t.Fatalf("%d rules", len(gates))
	}
	all := plans(t)
	var files []string
	for _, p := range all {
		files = append(files, p.path)
	}
	bundle := bundled(t, modules, data)
	theirs, _ := conftest(t, files, "--policy", "corpus", "--data", "data")
	ours := map[string][]policies.Result{}
	for _, p := range all {
		ours[p.path] = muster(t, p, gates).Results
	}
	judged := 0
	for _, g := range gates {
		rule := g.Name()
		decided := opaExec(t, files, rule, bundle)
		loud, quiet := 0, 0
		for _, p := range all {
			var mine []finding
			for _, r := range ours[p.path] {
				if r.Rule == rule {
					mine = append(mine, finding{rule, r.Msg})
				}
			}
			if len(mine) > 0 {
				loud++
			} else {
				quiet++
			}
			of := slices.DeleteFunc(slices.Clone(theirs[p.path]), func(f finding) bool { return f.rule != rule })
			if !same(mine, of) {
				t.Errorf("%s on %s:\nmuster    %v\nconftest  %v", rule, p.path, mine, of)
			}
			if !same(mine, decided[p.path]) {
				t.Errorf("%s on %s:\nmuster    %v\nopa exec  %v", rule, p.path, mine, decided[p.path])
			}
		}
		judged += len(all)
		if loud == 0 || quiet == 0 {
			t.Errorf("%s objects to %d plans and lets %d pass: it compares one side only", rule, loud, quiet)
		}
	}
	t.Logf("%d rules, each on %d plans, by three tools: %d verdicts of each", len(gates), len(all), judged)
}

// bundled puts modules and data into one directory as opa takes a bundle: conftest merges data of any
// file name, and a bundle has it in data.json.
func bundled(t *testing.T, modules []rego.Module, data map[string]any) string {
	t.Helper()
	dir := t.TempDir()
	text, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"data.json": string(text)}
	for _, m := range modules {
		files[filepath.Base(m.File)] = m.Text
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func same(a, b []finding) bool {
	sort := func(list []finding) []finding {
		return slices.SortedFunc(slices.Values(list), func(x, y finding) int { return cmp.Compare(x.msg, y.msg) })
	}
	return slices.Equal(sort(a), sort(b))
}
