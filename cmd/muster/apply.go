package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/selectors"
)

// applyingFlags is the flags of one apply.
type applyingFlags struct {
	console  *console
	source   source
	world    string
	judging  judging
	yes      bool
	deadline time.Duration
	glass    string // why policies are not to stop it
}

func applyCommand(c *console) *cobra.Command {
	a := &applyingFlags{console: c, source: source{console: c}}
	cmd := &cobra.Command{
		Use:   "apply [PLAN] [-w DIR]",
		Short: "plan, have the plan judged, ask, and carry it out",
		Long: `apply plans what takes the fleet to the World, has the policies judge the plan, shows it,
asks, publishes it, and waits until each device runs what it should, has failed, or is out
of time. Ctrl-c ends the waiting; what is published stays, and a new plan shows what is left.

With PLAN, a file that plan --out wrote, it does no more than that plan says. It reads the World
where the plan was made, or in DIR, and refuses a plan that was changed, was applied already or
is stale, as the World or all its devices moved, and says what changed. Devices that moved are
left out. Policies judge a saved plan anew.

Exit codes: 0 done, 1 error or a device that failed, 3 denied by a policy, 4 the plan went
stale, 5 done, but a conflict blocks a slot.`,
		Example: `  muster apply -w worlds/shop
  muster apply -w worlds/shop --yes
  muster apply plan.json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("apply: unexpected argument %q; it takes one plan", args[1])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.run(cmd.Context(), args) },
	}
	worldFlag(cmd, &a.world)
	a.source.addClusterFlags(cmd)
	a.judging.addFlags(cmd)
	cmd.Flags().BoolVar(&a.yes, "yes", false, "do not ask; for scripts")
	cmd.Flags().StringVar(&a.glass, breakGlass, "", "apply although policies deny, for this `REASON`, as an operator; it is on record")
	cmd.Flags().DurationVar(&a.deadline, "deadline", executor.DefaultDeadline, "`TIME` a device may take to run what it should")
	return cmd
}

func (a *applyingFlags) run(ctx context.Context, plans []string) error {
	var from saved
	if len(plans) > 0 {
		var err error
		if from, err = a.load(plans[0]); err != nil {
			return err
		}
	}
	if a.world == "" {
		return errors.New("apply: no World; name its directory by -w DIR, or a plan that was saved")
	}
	world, err := a.console.loadWorld(a.world)
	if err != nil {
		return err
	}
	rules, err := a.console.rules(world, a.world, a.judging)
	if err != nil {
		return err
	}
	fleet, err := a.source.join(ctx)
	if err != nil {
		return err
	}
	defer fleet.close()
	if err := fleet.may("apply", identity.Deployer); err != nil {
		return err
	}
	if err := fleet.mayPublish(ctx); err != nil {
		return err
	}
	if a.glass != "" {
		if err := rules.breakingGlass(ctx, fleet, a.glass); err != nil {
			return err
		}
	}
	key, err := fleet.signingKey()
	if err != nil {
		return err
	}
	reality, err := fleet.observe(ctx, a.console)
	if err != nil {
		return err
	}
	plan := planner.Make(world, reality)
	if len(plans) > 0 {
		if plan, err = from.current(a.console, world, reality, plan); err != nil {
			return err
		}
	}
	reach, err := a.source.reach(world, reality)
	if err != nil {
		return err
	}
	asks := a.judging.request("apply")
	a.console.approved(from.file, fleet.config, &asks)
	approved, report := policies.Review(policies.Proposal{Plan: plan, Reality: reality, Request: asks, Reach: reach, Now: time.Now()},
		rules.gates, rules.options)
	if err := a.console.showPlan(a.console.out, plan, report, false); err != nil {
		return err
	}
	switch {
	case plan.IsEmpty():
		return conflictOf(plan)
	case report.Denied():
		return denied
	}
	if err := a.ask(plan); err != nil {
		return err
	}
	if err := fleet.audit(ctx, "apply", approved.Digest().String(), map[string]string{"world": world.Digest().Short(),
		"does": planner.Summary(plan), "approvals": strings.Join(asks.VCS.Approvals, ", ")}); err != nil {
		return err
	}
	fmt.Fprintln(a.console.out)
	began := time.Now()
	bar := &progress{console: a.console, began: began}
	outcome, err := executor.Applier{Transport: fleet.transport, Key: key, Keys: fleet.keys, By: request("apply").User,
		Now: time.Now, Deadline: a.deadline, Watch: bar.show}.Apply(ctx, approved)
	bar.end()
	if errors.Is(err, executor.ErrStale) {
		a.console.diagnose(diag.List{{Severity: diag.Error, Message: err.Error()}})
		return stale
	}
	if err != nil {
		return err
	}
	return a.report(plan, outcome, time.Since(began))
}

// ask has a person type the number of devices: who types it has read it.
func (a *applyingFlags) ask(plan planner.Plan) error {
	if a.yes {
		return nil
	}
	if !terminal(a.console.out) || a.console.in == nil {
		return errors.New("apply: nobody to ask, as this is no terminal; --yes applies without asking")
	}
	n := len(plan.Base)
	fmt.Fprintf(a.console.errw, "\nThis changes %s. Type the number to go on: ", counted(n, "device", "devices"))
	line, err := bufio.NewReader(a.console.in).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != strconv.Itoa(n) {
		return errors.New("apply: not confirmed; nothing was done")
	}
	return nil
}

// report says how it ended.
func (a *applyingFlags) report(plan planner.Plan, o executor.Outcome, took time.Duration) error {
	t := o.Run.Tally
	took = took.Round(10 * time.Millisecond)
	why := map[string][]string{}
	var order []string
	for _, l := range o.Left {
		if why[l.Why] == nil {
			order = append(order, l.Why)
		}
		why[l.Why] = append(why[l.Why], l.Device.String())
	}
	for _, reason := range order {
		fmt.Fprintf(a.console.out, "  %s: %s\n", selectors.Fold(why[reason]), reason)
	}
	switch o.Run.Status {
	case executor.Succeeded:
		fmt.Fprintf(a.console.out, "Done: %s as declared, in %s.\n", counted(t.Healthy, "device runs", "devices run"), took)
		return conflictOf(plan)
	case executor.Cancelled:
		fmt.Fprintf(a.console.out, "Ended early after %s: %d of %d devices run as declared; what is published stays.\n", took, t.Healthy, t.Targets)
	case executor.Planned, executor.Publishing, executor.Waiting, executor.Failed:
		fmt.Fprintf(a.console.out, "Not done after %s: %d of %d devices run as declared, %d failed, %d offline, %d moved.\n",
			took, t.Healthy, t.Targets, t.Failed, t.Offline, t.Moved)
	}
	return exit(1)
}

// conflictOf is the exit code that says a conflict blocks a slot.
func conflictOf(plan planner.Plan) error {
	if plan.HasConflict() {
		return conflict
	}
	return nil
}
