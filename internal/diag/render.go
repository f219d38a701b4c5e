package diag

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Columns of a source line that are shown before and after the start of a span, when the
// line is too long to be shown whole.
const (
	mostColumns = 120
	leadColumns = 60
)

const tabStop = 4

// Render writes the list, sorted, for people. Colour is the caller's choice, as only it
// knows whether w is a terminal. The error is w's.
func (l List) Render(w io.Writer, color bool) error {
	var b strings.Builder
	for _, d := range l.Sorted() {
		d.render(&b, paint(color))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// paint says whether styles are written.
type paint bool

const (
	bold  = "1"
	red   = "1;31"
	amber = "1;33"
	blue  = "1;34"
)

func (p paint) style(code, s string) string {
	if !p || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (s Severity) style() string {
	switch s {
	case Error:
		return red
	case Warning:
		return amber
	case Note:
		return blue
	}
	return bold
}

func (d Diagnostic) render(b *strings.Builder, p paint) {
	if place := d.Place(); place != "" {
		b.WriteString(p.style(bold, plain(place)+":") + " ")
	}
	fmt.Fprintf(b, "%s %s\n", p.style(d.Severity.style(), d.word()+":"), p.style(bold, plain(d.Message)))
	if d.SourceLine != "" && d.Col > 0 {
		text, lead, run := d.layout()
		fmt.Fprintf(b, "    %s\n    %s%s\n", text, strings.Repeat(" ", lead), p.style(d.Severity.style(), strings.Repeat("^", run)))
	}
	if d.Hint != "" {
		fmt.Fprintf(b, "%s %s\n", p.style(blue, "help:"), plain(d.Hint))
	}
}

// glyph is a character of a line as it is shown.
type glyph struct {
	at    int // the byte where it starts
	text  string
	width int
}

// glyphs are the characters of a line, tabs expanded and control characters made harmless.
func glyphs(line string) []glyph {
	var list []glyph
	column := 0
	for i, r := range line {
		g := glyph{i, string(r), width(r)}
		switch {
		case r == '\t':
			g.width = tabStop - column%tabStop
			g.text = strings.Repeat(" ", g.width)
		case drives(r):
			g.text, g.width = "\uFFFD", 1
		}
		column += g.width
		list = append(list, g)
	}
	return list
}

// layout is the line as shown, the columns before the caret, and those under the span. A
// long line is cut to a window around the span's start.
func (d Diagnostic) layout() (text string, lead, run int) {
	list := glyphs(d.SourceLine)
	start, total := 0, 0
	for _, g := range list {
		if g.at < d.Col-1 {
			start += g.width
		}
		total += g.width
	}
	from, to := 0, total
	if total > mostColumns {
		from = max(0, min(start-leadColumns, total-mostColumns))
		to = from + mostColumns
	}
	var b strings.Builder
	column := 0
	if from > 0 {
		b.WriteString("…")
		lead = 1
	}
	for _, g := range list {
		inside := column >= from && column+g.width <= to
		column += g.width
		if !inside {
			continue
		}
		b.WriteString(g.text)
		switch {
		case g.at < d.Col-1:
			lead += g.width
		case g.at < d.EndCol-1:
			run += g.width
		}
	}
	if to < total {
		b.WriteString("…")
	}
	return strings.TrimRight(b.String(), " "), lead, max(run, 1)
}

// plain is s on one line, without the control characters that could drive a terminal.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case drives(r):
			return '\uFFFD'
		}
		return r
	}, s)
}

// drives reports whether a character could drive a terminal, or turn the reading direction
// so that a line shows other than it is.
func drives(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}
