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

// name is who acts on the fleet here: the holder of the token, or else the file it is in.
func (c *cluster) name(ctx context.Context) string {
	if c.by == "" {
		c.by = holder(c.config)
		if c.config.OIDC.Issuer != "" {
			if p, err := verified(ctx, c.config.OIDC, c.token); err == nil {
				c.by = p.Name()
			}
		}
	}
	return c.by
}

// audit puts on record what was done.
func (c *cluster) audit(ctx context.Context, action, subject string, detail map[string]string) error {
	maps.DeleteFunc(detail, func(_, v string) bool { return v == "" })
	return nats.Audit(ctx, c.conn, nats.AuditEntry{At: time.Now().UTC(), By: c.name(ctx), Action: action, Subject: subject, Detail: detail})
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
			if err := nats.Audited(cmd.Context(), fleet.conn, from, func(e nats.AuditEntry) bool { entries = append(entries, e); return true }); err != nil {
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
