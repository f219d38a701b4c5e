package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says whether a diagnostic stops what was asked for.
type Severity uint8

// The severities, the worst first.
const (
	Error Severity = iota + 1
	Warning
	Note
)

func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	case Note:
		return "note"
	}
	return fmt.Sprintf("Severity(%d)", uint8(s))
}

// Diagnostic is one thing to say about one place. Line, Col and EndCol count from 1, in
// bytes; EndCol is exclusive. Line 0 means the whole file, and without a SourceLine no
// caret is drawn.
type Diagnostic struct {
	Severity    Severity
	Code        string // the kind of mistake, such as S034; may be empty
	File        string // empty for text that is in no file
	Line        int
	Col, EndCol int
	SourceLine  string
	Message     string
	Hint        string // what to write instead; may be empty
}

// Place is file:line:col, as far as they are known.
func (d Diagnostic) Place() string {
	var parts []string
	if d.File != "" {
		parts = append(parts, d.File)
	}
	if d.Line > 0 {
		parts = append(parts, fmt.Sprint(d.Line))
		if d.Col > 0 {
			parts = append(parts, fmt.Sprint(d.Col))
		}
	}
	return strings.Join(parts, ":")
}

// word is the severity, and the code if there is one: error[S034].
func (d Diagnostic) word() string {
	if d.Code == "" {
		return d.Severity.String()
	}
	return d.Severity.String() + "[" + d.Code + "]"
}

// String is the diagnostic on one line: place, severity, message and hint.
func (d Diagnostic) String() string {
	s := d.word() + ": " + d.Message
	if place := d.Place(); place != "" {
		s = place + ": " + s
	}
	if d.Hint != "" {
		s += "; " + d.Hint
	}
	return s
}

// List is the diagnostics of one run. As an error its text is one line a diagnostic.
type List []Diagnostic

func (l List) Error() string {
	var lines []string
	for _, d := range l.Sorted() {
		lines = append(lines, d.String())
	}
	return strings.Join(lines, "\n")
}

// Sorted is the list by file, line and column, the worst first at one place, and without
// repetitions.
func (l List) Sorted() List {
	s := slices.Clone(l)
	slices.SortStableFunc(s, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col),
			cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Message, b.Message),
		)
	})
	return slices.Compact(s)
}

// Err is the list as an error if it holds one of severity Error; else nil.
func (l List) Err() error {
	for _, d := range l {
		if d.Severity == Error {
			return l
		}
	}
	return nil
}
