package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/report"
)

// gating is the flags of one gate.
type gating struct {
	console    *console
	judging    judging
	world      string
	output     *choice
	failOnWarn bool
	allowEmpty bool
	now        string
	explain    string
	also       []string
	limit      *int
}

func gateCommand(c *console) *cobra.Command {
	g := &gating{console: c}
	cmd := &cobra.Command{
		Use:   "gate PLAN [CHANGE]",
		Short: "judge a saved plan by policies, for CI",
		Long: `gate has policies judge a plan that plan --out saved, or that comes from the input as -. It
needs no fleet. Policies come from -p DIR, and from the World with -w DIR, which must then be the
one the plan was made for. Waivers and Environments of both count.

Policies see the present time as now, unless --now gives another: a plan saved on a quiet day is
denied in a freeze. Who approved meanwhile, --approved-by says. Places in reports are files of
the World's directory, where the plan was made, or of -w.

Formats: text for people; json; junit, tap for test reporters; sarif for code scanning; github
prints annotations; gitlab is the code quality report; markdown a comment, whose first line lets
a robot find the one to replace.

Exit codes: 0 passed, 1 error, 3 denied, 4 the plan is not of this World, 5 passed, but a
conflict blocks a slot. That nothing judged the plan is an error, unless --allow-empty.`,
		Example: `  muster gate plan.json -p policies
  muster gate plan.json -w worlds/shop -p policies -o github --also sarif=gate.sarif
  muster plan -w worlds/shop --against main -o json | muster gate - -p policies --env staging
  muster gate plan.json -p policies --explain no-latest edge-001/web`,
		Args: g.arguments,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(_ *cobra.Command, args []string) error { return g.run(args) },
	}
	g.judging.addFlags(cmd)
	worldFlag(cmd, &g.world)
	g.output = outputFlag(cmd, append([]string{"text"}, report.Formats...)...)
	cmd.Flags().BoolVar(&g.failOnWarn, "fail-on-warn", false, "deny what policies only warn of")
	cmd.Flags().BoolVar(&g.allowEmpty, "allow-empty", false, "pass a plan that no policy judges")
	cmd.Flags().StringVar(&g.now, "now", "", "judge as of `TIME`, such as 2026-12-24T18:00:00Z, and not as of now")
	cmd.Flags().StringVar(&g.explain, "explain", "", "show how `RULE` comes to its verdict on CHANGE, given by id or address")
	cmd.Flags().StringArrayVar(&g.also, "also", nil, "write another format to a file too: `FORMAT=FILE`; may be repeated")
	g.limit = maxBytesFlag(cmd)
	return cmd
}

// arguments wants a plan, and a change to explain.
func (g *gating) arguments(cmd *cobra.Command, args []string) error {
	if g.explain == "" || len(args) == 0 {
		return onePlan(cmd, args)
	}
	if len(args) > 2 {
		return fmt.Errorf("gate: unexpected argument %q; --explain RULE takes one change", args[2])
	}
	return nil
}

func (g *gating) run(args []string) error {
	c := g.console
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // most of what a large plan takes is kept to the end
	}
	if g.judging.dir == "" && g.world == "" && !g.allowEmpty {
		return errors.New("gate: no policies; name a directory of them by -p DIR, or the World by -w DIR")
	}
	also, err := g.further()
	if err != nil {
		return err
	}
	file, err := c.loadPlan(args[0])
	if err != nil {
		return err
	}
	if file.Now, err = momentOf(g.now); err != nil {
		return err
	}
	file.Request.VCS.Approvals = approvals(file.Request.VCS.Approvals, g.judging.approvals)
	config, err := identity.Load(os.Getenv("MUSTER_CONFIG"), os.Getenv)
	if err != nil {
		return err
	}
	c.approved(file, config, &file.Request)
	world, err := g.declared(file)
	if err != nil {
		return err
	}
	rules, err := c.rules(world, "", g.judging) // the World's places are as seen from here already
	if err != nil {
		return err
	}
	if g.explain != "" {
		return g.explained(file, rules, args[1:])
	}
	if rules.options.AllowEmpty = g.allowEmpty; g.allowEmpty {
		rules.options.NoGates = true
	} else if len(rules.gates) == 0 && !rules.options.NoGates {
		return fmt.Errorf("%s: there is no policy in it; --allow-empty passes a plan that nothing judges", cmp.Or(g.judging.dir, g.world))
	}
	found, err := policies.Judge(file, rules.gates, rules.options)
	if err != nil {
		return err
	}
	if err := g.judging.record(found, rules); err != nil {
		return err
	}
	if found.Unjudged() && !g.allowEmpty {
		return fmt.Errorf("no policy judged any part of the plan, as none of %s matches its devices; declare one without match, or pass --allow-empty",
			counted(len(rules.gates), "policy", "policies"))
	}
	placeResults(fromHere(cmp.Or(g.world, file.Metadata.Annotations[worldNote])), found.Results)
	out := report.Gate{Report: found, Rules: rules.gates.Rules(), Plan: shown(args[0]), FailOnWarn: g.failOnWarn,
		Version: readBuild().Version, Limit: *g.limit}
	if err := g.print(out); err != nil {
		return err
	}
	if err := g.writeAlso(out, also); err != nil {
		return err
	}
	return outcomeOf(out)
}

