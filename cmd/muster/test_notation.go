package main

import (
	"fmt"
	"strings"

	"github.com/musterfleet/muster/internal/diag"
)

// step is one line of a test file that starts at its margin, and the indented lines below it.
type step struct {
	line int
	text string // the line as it stands, and what it goes on to
	verb string
	from int // where its argument starts in text
	body []testLine
}

// testLine is a line below a step.
type testLine struct {
	line int
	text string // without the blanks around it
	raw  string
}

func (s step) arg() string { return strings.TrimSpace(s.text[s.from:]) }

// verbs are the words a step may start with, and whether lines may or must stand below it.
var verbs = []struct {
	word string
	body bool
}{{"load", true}, {"world", false}, {"let", false}, {"clear", false}, {"eval", true}, {"eval_fail", true}}

// parseTest cuts a test file into steps. Empty lines, and lines that start with #, mean nothing.
// All that is wrong with it is reported.
func parseTest(name, text string) (steps []step, wrong diag.List) {
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, " \t\r")
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || trimmed[0] == '#' {
			continue
		}
		at := diag.Source{File: name, Line: i + 1, Text: line}
		if line[0] == ' ' || line[0] == '\t' {
			if len(steps) == 0 {
				wrong = append(wrong, at.At(0, len(line), "an indented line belongs to the one above, and there is none", "start with load, world, let or eval"))
				continue
			}
			last := &steps[len(steps)-1]
			if len(last.body) == 0 && last.unfinished() {
				last.text += "\n" + line
				continue
			}
			last.body = append(last.body, testLine{i + 1, trimmed, line})
			continue
		}
		s := step{line: i + 1, text: line, from: len(line)}
		if j := strings.IndexAny(line, " \t"); j >= 0 {
			s.from = j
		}
		s.verb = line[:s.from]
		var known []string
		for _, v := range verbs {
			known = append(known, v.word)
		}
		if !strings.Contains(" "+strings.Join(known, " ")+" ", " "+s.verb+" ") {
			wrong = append(wrong, at.At(0, s.from, fmt.Sprintf("unknown step %s", s.verb), suggest(s.verb, known, "known: "+strings.Join(known, ", "))))
		}
		steps = append(steps, s)
	}
	for _, s := range steps {
		wrong = append(wrong, s.wellFormed(name)...)
	}
	return steps, wrong
}

// unfinished reports whether the expression of a step goes on in the next line. One that is
// meant to fail does not: what is missing may be why.
func (s step) unfinished() bool {
	switch s.verb {
	case "eval":
		return incompleteText(s.text[s.from:])
	case "let":
		return incompleteText(s.text)
	}
	return false
}

// wellFormed says what a step lacks, or has too much of.
func (s step) wellFormed(name string) diag.List {
	first, _, _ := strings.Cut(s.text, "\n")
	at := func(message, hint string) diag.List {
		return diag.List{diag.Source{File: name, Line: s.line, Text: first}.At(0, len(first), message, hint)}
	}
	switch s.verb {
	case "load":
		if (s.arg() == "") == (len(s.body) == 0) {
			return at("load takes a file, or devices in the lines below it", `write for example: load, and below it, indented: gw7 arch=aarch64 label.site=berlin`)
		}
	case "world", "let":
		if s.arg() == "" {
			return at(s.verb+" of nothing", "write world DIR, or let NAME = EXPR")
		}
		if len(s.body) > 0 {
			return at("nothing stands below "+s.verb, "")
		}
	case "clear":
		if s.arg() != "" || len(s.body) > 0 {
			return at("clear stands alone", "")
		}
	case "eval", "eval_fail":
		if s.arg() == "" {
			return at(s.verb+" of nothing", "write eval EXPR")
		}
		if len(s.body) == 0 {
			return at(s.verb+" without what is expected", "indented below it write names, none or count N; below eval_fail a part of the message")
		}
	}
	return nil
}
