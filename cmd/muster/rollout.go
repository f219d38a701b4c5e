package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
)

func rolloutCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rollout",
		Short: "runs of plans: list and show them, and decide about them",
		Long: `A run is an approved plan that is being carried out. Its record is kept with the fleet; apply
drives it, and apply --attach goes on with it. What is decided here counts before anything more
is published, whoever drives the run.`,
		Args: knownVerb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(rolloutListCommand(c), rolloutShowCommand(c),
		orderCommand(c, "pause", "publish nothing more until resumed; what is published comes to its end", "paused", rollout.Pause{}),
		orderCommand(c, "resume", "go on with a run that is paused or held; a gate that does not pass holds it again", "resumed", rollout.Resume{}),
		orderCommand(c, "approve", "go on with a run that is held, and let its wave pass whatever it shows", "approved", rollout.Approve{}),
		orderCommand(c, "cancel", "end a run once what is under way has come to its end; what is published stays", "cancelled", rollout.Cancel{}),
		orderCommand(c, "rollback", "put back what a run published, and put what it places in quarantine", "to be rolled back", rollout.Undo{}),
		rolloutRetryCommand(c))
	return cmd
}

func rolloutListCommand(c *console) *cobra.Command {
	s := source{console: c}
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "print the runs, the newest first, and who drives them",
		Example: "  muster rollout list\n  muster rollout list -o json",
		Args:    noArguments,
	}
	s.addClusterFlags(cmd)
	output := outputFlag(cmd, "table", "json", "names")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		fleet, err := s.join(cmd.Context())
		if err != nil {
			return err
		}
		defer fleet.close()
		records, err := fleet.Read(cmd.Context())
		if err != nil {
			return err
		}
		runs := listed(records)
		switch output.value {
		case "json":
			return indented(c, runs)
		case "names":
			var names []string
			for _, r := range runs {
				names = append(names, r.ID)
			}
			_, err := fmt.Fprint(c.out, lines(names))
			return err
		}
		if len(runs) == 0 {
			_, err := fmt.Fprintln(c.out, "No plan was applied yet.")
			return err
		}
		var rows [][]string
		for _, r := range runs {
			rows = append(rows, []string{r.ID, r.state(), r.Began.Local().Format(time.DateTime), r.By, cmp.Or(r.Driver, "nobody"), laneText(r.Run)})
		}
		return table(c.out, []string{"RUN", "STATE", "BEGAN", "BY", "DRIVEN BY", "AT"}, rows)
	}
	return cmd
}

// listedRun is a run and who drives it.
type listedRun struct {
	wire.Run
	Driver string `json:"driver"`
}

// state is the run's status, or held where it rests.
func (r listedRun) state() string {
	if r.Status == wire.RunActive && slices.ContainsFunc(r.Lanes, func(l wire.Lane) bool { return l.State == wire.LaneHeld }) {
		return "held"
	}
	return r.Status.String()
}

// listed is all runs, the newest first.
func listed(records executor.Records) []listedRun {
	out := []listedRun{}
	for _, id := range slices.Sorted(maps.Keys(records.Runs)) {
		r := listedRun{Run: records.Runs[id].Value}
		if l := records.Lease.Value; l.Run == id {
			r.Driver = l.Holder
		}
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b listedRun) int { return b.Began.Compare(a.Began) })
	return out
}

