package main

import (
	"fmt"
	"strings"

	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/policies/report"
)

// testReport is what became of the steps of test files. As text it is told while they run.
type testReport struct {
	Passed  int        `json:"passed"`
	Failed  int        `json:"failed"`
	Steps   []testStep `json:"steps"`
	console *console
	format  string
	verbose bool
}

// testStep is a step that says what is to be so, or one that is wrong itself.
type testStep struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Step   string `json:"step"`
	Failed string `json:"failed"` // what is wrong; empty if it passed
}

func (r *testReport) add(s testStep) {
	r.Steps = append(r.Steps, s)
	if s.Failed == "" {
		r.Passed++
	} else {
		r.Failed++
	}
}

// broken is a step of which nothing can be said but what is wrong with it.
func (r *testReport) broken(file, text string, wrong diag.List) {
	var said []string
	for _, d := range wrong {
		said = append(said, strings.TrimSuffix(d.Message+"; "+d.Hint, "; "))
	}
	r.add(testStep{file, wrong[0].Line, squeezed(text), strings.Join(said, "\n")})
	r.console.diagnose(wrong)
}

// step is one that ran, and how it failed if it did.
func (r *testReport) step(file string, s step, wrong string) {
	r.add(testStep{file, s.line, squeezed(s.text), wrong})
	text := fmt.Sprintf("%s:%d: %s", file, s.line, squeezed(s.text))
	switch {
	case r.format != "text":
	case wrong != "":
		head := "FAIL"
		if r.console.color(r.console.out) {
			head = "\x1b[1;31mFAIL\x1b[0m"
		}
		fmt.Fprintf(r.console.out, "%s  %s\n      %s\n", head, text, strings.ReplaceAll(wrong, "\n", "\n      "))
	case r.verbose:
		fmt.Fprintln(r.console.out, "ok    "+text)
	}
}

func squeezed(text string) string { return strings.Join(strings.Fields(text), " ") }

// end tells the whole.
func (r *testReport) end(files int) error {
	var rows []report.Row
	for _, s := range r.Steps {
		rows = append(rows, report.Row{Class: "muster.test", Name: s.Step, File: s.File, Line: s.Line, Failed: s.Failed})
	}
	switch r.format {
	case "json":
		return indented(r.console, r)
	case "junit":
		return report.JUnit(r.console.out, "muster test", rows)
	case "tap":
		return report.TAP(r.console.out, rows)
	}
	_, err := fmt.Fprintf(r.console.out, "%d passed, %d failed in %s\n", r.Passed, r.Failed, counted(files, "file", "files"))
	return err
}
