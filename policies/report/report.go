package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/policies"
)

// Gate is what was gated: a report, and what it does not say of itself.
type Gate struct {
	policies.Report
	// Rules are those of the policy set: reports list what passed too.
	Rules []policies.Rule
	// Plan is the file of the plan, the place of what has no other.
	Plan string
	// FailOnWarn says that warnings deny.
	FailOnWarn bool
	// Version is that of the tool.
	Version string
	// Limit is how many bytes markdown may take; 0 is no limit.
	Limit int
}

// Denied reports whether the gate lets the plan pass.
func (g Gate) Denied() bool {
	return g.Report.Denied() || g.FailOnWarn && g.Count(policies.Warn) > 0
}

// Verdict is passed or denied.
func (g Gate) Verdict() string {
	if g.Denied() {
		return "denied"
	}
	return "passed"
}

// format writes a gate in one format.
type format func(io.Writer, Gate) error

var formats = map[string]format{
	"json": writeJSON, "junit": writeJUnit, "sarif": writeSARIF, "github": writeGitHub,
	"gitlab": writeGitLab, "tap": writeTAP, "markdown": writeMarkdown,
}

// Formats are the names of the formats beside text, which policies.Report writes itself.
var Formats = []string{"json", "junit", "sarif", "github", "gitlab", "tap", "markdown"}

// Write writes the gate in one of Formats. It panics on any other.
func (g Gate) Write(to io.Writer, name string) error {
	write, ok := formats[name]
	if !ok {
		panic("report: unknown format " + name)
	}
	return write(to, g)
}

// rules are those of the set, and the built-in ones that found something, in the order of ids.
func (g Gate) rules() []policies.Rule {
	out := slices.Clone(g.Rules)
	known := map[string]bool{}
	for _, r := range out {
		known[r.ID] = true
	}
	for _, r := range g.Results {
		if !known[r.Rule] {
			known[r.Rule] = true
			out = append(out, policies.Rule{ID: r.Rule, Level: r.Level, Scope: policies.Plan, Source: r.Policy})
		}
	}
	slices.SortStableFunc(out, func(a, b policies.Rule) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(out, func(a, b policies.Rule) bool { return a.ID == b.ID })
}

// finding is one line of the formats that show places.
type finding struct {
	*policies.Folded
	place algebra.Source
}

// findings are the results, one for each place and text.
func (g Gate) findings() []finding {
	var out []finding
	for _, f := range g.Fold(true) {
		at := algebra.Source(f.Loc)
		if at.File == "" {
			at = f.Policy
		}
		if at.File == "" {
			at = algebra.Source{File: g.Plan}
		}
		at.Line = max(at.Line, 1)
		out = append(out, finding{f, at})
	}
	return out
}

// text is the message, and where it applies.
func (f finding) text(g Gate) string {
	s := f.Msg
	if len(f.Addresses) > 0 {
		s += "; on " + shortened(f.Where(), 500)
	}
	if f.Waiver != "" {
		s += "; " + g.WaiverText(f.Waiver)
	}
	return oneLine(s)
}

// oneLine is s without line breaks and other control characters.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 }), " ")
}

func shortened(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}

// test is one line of the formats that know tests: a rule that found nothing, or one thing
// that a rule found.
type test struct {
	rule    policies.Rule
	address string
	result  *policies.Result // nil: it passed
}

// tests are all rules, each with what it found.
func (g Gate) tests() []test {
	found := map[string][]*policies.Result{}
	for i := range g.Results {
		r := &g.Results[i]
		found[r.Rule] = append(found[r.Rule], r)
	}
	var out []test
	for _, rule := range g.rules() {
		if len(found[rule.ID]) == 0 {
			out = append(out, test{rule: rule})
		}
		for _, r := range found[rule.ID] {
			out = append(out, test{rule, r.Address, r})
		}
	}
	return out
}

func (t test) name() string {
	if t.address == "" {
		return oneLine(t.rule.ID)
	}
	return oneLine(fmt.Sprintf("%s: %s", t.rule.ID, t.address))
}

// fails reports whether the test failed.
func (t test) fails(g Gate) bool {
	r := t.result
	return r != nil && r.Waiver == "" && (r.Level == policies.Deny || r.Level == policies.Warn && g.FailOnWarn)
}

// where is the place of the change, else of the policy.
func (t test) where() algebra.Source {
	if t.result != nil && t.result.Loc.File != "" {
		return algebra.Source(t.result.Loc)
	}
	return t.rule.Source
}