// laneText says how far each lane is.
func laneText(r wire.Run) string {
	var out []string
	for _, l := range r.Lanes {
		text := cmp.Or(l.Rollout, "default") + " " + l.State.String()
		if !l.State.Ended() {
			text += fmt.Sprintf(", wave %d", l.Wave+1)
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

func rolloutShowCommand(c *console) *cobra.Command {
	s := source{console: c}
	cmd := &cobra.Command{
		Use:     "show RUN",
		Short:   "print how far each wave of a run is, and the devices that are not as it wants them",
		Example: "  muster rollout show r-3f2a90c1d2e4\n  muster rollout show r-3f2a90c1d2e4 -o json",
		Args:    oneRun,
	}
	s.addClusterFlags(cmd)
	output := outputFlag(cmd, "table", "json")
	cmd.ValidArgsFunction = runsOf(&s)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		fleet, err := s.join(cmd.Context())
		if err != nil {
			return err
		}
		defer fleet.close()
		o, err := executor.Applier{Keys: fleet.keys, Now: time.Now}.Look(cmd.Context(), fleet.Reader, args[0])
		if err != nil {
			return fmt.Errorf("rollout: %w", err)
		}
		if output.value == "json" {
			return indented(c, map[string]any{"run": o.Run, "waves": o.Rows, "total": o.Count, "left": append([]rollout.Left{}, o.Left...)})
		}
		r := listedRun{Run: o.Run}
		fmt.Fprintf(c.out, "%s is %s, begun at %s by %s, of plan %s\n", r.ID, withReason(r.state(), r.Reason), r.Began.Local().Format(time.DateTime), r.By, r.Plan.Short())
		for _, l := range r.Lanes {
			if l.Reason != "" && l.Reason != r.Reason {
				fmt.Fprintf(c.out, "%s is %s: %s\n", cmp.Or(l.Rollout, "default"), l.State, l.Reason)
			}
		}
		_, err = fmt.Fprint(c.out, waveTable(o.Rows)+leftText(o.Left))
		return err
	}
	return cmd
}

func orderCommand(c *console, verb, short, done string, event rollout.Event) *cobra.Command {
	s := source{console: c}
	cmd := &cobra.Command{
		Use:     verb + " RUN",
		Short:   short,
		Example: "  muster rollout " + verb + " r-3f2a90c1d2e4",
		Args:    oneRun,
	}
	s.addClusterFlags(cmd)
	cmd.ValidArgsFunction = runsOf(&s)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, id := cmd.Context(), args[0]
		fleet, err := s.join(ctx)
		if err != nil {
			return err
		}
		defer fleet.close()
		if err := fleet.may("rollout "+verb, identity.Deployer); err != nil {
			return err
		}
		if err := fleet.audit(ctx, verb, id, map[string]string{}); err != nil {
			return err
		}
		run, err := executor.Order(ctx, fleet.transport, id, by(event, fleet.name()))
		if err != nil {
			return fmt.Errorf("rollout: %w", err)
		}
		records, err := fleet.transport.ReadRuns(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s is %s.\n", id, done)
		if l := records.Lease.Value; l.Run == id && l.Holder != "" {
			_, err = fmt.Fprintf(c.out, "Driven by %s.\n", l.Holder)
		} else if !run.Status.Ended() && run.Status != wire.RunPaused {
			_, err = fmt.Fprintf(c.out, "Nobody drives it; to go on:\n%s", hints("apply --attach", id))
		}
		return err
	}
	return cmd
}

// by is the event with who had it happen.
func by(e rollout.Event, who string) rollout.Event {
	switch e.(type) {
	case rollout.Pause:
		return rollout.Pause{By: who}
	case rollout.Resume:
		return rollout.Resume{By: who}
	case rollout.Approve:
		return rollout.Approve{By: who}
	case rollout.Undo:
		return rollout.Undo{By: who}
	case rollout.Cancel:
		return rollout.Cancel{By: who}
	case rollout.Seen: // is no person's
	}
	panic(fmt.Sprintf("muster: %T is nobody's order", e))
}

func rolloutRetryCommand(c *console) *cobra.Command {
	s := source{console: c}
	cmd := &cobra.Command{
		Use:   "retry RUN",
		Short: "lift the quarantine that a run wrote, so that the next plan tries again",
		Long: `A run that was rolled back leaves what it placed in quarantine on its devices: plans block it
there. retry lifts that. It publishes nothing; muster apply does.`,
		Example: "  muster rollout retry r-3f2a90c1d2e4\n  muster apply -w fleet/",
		Args:    oneRun,
	}
	s.addClusterFlags(cmd)
	cmd.ValidArgsFunction = runsOf(&s)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		fleet, err := s.join(ctx)
		if err != nil {
			return err
		}
		defer fleet.close()
		if err := fleet.may("rollout retry", identity.Deployer); err != nil {
			return err
		}
		if err := fleet.audit(ctx, "retry", args[0], map[string]string{}); err != nil {
			return err
		}
		lifted, err := executor.Retry(ctx, fleet.transport, args[0])
		if err != nil {
			return fmt.Errorf("rollout: %w", err)
		}
		if len(lifted) == 0 {
			_, err := fmt.Fprintf(c.out, "%s has nothing in quarantine.\n", args[0])
			return err
		}
		for _, q := range lifted {
			fmt.Fprintf(c.out, "%s@%s may be tried again on %s.\n", q.App, q.Version, q.Devices)
		}
		return nil
	}
	return cmd
}

func oneRun(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return errors.New("name one run; muster rollout list names them")
	}
	return nil
}

// runsOf completes the names of runs.
func runsOf(s *source) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx := cmd.Context()
		if ctx == nil {
			ctx = context.Background()
		}
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		fleet, err := s.join(ctx)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer fleet.close()
		records, err := fleet.Read(ctx)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var out []string
		for _, r := range listed(records) {
			out = append(out, cobra.CompletionWithDesc(r.ID, r.state()+", "+laneText(r.Run)))
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeRuns completes a flag that names a run.
func completeRuns(cmd *cobra.Command, s *source, flag string) {
	runs := runsOf(s)
	if err := cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return runs(cmd, nil, typed)
	}); err != nil {
		panic("muster: " + err.Error()) // the flag was added just above
	}
}
