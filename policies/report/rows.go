package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Row is a test that is no rule of a gate, such as a case of a policy's tests.
type Row struct {
	Class, Name string
	File        string
	Line        int
	Failed      string // what is wrong; empty if it passed
}

// JUnit writes rows as one suite.
func JUnit(to io.Writer, suite string, rows []Row) error {
	s := junitSuite{Name: suite, Tests: len(rows)}
	for _, r := range rows {
		c := junitCase{Class: r.Class, Name: oneLine(r.Name), File: r.File, Line: r.Line}
		if r.Failed != "" {
			s.Failures++
			c.Failure = &junitText{Message: oneLine(r.Failed), Text: fmt.Sprintf("%s\nat %s:%d", r.Failed, r.File, r.Line)}
		}
		s.Cases = append(s.Cases, c)
	}
	return s.write(to)
}

// TAP writes rows as tests.
func TAP(to io.Writer, rows []Row) error {
	var b strings.Builder
	fmt.Fprintf(&b, "TAP version 14\n1..%d\n", len(rows))
	for i, r := range rows {
		word := "ok"
		if r.Failed != "" {
			word = "not ok"
		}
		fmt.Fprintf(&b, "%s %d - %s\n", word, i+1, tapText(r.Name))
		if r.Failed != "" {
			fmt.Fprintf(&b, "  ---\n  message: %s\n  at: %s\n  ...\n", strconv.Quote(oneLine(r.Failed)), strconv.Quote(fmt.Sprintf("%s:%d", r.File, r.Line)))
		}
	}
	_, err := io.WriteString(to, b.String())
	return err
}
