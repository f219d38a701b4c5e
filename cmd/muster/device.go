package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/enroll/desk"
)

func deviceCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "device",
		Short: "make machines devices, let devices in from the lobby, label them, or list the registry",
		Example: `  muster device setup ops@edge-007 --credentials credentials --dry-run
  muster device list --state requested
  muster device approve edge-007 --label site=berlin`,
		Args: knownVerb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(deviceList(c),
		deviceMove(c, desk.Approve, "approve ID…", "let devices that wait in the lobby into the fleet"),
		deviceMove(c, desk.Deny, "deny ID…", "send devices that wait in the lobby away"),
		deviceLabel(c), deviceSetup(c))
	return cmd
}

func revokeCommand(c *console) *cobra.Command {
	return deviceMove(c, desk.Revoke, "revoke ID…", "end the connections of devices and let them in no more")
}

func decommissionCommand(c *console) *cobra.Command {
	return deviceMove(c, desk.Decommission, "decommission ID…", "have devices run nothing any more, and plan nothing for them")
}

// deviceMove is a verb that takes devices from one lifecycle to another.
func deviceMove(c *console, verb desk.Verb, use, short string) *cobra.Command {
	source := &source{console: c}
	var labels []string
	change := desk.Change{Verb: verb}
	path := map[desk.Verb]string{desk.Approve: "device approve", desk.Deny: "device deny"}[verb]
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.MinimumNArgs(1),
		Example: fmt.Sprintf("  muster %s edge-007 --reason 'found in a drawer'", cmp.Or(path, string(verb))),
		RunE: func(cmd *cobra.Command, ids []string) (err error) {
			change.Devices = ids
			if change.Labels, err = pairs("--label", labels); err != nil {
				return err
			}
			return source.change(cmd.Context(), change)
		},
	}
	source.addClusterFlags(cmd)
	cmd.Flags().StringVar(&change.Reason, "reason", "", "`TEXT` for the audit")
	if verb == desk.Approve {
		cmd.Flags().StringArrayVar(&labels, "label", nil, "`KEY=VALUE` to enter the device with; again for more")
	}
	return cmd
}

func deviceLabel(c *console) *cobra.Command {
	source := &source{console: c}
	cmd := &cobra.Command{
		Use: "label ID KEY=VALUE…", Short: "set labels of a device; KEY= takes one away", Args: cobra.MinimumNArgs(2),
		Example: "  muster device label edge-007 site=lyon hold=",
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := pairs("label", args[1:])
			if err != nil {
				return err
			}
			return source.change(cmd.Context(), desk.Change{Verb: desk.Label, Devices: args[:1], Labels: set, Reason: strings.Join(args[1:], " ")})
		},
	}
	source.addClusterFlags(cmd)
	return cmd
}

// change changes the registry, in the bucket or by the office, and prints what was changed.
func (s *source) change(ctx context.Context, c desk.Change) error {
	fleet, err := s.join(ctx)
	if err != nil {
		return err
	}
	defer fleet.close()
	if err := fleet.may(string(c.Verb), identity.Enroller); err != nil {
		return err
	}
	entries, err := fleet.change(ctx, c)
	for _, e := range entries {
		fmt.Fprintf(s.console.out, "%s is %s%s\n", e.Device, e.Lifecycle, labelsText(e.Labels))
	}
	return err
}

func (c *cluster) change(ctx context.Context, ch desk.Change) ([]wire.DeviceEntry, error) {
	if c.office != nil {
		return c.office.Change(ctx, ch)
	}
	devices, err := c.bucket(ctx, wire.DevicesBucket)
	if err != nil {
		return nil, err
	}
	return desk.Do(ctx, devices, ch, c.name(), func(e wire.DeviceEntry) error {
		return c.audit(ctx, string(ch.Verb), e.Device.String(), map[string]string{"reason": ch.Reason})
	})
}

func labelsText(labels map[string]string) string {
	var words []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		words = append(words, k+"="+labels[k])
	}
	if len(words) == 0 {
		return ""
	}
	return " (" + strings.Join(words, ", ") + ")"
}

func deviceList(c *console) *cobra.Command {
	source := &source{console: c}
	var state, format string
	cmd := &cobra.Command{
		Use: "list", Short: "the registry: every device, also those in the lobby and those sent away", Args: noArguments,
		Example: "  muster device list --state requested\n  muster device list -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if state != "" {
				if _, err := algebra.ParseLifecycle(state); err != nil {
					return err
				}
			}
			fleet, err := source.join(cmd.Context())
			if err != nil {
				return err
			}
			defer fleet.close()
			records, err := fleet.Read(cmd.Context())
			if err != nil {
				return err
			}
			entries := []wire.DeviceEntry{}
			for _, d := range records.Devices {
				if e := d.Entry.Value; d.Entry.Revision > 0 && (state == "" || e.Lifecycle.String() == state) {
					entries = append(entries, e)
				}
			}
			slices.SortFunc(entries, func(a, b wire.DeviceEntry) int { return a.Device.Compare(b.Device) })
			return c.listEntries(entries, format)
		},
	}
	source.addClusterFlags(cmd)
	cmd.Flags().StringVar(&state, "state", "", "`STATE`: requested, enrolled, revoked or decommissioned")
	cmd.Flags().StringVarP(&format, "output", "o", "table", "table, json, ndjson or name")
	return cmd
}

func (c *console) listEntries(entries []wire.DeviceEntry, format string) error {
	switch format {
	case "json":
		return indented(c, entries)
	case "ndjson":
		for _, e := range entries {
			if _, err := fmt.Fprintf(c.out, "%s\n", wire.Encode(e)); err != nil {
				return err
			}
		}
		return nil
	case "name":
		for _, e := range entries {
			fmt.Fprintln(c.out, e.Device)
		}
		return nil
	case "table":
		var rows [][]string
		for _, e := range entries {
			rows = append(rows, []string{e.Device.String(), e.Lifecycle.String(), e.SetBy, e.At.Format(time.DateTime), strings.Trim(labelsText(e.Labels), " ()")})
		}
		return table(c.out, []string{"DEVICE", "STATE", "BY", "AT", "LABELS"}, rows)
	}
	return fmt.Errorf("-o %s: want table, json, ndjson or name", format)
}
