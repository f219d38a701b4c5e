package library_test

import (
	"io/fs"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/cases"
	"github.com/musterfleet/muster/policies/cel"
	"github.com/musterfleet/muster/policies/library"
	"github.com/musterfleet/muster/policies/rego"
)

// gates compiles the library in one language.
func gates(t *testing.T, language string) policies.Gates {
	t.Helper()
	sub, err := fs.Sub(library.Files(), language)
	if err != nil {
		t.Fatal(err)
	}
	w, problems := worldfile.Load(sub)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if language == "cel" {
		gates, problems := cel.Compile(w.Policies)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return gates
	}
	gates, problems := rego.CompileDocuments(w.Policies, nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return gates
}

// Each policy does in both languages what its table says, and the table exercises all of it.
func TestBothLanguagesKeepTheirTables(t *testing.T) {
	sub, err := fs.Sub(library.Files(), "tests")
	if err != nil {
		t.Fatal(err)
	}
	tests, problems := cases.Read(sub)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, language := range []string{"cel", "rego"} {
		outcomes, coverage := cases.Run(sub, tests, gates(t, language), nil)
		if len(outcomes) < 100 {
			t.Errorf("%s: %d cases", language, len(outcomes))
		}
		for _, o := range outcomes {
			if o.Wrong != "" {
				t.Errorf("%s: %s:%d: %s: %s", language, o.File, o.Line, o.Case, o.Wrong)
			}
		}
		for _, c := range coverage {
			for _, part := range c.Missing {
				t.Errorf("%s: %s: no case exercises %s", language, c.Gate, part)
			}
		}
	}
}

// Each is documented, is said to be the same in both languages, and is written canonically.
func TestDocuments(t *testing.T) {
	all := library.All()
	if len(all) < 25 {
		t.Errorf("%d policies", len(all))
	}
	for _, p := range all {
		about, _, _ := strings.Cut(p.CEL, "apiVersion")
		if p.About == "" || p.Message == "" || !strings.HasPrefix(p.Rego, about) {
			t.Errorf("%s: it does not say the same of itself in both languages", p.Name)
		}
		if !strings.Contains(p.Tests, "want: pass") || !strings.Contains(p.Tests, "want: "+p.Level) {
			t.Errorf("%s: it is not tested on both sides", p.Name)
		}
		for dir, text := range map[string]string{"cel": p.CEL, "rego": p.Rego, "tests": p.Tests} {
			if !strings.Contains(text, "metadata: {name: "+p.Name+"}\n") {
				t.Errorf("%s/%s: it has another name", dir, p.Name)
			}
		}
	}
	for _, dir := range []string{"cel", "rego", "tests"} {
		files, err := fs.Glob(library.Files(), path.Join(dir, "*.yaml"))
		if err != nil || len(files) != len(all) {
			t.Errorf("%s has %d files, want %d (%v)", dir, len(files), len(all), err)
		}
	}
}

// A table that did not fit would be seen.
func TestTablesCatchPlantedBugs(t *testing.T) {
	for _, p := range library.All() {
		broken := strings.Replace(p.CEL, "level: "+p.Level, "level: info", 1)
		w, problems := worldfile.Load(fstest.MapFS{"p.yaml": {Data: []byte(broken)}})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		gates, problems := cel.Compile(w.Policies)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		fsys := fstest.MapFS{"t.yaml": {Data: []byte(p.Tests)}}
		tests, _ := cases.Read(fsys)
		outcomes, _ := cases.Run(fsys, tests, gates, nil)
		seen := false
		for _, o := range outcomes {
			seen = seen || o.Wrong != ""
		}
		if !seen {
			t.Errorf("%s: not seen at another level", p.Name)
		}
	}
}
