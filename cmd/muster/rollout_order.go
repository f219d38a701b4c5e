package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
)

// orderCommand is a verb by which somebody decides about a run. It counts whether anybody drives the
// run or not.
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
