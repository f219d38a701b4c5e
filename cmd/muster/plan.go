package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
)

// planning is the flags of one plan.
type planning struct {
	console  *console
	source   source
	world    string
	against  string
	judging  judging
	output   *choice
	file     string
	detailed bool
	limit    *int
	whole    *bool
	narrow   narrowing
	noOps    bool
}

func planCommand(c *console) *cobra.Command {
	p := &planning{console: c, source: source{console: c}}
	cmd := &cobra.Command{
		Use:   "plan -w DIR",
		Short: "print what would change, why, and what the policies say of it",
		Long: `plan compares a World with what is published to the devices and prints the least list of
actions that makes them equal. It changes nothing.

Devices come from --nats, --roster or the World's own Device documents. With --against the
other World, fully applied, is taken for what is: the difference of a pull request, without
a fleet. With --roster alone nothing is published yet. The text folds devices that share a line
and cuts long lists; --whole prints every line, -o json has every action. Above the counts stands
what to weigh: how much is disrupted, how many devices may be down at a time, what is pulled (its
size as far as the World has it in imageSizes), and whether it may be rolled back.

--only and --except keep to some devices, and the plan then says that it is not complete.
Slots that need nothing are counted; --show-no-op lists them, in every format.

With --detailed-exitcode: 0 nothing to do, 2 changes, 3 changes that policies deny, 5 a conflict
blocks a slot and no policy denies the rest.`,
		Example: `  muster plan -w worlds/shop --roster devices.jsonl
  muster plan -w worlds/shop --against worlds/shop-main
  muster plan -w worlds/shop --nats nats://localhost:4222 --out plan.json
  muster plan -w worlds/shop --snapshot fleet.snap --only '@canary' --except 'label("hold") = "yes"'
  muster plan -w worlds/shop --nats nats://localhost:4222 -p policies --detailed-exitcode`,
		Args:              noArguments,
		RunE:              func(cmd *cobra.Command, _ []string) error { return p.run(cmd) },
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	worldFlag(cmd, &p.world)
	kubeFlag(cmd, &p.world)
	p.source.addFlags(cmd)
	cmd.Flags().StringVar(&p.against, "against", "", "`DIR` of the World that is taken for what is, fully applied")
	p.judging.addFlags(cmd)
	p.output = outputFlag(cmd, "text", "json", "markdown")
	p.limit, p.whole = maxBytesFlag(cmd), wholeFlag(cmd)
	p.narrow.addFlags(cmd)
	cmd.Flags().BoolVar(&p.noOps, "show-no-op", false, "list the slots that need nothing too")
	cmd.Flags().StringVar(&p.file, "out", "", "write the plan to `FILE` as JSON, for apply and show")
	cmd.Flags().BoolVar(&p.detailed, "detailed-exitcode", false, "tell the outcome by the exit code")
	if err := cmd.MarkFlagDirname("against"); err != nil {
		panic("muster: " + err.Error()) // the flag was added just above
	}
	return cmd
}

// noArguments refuses any, as the verb takes flags only.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s: unexpected argument %q; %s --help shows what it takes", cmd.Name(), args[0], cmd.CommandPath())
	}
	return nil
}

func (p *planning) run(cmd *cobra.Command) error {
	if p.world == "" {
		return errors.New("plan: no World; name its directory by -w DIR")
	}
	world, err := p.console.loadWorld(p.world)
	if err != nil {
		return err
	}
	rules, err := p.console.rules(world, p.world, p.judging)
	if err != nil {
		return err
	}
	p.source.offline = p.against != ""
	reality, err := p.source.reality(cmd.Context())
	if err != nil {
		return err
	}
	if p.against != "" {
		other, err := p.console.loadWorld(p.against)
		if err != nil {
			return err
		}
		reality = applied(other, reality)
	}
	plan, err := p.narrow.of(planner.Make(world, reality), world, reality)
	if err != nil {
		return err
	}
	if p.noOps {
		plan = plan.Whole()
	}
	p.console.noteNoDevices(plan.Roster)
	reach, err := p.source.reach(world, reality)
	if err != nil {
		return err
	}
	_, report := policies.Review(policies.Proposal{Plan: plan, Reality: reality, Request: p.judging.request("plan"), Reach: reach, Now: time.Now()},
		rules.gates, rules.options)
	if err := p.judging.record(report, rules); err != nil {
		return err
	}
	note(report.File.Metadata.Annotations, p.world, p.judging.dir)
	if p.file != "" {
		if err := writeFile(p.file, report.File.JSON(), 0o644); err != nil {
			return fmt.Errorf("plan: %w", err)
		}
	}
	if err := p.show(plan, report); err != nil {
		return err
	}
	return p.outcome(plan, report)
}

