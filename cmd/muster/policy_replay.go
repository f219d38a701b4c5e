package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
)

// replayed is what would change for one plan.
type replayed struct {
	File    string `json:"file"`
	Plan    string `json:"plan"`
	Now     string `json:"now"` // when it was judged
	Before  string `json:"before"`
	After   string `json:"after"`
	Added   []said `json:"added"`
	Removed []said `json:"removed"`
}

// said is what a rule says of so many changes.
type said struct {
	Rule    string `json:"rule"`
	Level   string `json:"level"`
	Msg     string `json:"msg"`
	Waived  bool   `json:"waived"`
	Changes int    `json:"changes"`
}

func policyReplayCommand(c *console) *cobra.Command {
	var j judging
	var against string
	cmd := &cobra.Command{
		Use:   "replay PLAN...",
		Short: "what other policies would have said of stored plans",
		Long: `replay judges stored plans by the policies of -p, as of when each was made, and tells what
would be different: against the policies of --against, or else against what the plan's file says
it was judged by. It changes nothing. A directory stands for the .json files in it.

With --detailed-exitcode: 0 nothing would change, 2 something would, 3 a plan that passed would be
denied.`,
		Example: `  muster policy replay -p policies --against policies-main plans
  muster policy replay -p policies plans/p-*.json --detailed-exitcode`,
		Args: cobra.ArbitraryArgs,
	}
	policiesFlag(cmd, &j.dir)
	j.addData(cmd)
	cmd.Flags().StringVar(&against, "against", "", "`DIR` of the policies to compare with")
	cmd.Flags().StringVar(&j.env, "env", "", "judge with the levels of the Environment `NAME`")
	detailed := cmd.Flags().Bool("detailed-exitcode", false, "tell the outcome by the exit code")
	output := outputFlag(cmd, "text", "json")
	if err := cmd.MarkFlagDirname("against"); err != nil {
		panic("muster: " + err.Error()) // the flag was added just above
	}
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if j.dir == "" || len(args) == 0 {
			return errors.New("policy replay: name the new policies by -p DIR, and plans")
		}
		files, err := planFiles(args)
		if err != nil {
			return err
		}
		after, err := c.rules(algebra.World{}, "", j)
		if err != nil {
			return err
		}
		var before *rules
		if against != "" {
			than := j
			than.dir = against
			old, err := c.rules(algebra.World{}, "", than)
			if err != nil {
				return err
			}
			before = &old
		}
		out := []replayed{}
		for _, name := range files {
			f, err := c.loadPlan(name)
			if err != nil {
				return err
			}
			one, err := replay(name, f, before, after)
			if err != nil {
				return err
			}
			out = append(out, one)
		}
		if output.value == "json" {
			err = indented(c, out)
		} else {
			_, err = fmt.Fprint(c.out, replayText(out))
		}
		if err == nil && *detailed {
			return replayOutcome(out)
		}
		return err
	}
	return cmd
}

// planFiles are the files named, and those of the directories named.
func planFiles(args []string) ([]string, error) {
	var out []string
	for _, name := range args {
		info, err := os.Stat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("%s: no such file", name)
		case err != nil:
			return nil, err
		case !info.IsDir():
			out = append(out, name)
			continue
		}
		found, err := filepath.Glob(filepath.Join(name, "*.json"))
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s: no plans in it; they end in .json", name)
		}
		out = append(out, found...)
	}
	return out, nil
}

// replay compares what was, or would have been, said of a plan with what would be said now.
func replay(name string, f planfile.File, before *rules, after rules) (replayed, error) {
	out := replayed{File: name, Plan: f.Metadata.Name, Now: f.Now.Format("2006-01-02T15:04:05Z07:00"), Added: []said{}, Removed: []said{}}
	old := recorded(f)
	if before != nil {
		report, err := policies.Judge(f, before.gates, before.options)
		if err != nil {
			return out, fmt.Errorf("%s: %w", name, err)
		}
		old = report.Results
	}
	report, err := policies.Judge(f, after.gates, after.options)
	if err != nil {
		return out, fmt.Errorf("%s: %w", name, err)
	}
	out.Before, out.After = verdictOf(old), verdictOf(report.Results)
	out.Added, out.Removed = minus(report.Results, old), minus(old, report.Results)
	return out, nil
}

// recorded are the results that the plan's file holds.
func recorded(f planfile.File) []policies.Result {
	var out []policies.Result
	for _, r := range f.PolicyResults {
		level, err := policies.ParseLevel(r.Level)
		if err != nil {
			level = policies.Deny
		}
		out = append(out, policies.Result{Rule: r.Rule, Level: level, Msg: r.Msg, ChangeID: r.ChangeID, Address: r.Address, Waiver: r.Waiver})
	}
	return out
}

func verdictOf(list []policies.Result) string {
	if slices.ContainsFunc(list, func(r policies.Result) bool { return r.Level == policies.Deny && r.Waiver == "" }) {
		return "denied"
	}
	return "passed"
}

// minus is what one list says and the other does not, of the same change; equal words are counted.
func minus(list, other []policies.Result) []said {
	type key struct {
		said
		change, address string
	}
	of := func(r policies.Result) key {
		return key{said{Rule: r.Rule, Level: r.Level.String(), Msg: r.Msg, Waived: r.Waiver != ""}, r.ChangeID, r.Address}
	}
	known := map[key]bool{}
	for _, r := range other {
		known[of(r)] = true
	}
	out, place := []said{}, map[said]int{}
	for _, r := range list {
		k := of(r)
		if known[k] {
			continue
		}
		i, ok := place[k.said]
		if !ok {
			i = len(out)
			place[k.said] = i
			out = append(out, k.said)
		}
		out[i].Changes++
	}
	return out
}

func replayText(list []replayed) string {
	var b strings.Builder
	changed := 0
	for _, r := range list {
		if len(r.Added)+len(r.Removed) == 0 && r.Before == r.After {
			continue
		}
		changed++
		verdict := "stays " + r.After
		if r.Before != r.After {
			verdict = r.Before + ", would be " + r.After
		}
		fmt.Fprintf(&b, "%s (%s of %s): %s\n", r.File, r.Plan, r.Now, verdict)
		for _, s := range r.Added {
			fmt.Fprintf(&b, "  + %s\n", s)
		}
		for _, s := range r.Removed {
			fmt.Fprintf(&b, "  - %s\n", s)
		}
	}
	fmt.Fprintf(&b, "%s replayed: %d would be judged otherwise.\n", counted(len(list), "plan", "plans"), changed)
	return b.String()
}

// String is one line for people.
func (s said) String() string {
	level := s.Level
	if s.Waived {
		level = "waived"
	}
	text := fmt.Sprintf("%s  %s: %s", level, s.Rule, s.Msg)
	if s.Changes > 1 {
		text += fmt.Sprintf(" (%d times)", s.Changes)
	}
	return text
}

func replayOutcome(list []replayed) error {
	var out error
	for _, r := range list {
		switch {
		case r.Before == "passed" && r.After == "denied":
			return denied
		case len(r.Added)+len(r.Removed) > 0:
			out = changed
		}
	}
	return out
}
