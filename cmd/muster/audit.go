package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/executor/nats"
)

// audit puts on record what was done.
func (c *cluster) audit(ctx context.Context, action, subject string, detail map[string]string) error {
	maps.DeleteFunc(detail, func(_, v string) bool { return v == "" })
	return nats.Audit(ctx, c.conn, nats.AuditEntry{At: time.Now().UTC(), By: c.name(), Action: action, Subject: subject, Detail: detail})
}

// audited reads what was put on record since a time.
func (c *cluster) audited(ctx context.Context, since time.Time, each func(nats.AuditEntry)) error {
	if c.office != nil {
		return c.office.Audited(ctx, since, each)
	}
	return nats.Audited(ctx, c.conn, since, func(e nats.AuditEntry) bool { each(e); return true })
}

func auditCommand(c *console) *cobra.Command {
	source := &source{console: c}
	var since time.Duration
	var format string
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "who did what to the fleet: applies, approvals, enrolments, revocations",
		Long: `audit prints what was put on record, oldest first. The record is kept by the broker; entries
cannot be changed or deleted there.`,
		Example: "  muster audit\n  muster audit --since 24h -o ndjson",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fleet, err := source.join(cmd.Context())
			if err != nil {
				return err
			}
			defer fleet.close()
			var from time.Time
			if since > 0 {
				from = time.Now().Add(-since)
			}
			entries := []nats.AuditEntry{}
			if err := fleet.audited(cmd.Context(), from, func(e nats.AuditEntry) { entries = append(entries, e) }); err != nil {
				return err
			}
			switch format {
			case "json":
				return indented(c, entries)
			case "ndjson":
				return asLines(c, slices.Values(entries))
			case "table":
				var rows [][]string
				for _, e := range entries {
					var detail []string
					for _, k := range slices.Sorted(maps.Keys(e.Detail)) {
						detail = append(detail, k+": "+e.Detail[k])
					}
					rows = append(rows, []string{e.At.Local().Format(time.DateTime), e.By, e.Action, e.Subject, strings.Join(detail, ", ")})
				}
				return table(c.out, []string{"AT", "BY", "DID", "TO", "DETAIL"}, rows)
			}
			return fmt.Errorf("-o %s: want table, json or ndjson", format)
		},
	}
	source.addClusterFlags(cmd)
	cmd.Flags().DurationVar(&since, "since", 0, "only the last `TIME`, as 24h")
	cmd.Flags().StringVarP(&format, "output", "o", "table", "table, json or ndjson")
	return cmd
}
