package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

// testSession is a session on the files of an archive: devices.jsonl, and a World where there
// are other files. Its clock goes on by 0.4 ms each time it is asked.
func testSession(t *testing.T, archive *txtar.Archive) *session {
	t.Helper()
	dir := t.TempDir()
	world := ""
	for _, f := range archive.Files {
		if strings.HasSuffix(f.Name, ".yaml") {
			world = filepath.Join(dir, "world")
		}
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	from := source{console: &console{errw: io.Discard}, roster: "devices.jsonl", offline: true}
	g, err := from.ground(t.Context(), world)
	if err != nil {
		t.Fatal(err)
	}
	s := newSession(loaded(g), from.label(world), &console{page: 100})
	s.again = func(ctx context.Context) (ground, error) { return from.ground(ctx, world) }
	clock := time.Date(2026, 1, 2, 10, 31, 2, 0, time.UTC)
	s.now = func() time.Time { clock = clock.Add(400 * time.Microsecond); return clock }
	if err := s.arrive(true); err != nil {
		t.Fatal(err)
	}
	return s
}

const more = "      > "

// transcript replays the entries of a session as it was typed, and gives it with what is
// answered now. Errors stand as they would for a file of entries.
func transcript(s *session, typed string) string {
	var out strings.Builder
	var pending string
	for _, line := range strings.Split(strings.TrimSuffix(typed, "\n"), "\n") {
		text, first := strings.CutPrefix(line, prompt)
		if !first {
			var ok bool
			if text, ok = strings.CutPrefix(line, more); !ok {
				continue // what was answered before
			}
			pending += "\n" + text
		} else {
			pending = text
		}
		out.WriteString(line + "\n")
		said, more, err := s.handle(context.Background(), pending)
		if more {
			continue
		}
		_ = s.history.add(pending)
		out.WriteString(said)
		if err != nil && !errors.Is(err, io.EOF) {
			out.WriteString(s.wrong(pending, err))
		}
	}
	return out.String()
}

// TestSession replays testdata/repl/*.txtar: each holds devices, sometimes a World, and a
// session on them as it is to look. -update rewrites the answers.
func TestSession(t *testing.T) {
	files, err := filepath.Glob("testdata/repl/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no sessions in testdata/repl", err)
	}
	for _, file := range files {
		file, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := testSession(t, archive)
			last := &archive.Files[len(archive.Files)-1]
			got := transcript(s, string(last.Data))
			if got == string(last.Data) {
				return
			}
			if *update {
				last.Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("%s\nis now\n%s\nand was\n%s", file, got, last.Data)
		})
	}
}

// TestLanguage runs the test files of the language, and those of the examples; the README beside
// the former says what their steps mean.
func TestLanguage(t *testing.T) {
	var out, errs strings.Builder
	if code := run([]string{"test", "testdata/language", "../../examples"}, nil, &out, &errs); code != 0 {
		t.Errorf("exit code %d\n%s%s", code, out.String(), errs.String())
	}
	if !strings.Contains(out.String(), " passed, 0 failed in ") || strings.HasPrefix(out.String(), "0 passed") {
		t.Errorf("nothing was run: %s", out.String())
	}
}
