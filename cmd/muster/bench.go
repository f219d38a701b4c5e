package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra/invented"
)

func benchCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "try muster at a scale before there is a fleet",
		Args:  knownVerb,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(benchDevicesCommand(c), benchFleetCommand(c), fleetPartCommand(c))
	return cmd
}

// mostInvented bounds what a slip of the finger costs.
const mostInvented = 50_000_000

func benchDevicesCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:   "devices N",
		Short: "invent N devices, as JSON lines",
		Long: `devices prints an invented fleet in the form that --roster reads: stores of fifty devices in
five regions, with labels and facts spread as in real fleets. The same N gives the same fleet,
and a larger one begins with it.`,
		Example: `  muster bench devices 100000 > devices.jsonl
  muster query --roster devices.jsonl 'arch = aarch64 & label("ring") in ("0", "1") by label("region")'
  muster bench devices 1000000 | muster snapshot --roster - --out fleet.snapshot`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("bench devices: how many? write for example muster bench devices 100000")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			n, err := strconv.ParseUint(args[0], 10, 32)
			if err != nil || n > mostInvented {
				return fmt.Errorf("bench devices %s: want a number of devices up to %d", args[0], mostInvented)
			}
			return asLines(c, invented.Devices(int(n)))
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}
