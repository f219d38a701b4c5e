package main

import (
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/cases"
	"github.com/musterfleet/muster/policies/rego"
)

func policyCheckCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check DIR",
		Short: "check that policies compile, say what they ask for, and are tested",
		Long: `check compiles the policies of a directory and tells everything that is wrong at once: what
is not in the plan's schema, rules under names that nothing asks for, tests of policies that are
not there, environments with levels of unknown rules. It warns of a policy without a message or
without a test, and of waivers that have expired. With --strict warnings are errors.`,
		Example: `  muster policy check policies
  muster policy check policies --strict -o json`,
		Args:              oneDirectory,
		ValidArgsFunction: directories,
	}
	var j judging
	j.addData(cmd)
	output := outputFlag(cmd, "text", "json")
	strict := cmd.Flags().Bool("strict", false, "let warnings fail too")
	now := cmd.Flags().String("now", "", "look at waivers as of `TIME`, and not as of now")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		j.dir = args[0]
		set, err := c.policySetOf(j)
		if err != nil {
			return err
		}
		at, err := momentOf(*now)
		if err != nil {
			return err
		}
		found := set.remarks()
		for _, w := range set.waivers {
			if !at.Before(w.Expires) {
				found = append(found, diag.Diagnostic{Severity: diag.Warning, File: w.Source.File, Line: w.Source.Line,
					Message: fmt.Sprintf("waiver %s of %s has expired", w.Name, w.Rule), Hint: "remove it, or have " + w.Owner + " renew it"})
			}
		}
		c.diagnose(found)
		if output.value == "json" {
			err = indented(c, set.listed())
		} else {
			_, err = fmt.Fprintln(c.out, set)
		}
		if err == nil && *strict && len(found) > 0 {
			return exit(1)
		}
		return err
	}
	return cmd
}

// oneDirectory wants the name of one directory.
func oneDirectory(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return fmt.Errorf("%s: no directory; name one of policies", cmd.CommandPath())
	case 1:
		return nil
	}
	return fmt.Errorf("%s: unexpected argument %q; it takes one directory", cmd.CommandPath(), args[1])
}

// directories completes a directory.
func directories(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// checked is a directory of policies that compile.
type checked struct {
	dir     string
	gates   policies.Gates
	tests   []cases.Test
	waivers []algebra.Waiver
	inRego  string // the text of its _test.rego files
}

// policySetOf reads a directory of policies with its tests.
func (c *console) policySetOf(j judging) (checked, error) {
	dir := j.dir
	if !j.isDirectory() {
		return checked{}, fmt.Errorf("%s: not a directory; tests stand beside policies in one", dir)
	}
	apart, err := c.loadPolicies(j, algebra.World{})
	if err != nil {
		return checked{}, err
	}
	rules, err := c.rules(algebra.World{}, "", j)
	if err != nil {
		return checked{}, err
	}
	for _, e := range apart.Environments {
		if _, err := levelsOf(apart.Environments, e.Name, rules.gates); err != nil {
			return checked{}, err
		}
	}
	tests, problems := cases.Read(os.DirFS(dir))
	problems = under(dir, problems)
	for _, t := range tests {
		if len(cases.Named(rules.gates, t.Policy)) == 0 {
			known := ruleNames(rules.gates)
			problems = append(problems, under(dir, diag.List{{Severity: diag.Error, File: t.File, Line: t.Line,
				Message: fmt.Sprintf("test %s is of policy %s, which is not here", t.Name, t.Policy), Hint: suggest(t.Policy, known, "")}})...)
		}
	}
	modules, err := rego.ReadTests(os.DirFS(dir))
	if err != nil {
		return checked{}, err
	}
	set := checked{dir: dir, gates: rules.gates, tests: tests, waivers: rules.options.Waivers}
	for _, m := range modules {
		set.inRego += m.Text
	}
	return set, problems.Sorted().Err()
}

// remarks are what is not wrong and yet not well.
func (s checked) remarks() diag.List {
	var out diag.List
	for _, r := range s.gates.Rules() {
		warn := func(hint, format string, args ...any) {
			out = append(out, diag.Diagnostic{Severity: diag.Warning, File: r.Source.File, Line: r.Source.Line, Message: fmt.Sprintf(format, args...), Hint: hint})
		}
		if r.Title == "" {
			warn("add a message that says what to do", "policy %s does not say what it asks for", r.ID)
		}
		if s.cases(r.ID) == 0 && !strings.Contains(s.inRego, path.Base(r.ID)) {
			warn("write a PolicyTest; muster policy fixtures finds plans it fires on", "policy %s is not tested", r.ID)
		}
	}
	return out
}

// cases counts the test cases of a rule.
func (s checked) cases(rule string) int {
	n := 0
	for _, t := range s.tests {
		if rule == t.Policy || strings.HasPrefix(rule, t.Policy+"/") {
			n += len(t.Cases)
		}
	}
	return n
}

// ruleLine is a rule as check lists it.
type ruleLine struct {
	ID     string         `json:"id"`
	Level  policies.Level `json:"level"`
	Scope  string         `json:"scope"`
	Title  string         `json:"title"`
	Source algebra.Source `json:"source"`
	Cases  int            `json:"cases"`
}

func (s checked) listed() []ruleLine {
	out := []ruleLine{}
	for _, r := range s.gates.Rules() {
		out = append(out, ruleLine{r.ID, r.Level, r.Scope.String(), r.Title, r.Source, s.cases(r.ID)})
	}
	return out
}

// String is one line for people.
func (s checked) String() string {
	n := 0
	for _, t := range s.tests {
		n += len(t.Cases)
	}
	return fmt.Sprintf("%s: ok: %s, %s, %s", s.dir, counted(len(s.gates), "rule", "rules"), counted(n, "test case", "test cases"),
		counted(len(s.waivers), "waiver", "waivers"))
}
