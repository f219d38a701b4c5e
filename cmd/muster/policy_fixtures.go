package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/fixtures"
)

// fixing is the flags of one policy fixtures.
type fixing struct {
	console *console
	judging judging
	out     string
	rules   []string
	seed    int64
	tries   int
	output  *choice
}

// fixtureLine is what was found of one rule.
type fixtureLine struct {
	Rule    string `json:"rule"`
	Found   bool   `json:"found"`
	Fails   bool   `json:"fails"` // the rule cannot be evaluated on it
	Tries   int    `json:"tries"`
	Actions int    `json:"actions"`
	Change  string `json:"change"`
	Msg     string `json:"msg"`
	File    string `json:"file"`
}

func policyFixturesCommand(c *console) *cobra.Command {
	f := &fixing{console: c}
	cmd := &cobra.Command{
		Use:   "fixtures DIR",
		Short: "find the smallest plan that each policy objects to",
		Long: `fixtures makes random Worlds and fleets, plans from one World to another, and asks each policy
of a directory until it objects. Then it leaves out what can be left out: devices, apps, labels,
fields. What remains is a plan file, good for a PolicyTest (planFile) and for reading.

It also looks for plans that a policy cannot be evaluated on, such as by a missing label, since
such plans are denied: these files end in .fails.json. The same seed finds the same plans.`,
		Example: `  muster policy fixtures policies --out policies/fixtures
  muster policy fixtures policies --rule no-latest --seed 7 -o json`,
		Args:              oneDirectory,
		ValidArgsFunction: directories,
		RunE:              func(_ *cobra.Command, args []string) error { return f.run(args[0]) },
	}
	f.judging.addData(cmd)
	cmd.Flags().StringVar(&f.out, "out", "", "write the plans into `DIR`, one for each rule")
	cmd.Flags().StringSliceVar(&f.rules, "rule", nil, "only these `RULES`")
	cmd.Flags().Int64Var(&f.seed, "seed", 1, "`N` that decides what is tried")
	cmd.Flags().IntVar(&f.tries, "tries", 2000, "give a rule up after `N` plans")
	f.output = outputFlag(cmd, "text", "json")
	if err := cmd.MarkFlagDirname("out"); err != nil {
		panic("muster: " + err.Error()) // the flag was added just above
	}
	return cmd
}

func (f *fixing) run(dir string) error {
	f.judging.dir = dir
	set, err := f.console.policySetOf(f.judging)
	if err != nil {
		return err
	}
	gates := set.gates
	if len(f.rules) > 0 {
		gates = nil
		for _, rule := range f.rules {
			one, err := gateOf(set.gates, rule)
			if err != nil {
				return err
			}
			gates = append(gates, one)
		}
	}
	lines := []fixtureLine{}
	missing := 0
	for _, gate := range gates {
		found, err := f.one(gate, false)
		if err != nil {
			return err
		}
		if lines = append(lines, found); !found.Found {
			missing++
		}
		if fails, err := f.one(gate, true); err != nil {
			return err
		} else if fails.Found {
			lines = append(lines, fails)
		}
	}
	if err := f.print(lines); err != nil {
		return err
	}
	if missing > 0 {
		return exit(1)
	}
	return nil
}

// one looks for one fixture, and writes it.
func (f *fixing) one(gate policies.Gate, fails bool) (fixtureLine, error) {
	tries := f.tries
	if fails {
		tries = min(tries, 200) // most policies cannot fail, and it takes all tries to see it
	}
	found := fixtures.Find(gate, f.seed, tries, fails)
	line := fixtureLine{Rule: gate.Name(), Found: found.Found, Fails: found.Failed, Tries: found.Tries,
		Actions: len(found.Plan.ResourceChanges), Change: found.Change, Msg: found.Msg}
	if !found.Found || f.out == "" {
		return line, nil
	}
	name := strings.ReplaceAll(gate.Name(), "/", "-")
	if fails {
		name += ".fails"
	}
	line.File = filepath.Join(f.out, name+".json")
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return line, err
	}
	return line, writeFile(line.File, found.Plan.JSON(), 0o644)
}

func (f *fixing) print(lines []fixtureLine) error {
	c := f.console
	if f.output.value == "json" {
		return indented(c, lines)
	}
	var b strings.Builder
	for _, l := range lines {
		word := "objects"
		switch {
		case !l.Found:
			fmt.Fprintf(&b, "%s: nothing found in %s; it may object to nothing, or to what is rare\n", l.Rule, counted(l.Tries, "plan", "plans"))
			continue
		case l.Fails:
			word = "cannot be evaluated"
		}
		on := l.Change
		if on == "" {
			on = "the plan"
		}
		fmt.Fprintf(&b, "%s: %s, on %s: %s\n", l.Rule, word, on, l.Msg)
		fmt.Fprintf(&b, "    %s, found after %s", counted(l.Actions, "change", "changes"), counted(l.Tries, "plan", "plans"))
		if l.File != "" {
			fmt.Fprintf(&b, "; %s", l.File)
		}
		b.WriteByte('\n')
	}
	_, err := fmt.Fprint(c.out, b.String())
	return err
}
