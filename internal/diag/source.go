package diag

import "strings"

// Source is where a text, such as an expression, stands inside a document.
//
//	Source{File: "fleets.yaml", Line: 5, Text: "  expression: '@prod & x'", Offset: 15}
type Source struct {
	File   string
	Line   int    // the number of Text's first line
	Text   string // the document from the start of that line: one line or more
	Offset int    // the byte of Text at which the embedded text starts
}

// At is an error at bytes start to end of the embedded text. A span that reaches past its
// line is cut at the line's end; one that lies outside the document is moved to its end.
func (s Source) At(start, end int, message, hint string) Diagnostic {
	from := min(max(s.Offset+start, 0), len(s.Text))
	to := min(max(s.Offset+end, from), len(s.Text))
	lineStart := strings.LastIndexByte(s.Text[:from], '\n') + 1
	line, _, _ := strings.Cut(s.Text[lineStart:], "\n")
	line = strings.TrimSuffix(line, "\r")
	return Diagnostic{
		Severity:   Error,
		File:       s.File,
		Line:       s.Line + strings.Count(s.Text[:lineStart], "\n"),
		Col:        from - lineStart + 1,
		EndCol:     max(min(to-lineStart, len(line)), from-lineStart) + 1,
		SourceLine: line,
		Message:    message,
		Hint:       hint,
	}
}
