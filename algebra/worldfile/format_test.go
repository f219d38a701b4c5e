package worldfile_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/musterfleet/muster/algebra/worldfile"
)

// TestFormat formats "in" of each testdata/format/*.txtar, compares with "want", and checks
// on each that the meaning is kept and that formatting twice is formatting once.
func TestFormat(t *testing.T) {
	paths, err := filepath.Glob("testdata/format/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(archive.Files) == 1 {
				archive.Files = append(archive.Files, txtar.File{Name: "want"})
			}
			in := archive.Files[0].Data
			out, errs := worldfile.Format(in)
			have := out
			if len(errs) > 0 {
				var b bytes.Buffer
				if err := errs.Render(&b, false); err != nil {
					t.Fatal(err)
				}
				have = b.Bytes()
			} else {
				sameMeaning(t, in, out)
			}
			if *update {
				archive.Files[1].Data = have
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := archive.Files[1].Data; !bytes.Equal(have, want) {
				t.Errorf("have\n%s\nwant\n%s", have, want)
			}
		})
	}
}

// sameMeaning checks the two laws of Format.
func sameMeaning(t *testing.T, in, out []byte) {
	t.Helper()
	if again, errs := worldfile.Format(out); len(errs) > 0 || !bytes.Equal(again, out) {
		t.Errorf("formatted twice:\n%s\nonce:\n%s\n%v", again, out, errs)
	}
	before, errs := worldfile.Load(fstest.MapFS{"a.yaml": {Data: in}})
	after, errsAfter := worldfile.Load(fstest.MapFS{"a.yaml": {Data: out}})
	if len(errs) != len(errsAfter) {
		t.Fatalf("errors before: %v\nafter: %v", errs, errsAfter)
	}
	if len(errs) == 0 && before.Digest() != after.Digest() {
		t.Errorf("the meaning changed:\n%s\nto\n%s", describe(before), describe(after))
	}
}
