package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

func deviceCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "device",
		Short: "let devices in from the lobby, label them, or list the registry",
		Example: `  muster device list --state requested
  muster device approve edge-007 --label site=berlin`,
		Args: knownVerb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(deviceList(c),
		deviceMove(c, "approve ID…", "let devices that wait in the lobby into the fleet", algebra.Enrolled, algebra.Requested),
		deviceMove(c, "deny ID…", "send devices that wait in the lobby away", algebra.Revoked, algebra.Requested),
		deviceLabel(c))
	return cmd
}

func revokeCommand(c *console) *cobra.Command {
	return deviceMove(c, "revoke ID…", "end the connections of devices and let them in no more", algebra.Revoked, algebra.Enrolled, algebra.Requested, algebra.Decommissioned)
}

func decommissionCommand(c *console) *cobra.Command {
	return deviceMove(c, "decommission ID…", "have devices run nothing any more, and plan nothing for them", algebra.Decommissioned, algebra.Enrolled)
}

// deviceMove is a verb that takes devices from one of some lifecycles to another.
func deviceMove(c *console, use, short string, to algebra.Lifecycle, from ...algebra.Lifecycle) *cobra.Command {
	source := &source{console: c}
	var labels []string
	var reason string
	verb, _, _ := strings.Cut(use, " ")
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.MinimumNArgs(1),
		Example: fmt.Sprintf("  muster %s edge-007 --reason 'found in a drawer'", map[bool]string{true: "device " + verb, false: verb}[verb == "approve" || verb == "deny"]),
		RunE: func(cmd *cobra.Command, ids []string) error {
			set, err := pairs("--label", labels)
			if err != nil {
				return err
			}
			return changeEntries(cmd.Context(), source, verb, reason, ids, func(e *wire.DeviceEntry) error {
				if e.Lifecycle == to {
					return fmt.Errorf("%s is %s already", e.Device, to)
				}
				if !slices.Contains(from, e.Lifecycle) {
					return fmt.Errorf("%s is %s; %s takes only what is %s", e.Device, e.Lifecycle, verb, lifecycles(from))
				}
				e.Lifecycle = to
				relabelled(e, set)
				return nil
			})
		},
	}
	source.addClusterFlags(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "`TEXT` for the audit")
	if to == algebra.Enrolled {
		cmd.Flags().StringArrayVar(&labels, "label", nil, "`KEY=VALUE` to enter the device with; again for more")
	}
	return cmd
}

func lifecycles(of []algebra.Lifecycle) string {
	var names []string
	for _, l := range of {
		names = append(names, l.String())
	}
	return strings.Join(names, " or ")
}

func relabelled(e *wire.DeviceEntry, set map[string]string) {
	labels := maps.Clone(e.Labels)
	for k, v := range set {
		if labels == nil {
			labels = map[string]string{}
		}
		if labels[k] = v; v == "" {
			delete(labels, k)
		}
	}
	e.Labels = labels
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
			return changeEntries(cmd.Context(), source, "label", strings.Join(args[1:], " "), args[:1], func(e *wire.DeviceEntry) error {
				relabelled(e, set)
				return nil
			})
		},
	}
	source.addClusterFlags(cmd)
	return cmd
}

// changeEntries edits entries of the registry, each by compare-and-set. All devices are looked
// at before the first is changed; a device that cannot be changed hinders all.
func changeEntries(ctx context.Context, s *source, verb, reason string, ids []string, edit func(*wire.DeviceEntry) error) error {
	fleet, err := s.join(ctx)
	if err != nil {
		return err
	}
	defer fleet.close()
	devices, err := fleet.bucket(ctx, wire.DevicesBucket)
	if err != nil {
		return err
	}
	type change struct {
		entry    wire.DeviceEntry
		revision uint64
	}
	var changes []change
	var wrong []error
	for _, id := range ids {
		entry, revision, err := entryOf(ctx, devices, id)
		if err == nil {
			err = edit(&entry)
		}
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		entry.SetBy, entry.At = fleet.name(ctx), time.Now().UTC()
		changes = append(changes, change{entry, revision})
	}
	if len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	for _, ch := range changes {
		if _, err := devices.Update(ctx, wire.Token(ch.entry.Device), wire.Encode(ch.entry), ch.revision); err != nil {
			return fmt.Errorf("%s: %w; somebody else changed it at the same time: look again", ch.entry.Device, err)
		}
		if err := fleet.audit(ctx, verb, ch.entry.Device.String(), map[string]string{"reason": reason}); err != nil {
			return err
		}
		fmt.Fprintf(s.console.out, "%s is %s%s\n", ch.entry.Device, ch.entry.Lifecycle, labelsText(ch.entry.Labels))
	}
	return nil
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

func entryOf(ctx context.Context, devices jetstream.KeyValue, id string) (wire.DeviceEntry, uint64, error) {
	d, err := algebra.ParseDeviceID(id)
	if err != nil {
		return wire.DeviceEntry{}, 0, err
	}
	e, err := devices.Get(ctx, wire.Token(d))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return wire.DeviceEntry{}, 0, fmt.Errorf("there is no device %s; muster device list shows those there are", d)
	}
	if err != nil {
		return wire.DeviceEntry{}, 0, fmt.Errorf("%s: %w", d, err)
	}
	m, err := wire.Decode(e.Value())
	entry, ok := m.(wire.DeviceEntry)
	if err != nil || !ok {
		return wire.DeviceEntry{}, 0, fmt.Errorf("%s: its entry cannot be read", d)
	}
	return entry, e.Revision(), nil
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
			records, err := fleet.transport.Read(cmd.Context())
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
