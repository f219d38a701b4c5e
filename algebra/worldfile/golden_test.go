package worldfile_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/selectors"
)

var update = flag.Bool("update", false, "write what Load gives into the goldens; read the difference before you commit it")

// TestLoad loads the world in each testdata/*.txtar and compares what came of it, the World
// or the rendered errors, with the file "want" in it.
func TestLoad(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files := fstest.MapFS{}
			want := -1
			for i, f := range archive.Files {
				if f.Name == "want" {
					want = i
					continue
				}
				files[f.Name] = &fstest.MapFile{Data: f.Data}
			}
			if want < 0 {
				archive.Files = append(archive.Files, txtar.File{Name: "want"})
				want = len(archive.Files) - 1
			}
			have := outcome(files)
			if *update {
				archive.Files[want].Data = []byte(have)
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if have != string(archive.Files[want].Data) {
				t.Errorf("have\n%s\nwant\n%s", have, archive.Files[want].Data)
			}
		})
	}
}

func outcome(files fs.FS) string {
	w, errs := worldfile.Load(files)
	if len(errs) > 0 {
		if !isZero(w) {
			return "a World came with errors\n"
		}
		var b strings.Builder
		if err := errs.Render(&b, false); err != nil {
			return err.Error()
		}
		return b.String()
	}
	return describe(w)
}

func isZero(w algebra.World) bool { return fmt.Sprint(w) == fmt.Sprint(algebra.World{}) }

// describe writes a World out, with where each part was declared.
func describe(w algebra.World) string { return strings.Join(describeParts(w, true), "\n") + "\n" }

func describeParts(w algebra.World, places bool) []string {
	var lines []string
	add := func(s algebra.Source, format string, args ...any) {
		line := fmt.Sprintf(format, args...)
		if places {
			line += "   # " + s.String()
		}
		lines = append(lines, line)
	}
	for _, d := range w.Devices {
		labels, _ := json.Marshal(d.Labels)
		add(d.Source, "device %s %s decommissioned=%t", d.ID, labels, d.Decommissioned)
	}
	for _, d := range w.Fleets {
		add(d.Source, "fleet @%s = %s%s", d.Name, selectors.Print(d.Expr.Expr()), remarks(d.Dynamic, d.Taken))
	}
	for _, d := range w.Deployments {
		add(d.Source, "deployment %s %s", d.Name, d.Canonical())
	}
	for _, d := range w.Assignments {
		add(d.Source, "assignment @%s = %s abstract=%t%s", d.Name, selectors.Print(d.Expr.Expr()), d.Abstract, remarks(d.Dynamic, d.Taken))
	}
	for _, p := range w.Policies {
		match := "all"
		if p.Match != nil {
			match = selectors.Print(p.Match.Expr())
		}
		params, _ := json.Marshal(p.Params)
		add(p.Source, "policy %s %s %q scope=%s level=%s match=%s message=%q params=%s", p.Name, p.Language, p.Text, p.Scope, p.Level, match, p.Message, params)
	}
	for _, v := range w.Waivers {
		match := "nothing"
		if v.Match != nil {
			match = selectors.Print(v.Match.Expr())
		}
		add(v.Source, "waiver %s of %s for %s until %s by %s: %q", v.Name, v.Rule, match, v.Expires.Format(time.RFC3339), v.Owner, v.Reason)
	}
	for _, e := range w.Environments {
		add(e.Source, "environment %s %v", e.Name, e.Levels)
	}
	for _, r := range w.Rollouts {
		add(r.Source, "rollout %s", r.Text())
	}
	return append(lines, fmt.Sprintf("gates: none=%t strict=%t", w.NoGates, w.Strict))
}

// remarks is what a definition says of its expression.
func remarks(dynamic bool, taken *selectors.Bound) (out string) {
	if dynamic {
		out = " dynamic"
	}
	if taken != nil {
		out += " taken from " + selectors.Print(taken.Expr())
	}
	return out
}
