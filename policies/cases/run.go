package cases

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
)

// Outcome is what came of one case on one gate. It failed iff Wrong says something.
type Outcome struct {
	Test, Case string
	Gate       string
	File       string
	Line       int
	Wrong      string
}

// Coverage is how much of a gate's policy the cases exercised.
type Coverage struct {
	Gate    string
	Parts   int
	Missing []string // parts that no case exercised, in the order of the policy
}

// Run runs tests on the gates they name; fsys is where their saved plans are. A test of a
// policy that is not there fails. already are parts that other tests exercised.
func Run(fsys fs.FS, tests []Test, gates policies.Gates, already []string) ([]Outcome, []Coverage) {
	covered := map[string]map[string]bool{}
	var out []Outcome
	for _, t := range tests {
		tested := Named(gates, t.Policy)
		for _, c := range t.Cases {
			base := Outcome{Test: t.Name, Case: c.Name, Gate: t.Policy, File: t.File, Line: c.Line}
			f, err := c.plan(fsys, path.Dir(t.File))
			switch {
			case err != nil:
				base.Wrong = err.Error()
			case len(tested) == 0:
				base.Wrong = "there is no policy " + t.Policy
			}
			if base.Wrong != "" {
				out = append(out, base)
				continue
			}
			base.Wrong = c.run(&f, tested, covered)
			out = append(out, base)
		}
	}
	var coverage []Coverage
	for _, g := range gates {
		seen := covered[g.Name()]
		v := Coverage{Gate: g.Name()}
		for _, p := range g.Parts() {
			if v.Parts++; !seen[p] && !slices.Contains(already, p) {
				v.Missing = append(v.Missing, p)
			}
		}
		coverage = append(coverage, v)
	}
	slices.SortFunc(coverage, func(a, b Coverage) int { return strings.Compare(a.Gate, b.Gate) })
	return out, coverage
}

// Named are the gates of a policy: that of its name, or those of its rules.
func Named(gates policies.Gates, policy string) policies.Gates {
	var out policies.Gates
	for _, g := range gates {
		if g.Name() == policy || strings.HasPrefix(g.Name(), policy+"/") {
			out = append(out, g)
		}
	}
	return out
}

// run has the gates of one policy judge the case, and says what is wrong. What is wanted is
// wanted of them together: one rule of several may be the one that objects.
func (c Case) run(f *planfile.File, gates policies.Gates, covered map[string]map[string]bool) (wrong string) {
	have := map[string]int{}
	var said, failures []string
	for _, g := range gates {
		if covered[g.Name()] == nil {
			covered[g.Name()] = map[string]bool{}
		}
		for _, in := range g.Inputs(f) {
			if !g.Matches(in) {
				continue
			}
			steps, _ := g.Explain(in) // of a failure Judge tells
			for _, p := range steps.Covered {
				covered[g.Name()][p] = true
			}
			found, err := g.Judge(in)
			if err != nil {
				have["error"]++
				failures = append(failures, err.Error())
			}
			for _, one := range found {
				level := g.Level()
				if one.Level != 0 {
					level = one.Level
				}
				have[level.String()]++
				said = append(said, g.Message(one))
			}
		}
	}
	return c.wrong(have, said, failures)
}

// wrong says in what the outcome differs from what is wanted.
func (c Case) wrong(have map[string]int, said, failures []string) string {
	got := "it passes"
	switch {
	case len(failures) > 0:
		got = "it cannot be evaluated: " + failures[0]
	case len(said) > 0:
		got = fmt.Sprintf("it objects (%s): %s", strings.Join(sortedKeys(have), ", "), said[0])
	}
	n := have[c.Want]
	switch {
	case c.Want == "pass":
		if len(have) == 0 {
			return ""
		}
	case n == 0:
	case c.Want == "error":
		if c.Msg == "" || slices.ContainsFunc(failures, func(s string) bool { return strings.Contains(s, c.Msg) }) {
			return ""
		}
	case len(have) > 1:
	case c.Count != 0 && n != c.Count:
		return fmt.Sprintf("wants %d objections, and there are %d: %s", c.Count, n, got)
	case c.Msg != "" && !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, c.Msg) }):
		return fmt.Sprintf("wants a message with %q, and %s", c.Msg, got)
	default:
		return ""
	}
	return fmt.Sprintf("wants %s, and %s", c.Want, got)
}

func sortedKeys(m map[string]int) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
