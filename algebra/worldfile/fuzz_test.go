package worldfile_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/musterfleet/muster/algebra/worldfile"
)

// FuzzLoad looks for panics, for a World beside errors, for errors without a place in the
// file, and for breaches of the laws of Format.
func FuzzLoad(f *testing.F) {
	paths, _ := filepath.Glob("testdata/*.txtar")
	formats, _ := filepath.Glob("testdata/format/*.txtar")
	for _, p := range append(paths, formats...) {
		b, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		for _, chunk := range bytes.Split(b, []byte("\n-- ")) {
			if _, body, ok := bytes.Cut(chunk, []byte(" --\n")); ok {
				f.Add(body)
			}
		}
	}
	f.Add([]byte("\t"))
	f.Fuzz(func(t *testing.T, text []byte) {
		w, errs := worldfile.Load(fstest.MapFS{"a.yaml": {Data: text}})
		if len(errs) > 0 && !isZero(w) {
			t.Error("a World came with errors")
		}
		for _, e := range errs {
			lines := 1 + bytes.Count(text, []byte("\n"))
			if e.Line > lines || e.Line == 0 && e.File != "" || e.Col > len(e.SourceLine)+1 {
				t.Errorf("%v is outside of a file of %d lines", e, lines)
			}
		}
		if out, errs := worldfile.Format(text); len(errs) == 0 {
			sameMeaning(t, text, out)
		}
	})
}