// show prints the plan in the format asked for. Beside the JSON form the report goes to
// people only.
func (p *planning) show(plan planner.Plan, report policies.Report) error {
	c := p.console
	switch p.output.value {
	case "text":
		return c.showPlan(c.out, plan, report, *p.whole)
	case "markdown":
		var more []planfile.Section
		if judged(plan, report) {
			more = []planfile.Section{{Title: "Policies", Text: report.Text(false)}}
		}
		_, err := fmt.Fprint(c.out, report.File.Markdown(plan, *p.limit, more...))
		return err
	}
	if _, err := c.out.Write(report.File.JSON()); err != nil {
		return err
	}
	if plan.IsEmpty() || len(report.Results) == 0 {
		return nil
	}
	_, err := fmt.Fprint(c.errw, report.Text(c.color(c.errw)))
	return err
}

// showPlan prints a plan for people, and what the policies say of it. A plan that does nothing
// has nothing to be judged, and one that no policy gates, as its World says, nothing to be told.
func (c *console) showPlan(to io.Writer, plan planner.Plan, report policies.Report, whole bool) error {
	text := planner.Text(plan, planner.Style{Color: c.color(to), Width: c.columns(), Fields: report.File.Fields(), Notes: policies.Notes(report.File),
		Risk: report.File.Risk.Told(), Whole: whole})
	if judged(plan, report) {
		text += "\n" + report.Text(c.color(to))
	}
	_, err := fmt.Fprint(to, text)
	return err
}

// judged reports whether there is anything to say of what policies found.
func judged(plan planner.Plan, report policies.Report) bool {
	return !plan.IsEmpty() && (report.Policies > 0 || len(report.Results) > 0)
}

// outcome is the exit code of a plan that was shown.
func (p *planning) outcome(plan planner.Plan, report policies.Report) error {
	switch {
	case !p.detailed:
		return nil
	case !plan.IsEmpty() && report.Denied():
		return denied
	case plan.HasConflict():
		return conflict
	case !plan.IsEmpty():
		return changed
	}
	return nil
}

// applied is the reality of a fleet on which the World has been carried out in full: what it
// asks for is published and runs, all devices are there. What the World leaves blocked was
// never placed.
func applied(w algebra.World, r algebra.Reality) algebra.Reality {
	plan := planner.Make(w, algebra.NewReality(r.Roster, r.ObservedAt))
	out := algebra.NewReality(plan.Roster, r.ObservedAt)
	for id := range plan.Roster.All().IDs() {
		out.Records[id] = algebra.Record{Lifecycle: algebra.Enrolled, Heard: r.ObservedAt}
	}
	for _, d := range w.Devices {
		if d.Decommissioned {
			out.Records[d.ID] = algebra.Record{Lifecycle: algebra.Decommissioned}
		}
	}
	for _, d := range w.Deployments {
		out.Specs[d.Digest()] = d.Deployment
	}
	b := algebra.NewPlacing(plan.Roster)
	for _, a := range plan.Actions() {
		start, ok := a.(planner.Start)
		if !ok {
			panic(fmt.Sprintf("muster: %T on an empty fleet", a))
		}
		i, _ := plan.Roster.Ordinal(start.At.Device)
		b.Put(i, start.At.App, start.Want)
		out.Slots[algebra.Slot(start.At)] = algebra.SlotState{Release: start.Want, Phase: algebra.Running, Since: r.ObservedAt}
	}
	out.Published = b.Placement()
	return out
}
