// Package diag says what is wrong with a document, where, and what to write instead.
//
//	worlds/fleets.yaml:5:24: error: cannot apply & to a fleet and a selector
//	    expression: '@prod & arch = aarch64'
//	                       ^
//	help: did you mean @prod[arch = aarch64]?
//
// Columns count bytes from 1, as Go's own tools do; the caret is aligned by what a terminal
// shows, so tabs, wide and combining characters before it do no harm.
//
// The package knows no other package's errors. Who has an expression inside a document
// makes a Source of the document's lines and asks it for a Diagnostic at a span of the
// expression. It is not a log: a diagnostic is about what a person wrote.
package diag
