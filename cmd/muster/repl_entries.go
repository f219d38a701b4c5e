package main

import (
	"bufio"
	"io"
	"strings"

	"github.com/musterfleet/muster/internal/diag"
)

// entry is what a person enters at once: one line, or more where one is not enough.
type entry struct {
	line int // of its first line, in what it was read from
	text string
}

// entryReader cuts lines into entries as they come, so that a program at the other end of a
// pipe has its answer before it asks again.
type entryReader struct {
	lines      *bufio.Reader
	incomplete func(string) bool
	line       int // of the last line read
}

func newEntryReader(r io.Reader, incomplete func(string) bool) *entryReader {
	return &entryReader{lines: bufio.NewReader(r), incomplete: incomplete}
}

// next is the next entry that is not blank. Text that ends before its entry is complete is an
// entry all the same, so that its error is told. The error is io.EOF or the reader's.
func (r *entryReader) next() (entry, error) {
	var e entry
	for {
		line, err := r.lines.ReadString('\n')
		if err != nil && (line == "" || err != io.EOF) {
			if e.text != "" && err == io.EOF {
				e.text += "\n" // as an empty line would, this ends it
				return e, nil
			}
			return entry{}, err
		}
		r.line++
		line = strings.TrimRight(line, "\r\n")
		switch {
		case e.text != "":
			e.text += "\n" + line
		case strings.TrimSpace(line) == "":
			continue
		default:
			e = entry{r.line, line}
		}
		if !r.incomplete(e.text) {
			return e, nil
		}
	}
}

// place is an error of the entry, told where the entry stands in its file.
func (e entry) place(file string, err error) diag.List {
	list := asList(err)
	out := make(diag.List, len(list))
	for i, d := range list {
		if d.File == "" {
			d.File, d.Line = file, max(d.Line, 1)+e.line-1
		}
		out[i] = d
	}
	return out
}