// further are the formats of --also and their files.
func (g *gating) further() ([][2]string, error) {
	var out [][2]string
	for _, one := range g.also {
		format, file, ok := strings.Cut(one, "=")
		if !ok || file == "" {
			return nil, fmt.Errorf("--also %s: write FORMAT=FILE, such as sarif=gate.sarif", one)
		}
		if !slices.Contains(report.Formats, format) {
			return nil, fmt.Errorf("--also %s: unknown format; %s", one, suggest(format, report.Formats, "known: "+strings.Join(report.Formats, ", ")))
		}
		out = append(out, [2]string{format, file})
	}
	return out, nil
}

// writeAlso writes further formats, each into its file.
func (g *gating) writeAlso(out report.Gate, also [][2]string) error {
	for _, to := range also {
		var b bytes.Buffer
		if err := out.Write(&b, to[0]); err != nil {
			return err
		}
		if err := writeFile(to[1], b.Bytes(), 0o644); err != nil {
			return fmt.Errorf("gate: %w", err)
		}
	}
	return nil
}

// declared is the World the plan was made for, or an empty one.
func (g *gating) declared(file planfile.File) (algebra.World, error) {
	if g.world == "" {
		return algebra.World{}, nil
	}
	world, err := g.console.loadWorld(g.world)
	if err != nil {
		return algebra.World{}, err
	}
	if have := world.Digest().String(); have != file.Base.WorldDigest {
		g.console.report(fmt.Errorf("the plan was made for another World than %s is now; plan again", g.world))
		return algebra.World{}, stale
	}
	return placedIn(fromHere(g.world), world), nil
}

func (g *gating) print(out report.Gate) error {
	c := g.console
	if g.output.value != "text" {
		return out.Write(c.out, g.output.value)
	}
	verdict := "The plan passes."
	switch {
	case out.Report.Denied():
		verdict = "The plan is denied."
	case out.Denied():
		verdict = "The plan is denied, as here warnings deny."
	}
	_, err := fmt.Fprintf(c.out, "%s\n%s\n\n%s%s\n", origin(out.File), planner.Summary(out.Report.Plan), out.Text(c.color(c.out)), verdict)
	return err
}

// outcomeOf is the exit code of a gate.
func outcomeOf(g report.Gate) error {
	if g.Denied() {
		return denied
	}
	return conflictOf(g.Report.Plan)
}

// placeResults makes the places of a World's files those the caller would open.
func placeResults(worldDir string, list []policies.Result) {
	for i := range list {
		if list[i].Loc.File != "" {
			list[i].Loc.File = filepath.Join(worldDir, list[i].Loc.File)
		}
	}
}

// fromHere is a directory as it is seen from here, where it is below: places in reports of CI are
// relative to the repository.
func fromHere(dir string) string {
	here, err := os.Getwd()
	if err != nil || !filepath.IsAbs(dir) {
		return dir
	}
	if rel, err := filepath.Rel(here, dir); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return dir
}

// momentOf is a time as people give it; none is the present.
func momentOf(text string) (time.Time, error) {
	if text == "" {
		return time.Now().UTC(), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("--now %s: no time; write one with its zone, such as 2026-12-24T18:00:00Z", text)
}
