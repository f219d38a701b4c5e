package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/planner"
)

func driftCommand(c *console) *cobra.Command {
	s := source{console: c}
	cmd := &cobra.Command{
		Use:   "drift",
		Short: "print where devices run something else than was published",
		Long: `drift compares what devices report with what is published to them: another release, one where
nothing should run, or one that failed. It reads only, and needs no World: what is published is
what was meant. A plan tells drift apart from its changes, and only where they meet.`,
		Example: `  muster drift --nats nats://localhost:4222
  muster drift --snapshot fleet.snap -o json --detailed-exitcode`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringVar(&s.file, "snapshot", "", "`FILE` that muster snapshot wrote")
	s.addClusterFlags(cmd)
	cmd.MarkFlagsMutuallyExclusive("snapshot", "nats")
	cmd.MarkFlagsMutuallyExclusive("snapshot", "config")
	output := outputFlag(cmd, "text", "json")
	detailed := cmd.Flags().Bool("detailed-exitcode", false, "exit with 2 if there is drift")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if !s.given() {
			return errors.New("drift: nothing to look at; name the fleet by --nats URL or --snapshot FILE")
		}
		r, err := s.reality(cmd.Context())
		if err != nil {
			return err
		}
		found := planner.Drifted(r)
		if output.value == "json" {
			if err := indented(c, drifts(found)); err != nil {
				return err
			}
		} else if len(found) == 0 {
			fmt.Fprintln(c.out, "No drift: devices run what is published.")
		} else {
			fmt.Fprint(c.out, planner.DriftText(found, planner.Style{Color: c.color(c.out), Width: c.columns()}))
			fmt.Fprintf(c.out, "\n%s drifted.\n", counted(len(found), "slot", "slots"))
		}
		if *detailed && len(found) > 0 {
			return changed
		}
		return nil
	}
	return cmd
}

// driftLine is one slot that drifted, for machines.
type driftLine struct {
	Device    string `json:"device"`
	App       string `json:"app"`
	Published string `json:"published"` // empty where nothing is
	Running   string `json:"running"`
	Phase     string `json:"phase"`
	Detail    string `json:"detail"`
}

func drifts(list []planner.Drift) []driftLine {
	out := []driftLine{}
	for _, d := range list {
		out = append(out, driftLine{d.At.Device.String(), d.At.App.String(), d.Published.Version.String(), d.Running.Version.String(), d.Phase.String(), d.Detail})
	}
	return out
}
