package selectors

import (
	"cmp"
	"slices"
	"strings"
)

// maxErrors is how many errors one text reports: more would hide the first.
const maxErrors = 5

// Error is one thing wrong with a text, and where.
type Error struct {
	Code    Code
	At      Span
	Message string
	Hint    string // what to write instead; may be empty
	// Incomplete says that the text is right as far as it goes: a prompt may ask for more.
	Incomplete bool
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + "; " + e.Hint
}

// Errors are the errors of one text, at most five, in the order of their positions.
// Parse and Bind return no other error.
type Errors []*Error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Incomplete reports whether more text could put every error right.
func (e Errors) Incomplete() bool {
	return !slices.ContainsFunc(e, func(one *Error) bool { return !one.Incomplete })
}

// errorOrNil is the list as an error, sorted and cut; nil if it is empty.
func errorOrNil(list []*Error) error {
	if len(list) == 0 {
		return nil
	}
	slices.SortStableFunc(list, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.At.Start, b.At.Start), cmp.Compare(a.At.End, b.At.End))
	})
	return Errors(list[:min(len(list), maxErrors)])
}
