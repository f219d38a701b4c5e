package main

import (
	"errors"
	"io"
	"strings"

	"github.com/musterfleet/muster/internal/diag"
)

// editor is where entries come from and where it is told that one is wrong.
type editor interface {
	// read is the next entry; errAbandoned where its author gave it up, io.EOF at the end.
	read() (entry, error)
	// wrong tells the error of the entry just read.
	wrong(e entry, err error)
	// close gives back what read took, such as the modes of a terminal.
	close() error
}

var errAbandoned = errors.New("abandoned")

// plainEditor reads a file or a pipe. Errors go to the console, placed by their lines.
type plainEditor struct {
	console *console
	name    string
	entries *entryReader
	failed  bool
}

func newPlainEditor(c *console, in io.Reader, incomplete func(string) bool) *plainEditor {
	return &plainEditor{console: c, name: "stdin", entries: newEntryReader(in, incomplete)}
}

func (p *plainEditor) read() (entry, error) { return p.entries.next() }

func (p *plainEditor) wrong(e entry, err error) {
	p.failed = true
	p.console.diagnose(e.place(p.name, err))
}

func (p *plainEditor) close() error { return nil }

const prompt = "muster> "

// wrong is what is shown of an error below the entry as it was typed: carets under the very
// characters where there is one place in one line, else the place as a file has it.
func (s *session) wrong(text string, err error) string {
	var b strings.Builder
	list := asList(err)
	if d := list[0]; len(list) == 1 && d.Col > 0 && !strings.Contains(text, "\n") && len(prompt)+len([]rune(text)) < s.console.columns() {
		from, to := min(d.Col-1, len(text)), min(max(d.EndCol, d.Col)-1, len(text))
		lead := len(prompt) + len([]rune(text[:from]))
		b.WriteString(strings.Repeat(" ", lead) + s.style("1;31", strings.Repeat("^", max(1, len([]rune(text[from:to]))))) + "\n")
		d.SourceLine, d.Line = "", 0
		list = diag.List{d}
	}
	_ = list.Render(&b, s.color) // a Builder takes all
	return b.String()
}
