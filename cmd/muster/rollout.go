package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"context"
	"errors"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
	"maps"
	"slices"
	"strings"
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
