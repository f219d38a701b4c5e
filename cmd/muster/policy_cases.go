package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/policies/cases"
)

// policyTests is the outcome of policy test.
type policyTests struct {
	Passed   int          `json:"passed"`
	Failed   int          `json:"failed"`
	Cases    []policyCase `json:"cases"`
	Coverage []rulePart   `json:"coverage"`
	Percent  int          `json:"coverage_percent"`
	total    [2]int       // parts covered, of all
}

type policyCase struct {
	Policy string `json:"policy"`
	Case   string `json:"case"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Failed string `json:"failed"` // what is wrong; empty if it passed
}

type rulePart struct {
	Rule    string   `json:"rule"`
	Parts   int      `json:"parts"`
	Missing []string `json:"missing"`
}

func policyTestCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test DIR",
		Short: "run the tests of policies, and say what they leave out",
		Long: `test runs the PolicyTest documents of a directory on the policies beside them, and the test_
rules of its _test.rego files. Each case says how its change differs from an ordinary one, or
names a saved plan, and what the policy is to find: pass, deny, warn, info, or error.

Coverage counts, of a policy in CEL, each condition once true and once false, and of one in Rego
each line. --threshold fails below a share; --coverage lists what no case exercised.`,
		Example: `  muster policy test policies
  muster policy test policies --coverage --threshold 90
  muster policy test policies -o junit >policies.xml`,
		Args:              oneDirectory,
		ValidArgsFunction: directories,
	}
	var j judging
	j.addData(cmd)
	output := outputFlag(cmd, "text", "json", "junit", "tap")
	threshold := cmd.Flags().Int("threshold", 0, "fail if less than `PERCENT` of the policies' parts are covered")
	coverage := cmd.Flags().Bool("coverage", false, "list the parts that no case exercised")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		j.dir = args[0]
		set, err := c.policySetOf(j)
		if err != nil {
			return err
		}
		inRego, already, problems := testModules(j)
		if err := problems.Err(); err != nil {
			return err
		}
		outcomes, covered := cases.Run(os.DirFS(args[0]), set.tests, set.gates, already)
		found := gather(args[0], outcomes, covered)
		for _, t := range inRego {
			found.add(policyCase{"rego", t.Name, t.File, t.Line, t.Wrong})
		}
		if len(found.Cases) == 0 {
			return fmt.Errorf("%s: no tests; write PolicyTest documents beside the policies", args[0])
		}
		if err := found.write(c, output.value, *coverage); err != nil {
			return err
		}
		if *threshold > 0 && 100*found.total[0] < *threshold*found.total[1] {
			c.report(fmt.Errorf("%s: the tests cover %d %% of the policies, less than %d %%; --coverage lists what is missing", args[0], found.Percent, *threshold))
			return exit(1)
		}
		if found.Failed > 0 {
			return exit(1)
		}
		return nil
	}
	return cmd
}

func gather(dir string, outcomes []cases.Outcome, covered []cases.Coverage) policyTests {
	t := policyTests{Cases: []policyCase{}, Coverage: []rulePart{}}
	for _, o := range outcomes {
		t.add(policyCase{o.Gate, o.Case, filepath.Join(dir, o.File), o.Line, o.Wrong})
	}
	for _, v := range covered {
		t.Coverage = append(t.Coverage, rulePart{v.Gate, v.Parts, append([]string{}, v.Missing...)})
		t.total[0] += v.Parts - len(v.Missing)
		t.total[1] += v.Parts
	}
	if t.total[1] > 0 {
		t.Percent = 100 * t.total[0] / t.total[1]
	}
	return t
}

func (t *policyTests) add(c policyCase) {
	t.Cases = append(t.Cases, c)
	if c.Failed == "" {
		t.Passed++
	} else {
		t.Failed++
	}
}

func (t policyTests) write(c *console, format string, coverage bool) error {
	switch format {
	case "json":
		return indented(c, t)
	case "junit":
		return t.junit(c.out)
	case "tap":
		return t.tap(c.out)
	}
	var b strings.Builder
	for _, o := range t.Cases {
		if o.Failed != "" {
			fmt.Fprintf(&b, "failed  %s: %s\n        %s\n        at %s:%d\n", o.Policy, o.Case, o.Failed, o.File, o.Line)
		}
	}
	if coverage {
		for _, v := range t.Coverage {
			for _, part := range v.Missing {
				fmt.Fprintf(&b, "not covered  %s: %s\n", v.Rule, part)
			}
		}
	}
	fmt.Fprintf(&b, "%d passed, %d failed; %d %% of %s covered (%d of %d parts).\n", t.Passed, t.Failed, t.Percent,
		counted(len(t.Coverage), "rule", "rules"), t.total[0], t.total[1])
	_, err := fmt.Fprint(c.out, b.String())
	return err
}
