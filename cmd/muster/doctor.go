package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
)

func doctorCommand(c *console) *cobra.Command {
	s := &source{console: c}
	cmd := &cobra.Command{
		Use:   "doctor DEVICE…",
		Short: "have devices say how they find themselves",
		Long: `doctor asks each device, which must be connected, what an operator would look at first: the
agent and its runtime, the clock, the keys it trusts, the state it accepted or refused, the disk,
and each slot with what went wrong and when that is tried again.

It exits with 1 if anything fails, which warnings do not.`,
		Example: `  muster doctor edge-001
  muster doctor edge-001 edge-002 -o json`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeDevices(s, false),
	}
	s.addClusterFlags(cmd)
	output := outputFlag(cmd, "table", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		fleet, err := s.join(cmd.Context())
		if err != nil {
			return err
		}
		defer fleet.close()
		if err := fleet.may("doctor", identity.Deployer); err != nil {
			return err
		}
		diagnoses, err := diagnose(cmd.Context(), fleet, args)
		if err != nil {
			return err
		}
		return c.printDiagnoses(diagnoses, output.value)
	}
	return cmd
}

// diagnosis is what a device said, or why it said nothing.
type diagnosis struct {
	Device   string         `json:"device"`
	Findings []wire.Finding `json:"findings"`
	Error    string         `json:"error"`
}

func diagnose(ctx context.Context, fleet *cluster, names []string) ([]diagnosis, error) {
	var out []diagnosis
	for _, name := range names {
		device, err := algebra.ParseDeviceID(name)
		if err != nil {
			return nil, err
		}
		d := diagnosis{Device: name, Findings: []wire.Finding{}}
		answer, err := ask[wire.DoctorAnswer](ctx, fleet, device, func(nonce string) wire.Message {
			return wire.AskDoctor{Device: device, Nonce: nonce, Now: time.Now().UTC()}
		})
		if err != nil {
			d.Error = err.Error()
		} else {
			d.Findings = answer.Findings
		}
		out = append(out, d)
	}
	return out, nil
}

func (c *console) printDiagnoses(all []diagnosis, format string) error {
	ill := 0
	var rows [][]string
	for _, d := range all {
		if d.Error != "" {
			ill++
			rows = append(rows, []string{d.Device, string(wire.Ill), "connection", printable(d.Error)})
		}
		for _, f := range d.Findings {
			if f.Condition == wire.Ill {
				ill++
			}
			rows = append(rows, []string{d.Device, string(f.Condition), f.Topic, printable(f.Detail)})
		}
	}
	var err error
	if format == "json" {
		err = indented(c, all)
	} else {
		err = table(c.out, []string{"DEVICE", "IS", "TOPIC", "DETAIL"}, rows)
	}
	if err == nil && ill > 0 {
		err = exit(1)
	}
	if err == nil && format == "table" {
		_, err = fmt.Fprintln(c.out, "Nothing fails.")
	}
	return err
}
