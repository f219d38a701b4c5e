package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/operator"
	"github.com/musterfleet/muster/selectors"
)

func statusCommand(c *console) *cobra.Command {
	s := source{console: c}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "print what is published to the fleet and what runs",
		Long: `status counts, for each deployment, the devices it is published to and how far they are,
and names the devices on which something is wrong.

With --summary it shows what muster serve counts, and how that itself stands: for each deployment
and each fleet of the World. That costs the same however many devices there are, and is some
seconds old.`,
		Example: `  muster status
  muster status --summary
  muster status -o json`,
		Args: noArguments,
	}
	s.addClusterFlags(cmd)
	output := outputFlag(cmd, "table", "json", "csv", "names", "yaml")
	summary := cmd.Flags().Bool("summary", false, "what muster serve counts, and how it stands")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		fleet, err := s.join(cmd.Context())
		if err != nil {
			return err
		}
		defer fleet.close()
		if *summary {
			return printSummary(cmd.Context(), c, fleet, output.value)
		}
		return printStatus(cmd.Context(), c, fleet, output.value)
	}
	return cmd
}

func printStatus(ctx context.Context, c *console, fleet *cluster, format string) error {
	r, err := fleet.observe(ctx, c)
	if err != nil {
		return err
	}
	rows := standings(r)
	switch format {
	case "json":
		return indented(c, rows)
	case "yaml":
		return asYAML(c, rows)
	case "names":
		var names []string
		for _, s := range rows {
			names = append(names, s.Deployment)
		}
		_, err := fmt.Fprint(c.out, lines(names))
		return err
	case "csv":
		return asCSV(c, append([][]string{statusHeads}, statusCells(rows)...))
	}
	if len(rows) == 0 {
		fmt.Fprintln(c.out, "Nothing is published.")
	} else if err := table(c.out, upper(statusHeads), statusCells(rows)); err != nil {
		return err
	}
	for _, t := range troubles(r) {
		fmt.Fprintln(c.out, t)
	}
	online := 0
	for _, rec := range r.Records {
		if rec.Online(r.ObservedAt) {
			online++
		}
	}
	_, err = fmt.Fprintf(c.out, "%d of %s online.\n", online, counted(r.Roster.Len(), "device", "devices"))
	return err
}

var statusHeads = []string{"deployment", "published", "running", "underway", "failed", "silent"}

func upper(words []string) []string {
	var out []string
	for _, w := range words {
		out = append(out, strings.ToUpper(w))
	}
	return out
}

// standing is how a deployment stands on the devices it is published to.
type standing = operator.DeploymentCount

func statusCells(rows []standing) [][]string {
	var out [][]string
	for _, s := range rows {
		out = append(out, cells(s.Deployment, s.Published, s.Running, s.Underway, s.Failed, s.Silent))
	}
	return out
}

// standings counts by deployment, in the order of app and version.
func standings(r algebra.Reality) []standing {
	at := map[string]*standing{}
	for i := range uint32(r.Roster.Len()) {
		for app, rel := range r.Published.At(i) {
			name := algebra.DeploymentRef{App: app, Version: rel.Version}.String()
			if at[name] == nil {
				at[name] = &standing{Deployment: name}
			}
			at[name].Count(rel, r.Slots[algebra.Slot{Device: r.Roster.ID(i), App: app}])
		}
	}
	out := []standing{}
	for _, name := range slices.Sorted(maps.Keys(at)) {
		out = append(out, *at[name])
	}
	return out
}

// troubles are lines about slots where something is wrong, folded over devices.
func troubles(r algebra.Reality) []string {
	devices := map[string][]string{}
	for at, s := range r.Slots {
		if s.Phase == algebra.Failed || s.Phase == algebra.Refused {
			text := fmt.Sprintf("%s is %s: %s", at.App, s.Phase, s.Detail)
			devices[text] = append(devices[text], at.Device.String())
		}
	}
	var lines []string
	for _, text := range slices.Sorted(maps.Keys(devices)) {
		lines = append(lines, fmt.Sprintf("! %s  %s", selectors.Fold(devices[text]), text))
	}
	return lines
}
