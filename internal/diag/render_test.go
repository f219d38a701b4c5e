package diag_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/musterfleet/muster/internal/diag"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestRender draws each file of testdata. Its section "source" is a document in which «…»
// marks the span; "message" holds the message and, on a second line, the hint; "want" is
// what is drawn.
func TestRender(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("testdata: %d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sections := map[string]*txtar.File{}
			for i := range a.Files {
				sections[a.Files[i].Name] = &a.Files[i]
			}
			before, rest, ok := strings.Cut(string(sections["source"].Data), "«")
			span, after, ok2 := strings.Cut(rest, "»")
			if !ok || !ok2 {
				t.Fatal("source: no span between « and »; mark one")
			}
			// Control characters cannot be seen in a golden file: ␛ stands for escape.
			unseen := strings.NewReplacer("␛", "\x1b")
			source := diag.Source{
				File: "world.yaml", Line: 3,
				Text:   unseen.Replace(before + span + after),
				Offset: len(unseen.Replace(before)),
			}
			message, hint, _ := strings.Cut(strings.TrimSuffix(string(sections["message"].Data), "\n"), "\n")
			list := diag.List{source.At(0, len(unseen.Replace(span)), unseen.Replace(message), unseen.Replace(hint))}
			var b strings.Builder
			if err := list.Render(&b, false); err != nil {
				t.Fatal(err)
			}
			if *update {
				sections["want"].Data = []byte(b.String())
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := string(sections["want"].Data); b.String() != want {
				t.Errorf("have\n%swant\n%s", b.String(), want)
			}
		})
	}
}

func TestListIsSortedAndAnErrorOnlyWithErrors(t *testing.T) {
	warning := diag.Diagnostic{Severity: diag.Warning, File: "b.yaml", Line: 1, Col: 2, Message: "no device has label rnig"}
	late := diag.Diagnostic{Severity: diag.Error, File: "a.yaml", Line: 10, Col: 1, Message: "unknown kind Flet", Hint: "did you mean Fleet?"}
	early := diag.Diagnostic{Severity: diag.Error, File: "a.yaml", Line: 9, Message: "no name"}
	if err := (diag.List{warning}).Err(); err != nil {
		t.Errorf("a warning is an error: %v", err)
	}
	err := diag.List{warning, late, early, late}.Err()
	want := "a.yaml:9: error: no name\n" +
		"a.yaml:10:1: error: unknown kind Flet; did you mean Fleet?\n" +
		"b.yaml:1:2: warning: no device has label rnig"
	if err == nil || err.Error() != want {
		t.Errorf("have %v\nwant %s", err, want)
	}
}

func TestColorOnlyWhenAsked(t *testing.T) {
	list := diag.List{{Severity: diag.Error, Line: 1, Col: 1, EndCol: 2, SourceLine: "x", Message: "no", Hint: "yes"}}
	var without, with strings.Builder
	list.Render(&without, false)
	list.Render(&with, true)
	if strings.Contains(without.String(), "\x1b") || strings.Count(with.String(), "\x1b[1;31m") != 2 {
		t.Errorf("without colour %q, with colour %q", without.String(), with.String())
	}
	if have, want := without.String(), "1:1: error: no\n    x\n    ^\nhelp: yes\n"; have != want {
		t.Errorf("have %q, want %q", have, want)
	}
}

func TestSpansOutsideTheTextAreMovedInside(t *testing.T) {
	s := diag.Source{Line: 1, Text: "ab\ncd"}
	for _, c := range []struct{ start, end, line, col, endCol int }{
		{0, 99, 1, 1, 3}, {99, 100, 2, 3, 3}, {-5, 1, 1, 1, 2}, {3, 4, 2, 1, 2}, {4, 2, 2, 2, 2},
	} {
		d := s.At(c.start, c.end, "m", "")
		if d.Line != c.line || d.Col != c.col || d.EndCol != c.endCol {
			t.Errorf("At(%d, %d) is line %d, columns %d to %d; want %d, %d, %d", c.start, c.end, d.Line, d.Col, d.EndCol, c.line, c.col, c.endCol)
		}
	}
}
