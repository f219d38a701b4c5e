package cel_test

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/cel"
	pt "github.com/musterfleet/muster/policies/policiestest"
)

var update = flag.Bool("update", false, "write what the tests get into testdata")

// A golden file is a World before, a World after with its policies, and the report people
// read. Its first line is a comment; "devices: N" and "allow-stop: N" may follow.
func TestReports(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			set := map[string]string{}
			for _, f := range ar.Files {
				set[f.Name] = string(f.Data)
			}
			before, after := world(t, set["before"]), world(t, set["after"])
			p := pt.Propose(t, pt.Devices(setting(t, ar.Comment, "devices", 30)), before, after)
			gates, problems := cel.Compile(after.Policies)
			report := problems.Error() + "\n"
			if len(problems) == 0 {
				approved, r := policies.Review(p, gates, policies.Options{NoGates: after.NoGates, AllowStop: setting(t, ar.Comment, "allow-stop", 0)})
				if report = r.Text(false); approved.IsZero() {
					report += "not approved\n"
				} else {
					report += "approved\n"
				}
			}
			if report == set["report"] {
				return
			}
			if !*update {
				t.Fatalf("got\n%s\nwant\n%s", report, set["report"])
			}
			for i := range ar.Files {
				if ar.Files[i].Name == "report" {
					ar.Files[i].Data = []byte(report)
				}
			}
			if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func world(t *testing.T, text string) algebra.World {
	t.Helper()
	var documents []string
	for d := range strings.SplitSeq(text, "---\n") {
		if strings.TrimSpace(d) != "" {
			documents = append(documents, d)
		}
	}
	return pt.World(t, documents...)
}

func setting(t *testing.T, comment []byte, name string, otherwise int) int {
	for line := range strings.Lines(string(comment)) {
		if text, ok := strings.CutPrefix(line, name+": "); ok {
			n, err := strconv.Atoi(strings.TrimSpace(text))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	return otherwise
}
