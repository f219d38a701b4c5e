package main

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/policies"
)

// applyingFlags is the flags of one apply.
type applyingFlags struct {
	console *console
	source  source
	world   string
	judging judging
	yes     bool
	glass   string // why policies are not to stop it
	attach  string
	stay    bool
	over    bool // the World is taken from serve
	lasts   time.Duration
	output  *choice
}

func applyCommand(c *console) *cobra.Command {
	a := &applyingFlags{console: c, source: source{console: c}}
	cmd := &cobra.Command{
		Use:   "apply [PLAN] [-w DIR]",
		Short: "plan, have the plan judged, ask, and carry it out",
		Long: `apply plans what takes the fleet to the World, has the policies judge the plan, shows it,
asks, and drives it as a run: wave by wave, within its budgets and windows, as its rollouts say.

The run is kept with the fleet. Whoever drives it may be killed at any instant: what is published
stays, and apply --attach RUN goes on with it, from any machine. Two never act at once. Where a
wave does not pass its gate the run is held and apply ends, unless --stay; then muster rollout
approve, resume or cancel decide. Ctrl-c leaves the run as it stands.

Policies of scope batch judge each wave again as it starts, as of then; a wave they deny is held,
and nobody can approve of it. Whoever attaches brings them: apply --attach RUN -w DIR.

With PLAN, a file that plan --out wrote, it does no more than that plan says. It reads the World
where the plan was made, or in DIR, and refuses a plan that was changed, was applied already or
is stale, as the World or all its devices moved, and says what changed. Devices that moved are
left out. Policies judge a saved plan anew.

With -o ndjson what happens goes to stdout, one object a line, and nothing else does.

Exit codes: 0 done, 1 error, or a run that is not done, 3 denied by a policy, 4 the plan went
stale, 5 done, but a conflict blocks a slot.`,
		Example: `  muster apply -w worlds/shop
  muster apply -w worlds/shop --yes
  muster apply plan.json
  muster apply --attach r-3f2a90c1d2e4`,
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
	cmd.Flags().StringVar(&a.attach, "attach", "", "go on with this `RUN`; -w has the policies that judge its waves")
	cmd.Flags().BoolVar(&a.stay, "stay", false, "wait while the run is held, until somebody decides")
	cmd.Flags().BoolVar(&a.over, "take-over", false, "apply although muster serve keeps another World in force; it does nothing then until its own is changed")
	cmd.Flags().DurationVar(&a.lasts, "lease", executor.DefaultLasts, "`TIME` after which another may take over from this process if it is not heard of")
	a.output = outputFlag(cmd, "text", "ndjson")
	completeRuns(cmd, &a.source, "attach")
	return cmd
}

func (a *applyingFlags) run(ctx context.Context, plans []string) error {
	if a.attach != "" {
		if len(plans) > 0 {
			return errors.New("apply: --attach goes on with a run as it was approved; it takes no plan")
		}
		return a.goOn(ctx)
	}
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
	fleet, err := a.enter(ctx)
	if err != nil {
		return err
	}
	defer fleet.close()
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
	if err := a.judging.record(report, rules); err != nil {
		return err
	}
	page := a.console.out
	if a.machines() {
		page = a.console.errw
	}
	if err := a.console.showPlan(page, plan, report, false); err != nil {
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
	fmt.Fprintln(page)
	began := time.Now()
	outcome, err := a.applier(fleet, key, rules.waves()).Apply(ctx, approved)
	return a.report(outcome, err, time.Since(began), conflictOf(plan))
}

func (a *applyingFlags) machines() bool { return a.output.value == "ndjson" }

// goOn attaches to a run. A World is asked for its policies of scope batch only.
func (a *applyingFlags) goOn(ctx context.Context) error {
	var waves executor.WaveJudge
	if a.world != "" {
		world, err := a.console.loadWorld(a.world)
		if err != nil {
			return err
		}
		rules, err := a.console.rules(world, a.world, a.judging)
		if err != nil {
			return err
		}
		waves = rules.waves()
	}
	fleet, err := a.enter(ctx)
	if err != nil {
		return err
	}
	defer fleet.close()
	key, err := fleet.signingKey()
	if err != nil {
		return err
	}
	if err := fleet.audit(ctx, "attach", a.attach, map[string]string{}); err != nil {
		return err
	}
	began := time.Now()
	outcome, err := a.applier(fleet, key, waves).Attach(ctx, a.attach)
	return a.report(outcome, err, time.Since(began), nil)
}

// enter joins the fleet, if its user may apply to it and nobody has halted publishing.
func (a *applyingFlags) enter(ctx context.Context) (*cluster, error) {
	fleet, err := a.source.join(ctx)
	if err != nil {
		return nil, err
	}
	if err = fleet.may("apply", identity.Deployer); err == nil {
		err = fleet.mayPublish(ctx)
	}
	if err != nil {
		fleet.close()
		return nil, err
	}
	return fleet, nil
}

func (a *applyingFlags) applier(fleet *cluster, key ed25519.PrivateKey, waves executor.WaveJudge) executor.Applier {
	return executor.Applier{Waves: waves, Transport: fleet.transport, Key: key, Keys: fleet.keys, By: request("apply").User, Holder: thisProcess(),
		Now: time.Now, Lasts: a.lasts, Stay: a.stay, TakeOver: a.over, Others: a.overtakes, Watch: (&progress{console: a.console, machines: a.machines()}).show}
}

// overtakes notes the runs that a new one leaves behind.
func (a *applyingFlags) overtakes(runs []wire.Run) {
	for _, r := range runs {
		a.console.note("muster rollout cancel "+r.ID, "run %s of %s is not ended; it publishes nothing more once this one has put its World in force", r.ID, r.By)
	}
}

// thisProcess is a name that no other process has.
func thisProcess() string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return fmt.Sprintf("%s@%s, process %d of %s", request("apply").User, host, os.Getpid(), time.Now().UTC().Format("15:04:05.000"))
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
