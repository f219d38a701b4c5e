package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// junitSuites is the document of JUnit, in the form that Jenkins, GitLab and GitHub's reporters
// read: a violation is a test case of its own, since they show one failure of each.
type junitSuites struct {
	XMLName  xml.Name   `xml:"testsuites"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Suite    junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Timestamp string      `xml:"timestamp,attr,omitempty"`
	Cases     []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string     `xml:"classname,attr"`
	Name    string     `xml:"name,attr"`
	File    string     `xml:"file,attr,omitempty"`
	Line    int        `xml:"line,attr,omitempty"`
	Failure *junitText `xml:"failure"`
	Error   *junitText `xml:"error"`
	Skipped *junitText `xml:"skipped"`
	Out     *junitOut  `xml:"system-out"`
}

type junitText struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",cdata"`
}

type junitOut struct {
	Text string `xml:",cdata"`
}

func writeJUnit(to io.Writer, g Gate) error {
	s := junitSuite{Name: "muster gate " + g.File.Metadata.Name, Timestamp: g.File.Now.UTC().Format(time.RFC3339)}
	for _, t := range g.tests() {
		c := junitCase{Class: "muster." + t.rule.Scope.String(), Name: t.name(), File: t.where().File, Line: t.where().Line}
		s.Tests++
		switch r := t.result; {
		case r == nil:
		case r.Waiver != "":
			s.Skipped++
			c.Skipped = &junitText{Message: oneLine(r.Msg + "; " + g.WaiverText(r.Waiver))}
		case r.Failed:
			s.Errors++
			c.Error = &junitText{Message: oneLine(r.Msg), Type: r.Level.String(), Text: t.body()}
		case t.fails(g):
			s.Failures++
			c.Failure = &junitText{Message: oneLine(r.Msg), Type: r.Level.String(), Text: t.body()}
		default:
			c.Out = &junitOut{r.Level.String() + ": " + t.body()}
		}
		s.Cases = append(s.Cases, c)
	}
	return s.write(to)
}

func (s junitSuite) write(to io.Writer) error {
	b, err := xml.MarshalIndent(junitSuites{Tests: s.Tests, Failures: s.Failures, Errors: s.Errors, Suite: s}, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(to, "%s%s\n", xml.Header, b)
	return err
}

// body is all there is to say of what was found.
func (t test) body() string {
	lines := []string{oneLine(t.result.Msg)}
	if t.address != "" {
		lines = append(lines, "at "+t.address)
	}
	if t.result.Loc.File != "" {
		lines = append(lines, fmt.Sprintf("declared at %s:%d", t.result.Loc.File, t.result.Loc.Line))
	}
	if t.result.Policy.File != "" {
		lines = append(lines, "policy at "+t.result.Policy.String())
	}
	return strings.Join(lines, "\n")
}
