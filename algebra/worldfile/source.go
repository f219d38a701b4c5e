package worldfile

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/selectors"
)

// file is one file while it is read. Reading it fills order and exprs, which is all that
// Format needs to know about the kinds of documents.
type file struct {
	name  string
	text  string
	lines []int // where each of YAML's lines starts in text
	rows  []int // where each of the lines starts that editors and diagnostics count
	errs  *diag.List
	roots []*yaml.Node // the documents that are not empty
	// order is the canonical order of the fields of each mapping that has fixed ones.
	order map[*yaml.Node][]string
	// exprs is what each scalar that holds an expression was parsed to.
	exprs map[*yaml.Node]selectors.Expr
}

// span is a range of bytes of a file.
type span struct {
	file       *file
	start, end int
}

func newFile(name, text string, errs *diag.List) *file {
	f := &file{
		name: name, text: strings.TrimPrefix(text, "\uFEFF"), errs: errs, lines: []int{0}, rows: []int{0},
		order: map[*yaml.Node][]string{}, exprs: map[*yaml.Node]selectors.Expr{},
	}
	for i := 0; i < len(f.text); {
		if n := lineBreak(f.text[i:]); n > 0 {
			i += n
			f.lines = append(f.lines, i)
			if f.text[i-1] == '\n' {
				f.rows = append(f.rows, i)
			}
		} else {
			i++
		}
	}
	return f
}

// lineBreak is the length of the line break s starts with, or 0. YAML knows more of them
// than editors do.
func lineBreak(s string) int {
	for _, b := range []string{"\r\n", "\n", "\r", "\u0085", "\u2028", "\u2029"} {
		if strings.HasPrefix(s, b) {
			return len(b)
		}
	}
	return 0
}

// offset is where in the text YAML's line and column are; its columns count characters.
func (f *file) offset(line, column int) int {
	if line < 1 || line > len(f.lines) {
		return len(f.text)
	}
	at := f.lines[line-1]
	for ; column > 1 && at < len(f.text); column-- {
		_, n := utf8.DecodeRuneInString(f.text[at:])
		at += n
	}
	return at
}

func (f *file) start(n *yaml.Node) int { return f.offset(n.Line, n.Column) }

// at is the range of a node: a scalar is shown whole, a collection by its first byte.
func (f *file) at(n *yaml.Node) span {
	start := f.start(n)
	if n.Kind == yaml.ScalarNode {
		_, end := f.origins(n)
		return span{f, start, end}
	}
	if n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle == 0 && len(n.Content) > 0 {
		return f.at(n.Content[0])
	}
	return span{f, start, min(start+1, len(f.text))}
}

// line is the number of the line an offset is on, as editors count.
func (f *file) line(offset int) int {
	i, found := slices.BinarySearch(f.rows, offset)
	if found {
		i++
	}
	return i
}

// fail notes an error. hint may be empty.
func (s span) fail(hint, format string, args ...any) { s.failAs("", hint, format, args...) }

// failAs is fail with the code of a mistake in the language.
func (s span) failAs(code selectors.Code, hint, format string, args ...any) {
	f := s.file
	line := f.line(s.start)
	row, next := f.rows[line-1], len(f.text)
	if line < len(f.rows) {
		next = f.rows[line]
	}
	at := diag.Source{File: f.name, Line: line, Text: f.text[row:next]}
	d := at.At(s.start-row, s.end-row, fmt.Sprintf(format, args...), hint)
	d.Code = string(code)
	*f.errs = append(*f.errs, d)
}

// where is the place of a node as an error about another place mentions it.
func (f *file) where(n *yaml.Node) string {
	line := f.line(f.start(n))
	if f.name == "" {
		return fmt.Sprintf("line %d", line)
	}
	return fmt.Sprintf("%s:%d", f.name, line)
}
