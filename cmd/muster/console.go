package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/musterfleet/muster/internal/diag"
)

// console is the three streams and the rules of this command:
//
//   - what was asked for goes to out, and nothing else does;
//   - diagnostics, notes and counts go to errw;
//   - colour only where the stream is a terminal, and never with --no-color or NO_COLOR;
//   - formats never depend on what the streams are, only their dress does.
type console struct {
	in        io.Reader
	out, errw io.Writer
	plain     bool // --no-color
	page      int  // the width of the page that out is; 0 asks out itself
}

// width is how wide a page is where the stream is no terminal.
const width = 100

func (c *console) color(w io.Writer) bool {
	return !c.plain && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && terminal(w)
}

// terminal reports whether a person reads the stream.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// person reports whether a person reads out.
func (c *console) person() bool { return c.page > 0 || terminal(c.out) }

// columns is the width of the page that out is.
func (c *console) columns() int {
	if c.page > 0 {
		return c.page
	}
	if f, ok := c.out.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return n
		}
	}
	return width
}

// diagnose tells people what is wrong. An error of the stream has nowhere to be told.
func (c *console) diagnose(list diag.List) { _ = list.Render(c.errw, c.color(c.errw)) }

// report tells people an error.
func (c *console) report(err error) { c.diagnose(asList(err)) }

// asList is an error as diagnostics.
func asList(err error) diag.List {
	var found diag.List
	if errors.As(err, &found) {
		return found
	}
	return diag.List{{Severity: diag.Error, Message: err.Error()}}
}

// note tells people what they may want to know.
func (c *console) note(hint, format string, args ...any) {
	c.diagnose(diag.List{{Severity: diag.Note, Message: fmt.Sprintf(format, args...), Hint: hint}})
}

// read is the content of a file, or of the input for -. Only one reader may have the input.
func (c *console) read(name string) ([]byte, error) {
	from, err := c.open(name)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	return io.ReadAll(from)
}

// open is read for what is long.
func (c *console) open(name string) (io.ReadCloser, error) {
	if name != "-" {
		return os.Open(name)
	}
	if c.in == nil {
		return nil, fmt.Errorf("-: the input is already read; name a file instead for one of the two")
	}
	in := c.in
	c.in = nil
	return io.NopCloser(in), nil
}

// shown is the name of an input as diagnostics give it.
func shown(name string) string {
	if name == "-" {
		return "stdin"
	}
	return name
}

// table writes rows under their heads, aligned. No column but the last is padded past
// what it holds, and no line ends in blanks.
func table(w io.Writer, heads []string, rows [][]string) error {
	widths := make([]int, len(heads))
	for _, row := range append([][]string{heads}, rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], diag.Width(cell))
		}
	}
	var b bytes.Buffer
	for _, row := range append([][]string{heads}, rows...) {
		var line strings.Builder
		for i, cell := range row {
			if i > 0 {
				line.WriteString("  ")
			}
			line.WriteString(cell + strings.Repeat(" ", widths[i]-diag.Width(cell)))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// counted is a number with its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
