package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
)

// logs is the flags of muster logs.
type logs struct {
	*source
	container string
	tail      int
	since     time.Duration
	follow    bool
	format    *choice
}

func logsCommand(c *console) *cobra.Command {
	l := &logs{source: &source{console: c}}
	cmd := &cobra.Command{
		Use:   "logs DEVICE/APP",
		Short: "print what an app wrote on a device",
		Long: `logs asks the device, which must be connected, for the last lines that the app's containers
wrote. Nothing of them is stored on the fleet's side. With several containers each line begins
with the name of its own.`,
		Example: `  muster logs edge-001/web
  muster logs edge-001/web --tail 20 --follow
  muster logs edge-001/web --container proxy --since 10m -o ndjson`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeDevices(l.source, true),
		RunE:              func(cmd *cobra.Command, args []string) error { return l.run(cmd.Context(), args[0]) },
	}
	l.addClusterFlags(cmd)
	cmd.Flags().StringVar(&l.container, "container", "", "only the lines of this `CONTAINER` of the app")
	cmd.Flags().IntVar(&l.tail, "tail", 100, "at most the last `N` lines")
	cmd.Flags().DurationVar(&l.since, "since", 0, "only lines of the last `TIME`, as 10m")
	cmd.Flags().BoolVarP(&l.follow, "follow", "f", false, "go on with what is written from now on, until ctrl-c")
	l.format = outputFlag(cmd, "text", "ndjson")
	return cmd
}

func (l *logs) run(ctx context.Context, slot string) error {
	id, name, ok := strings.Cut(slot, "/")
	if !ok {
		return fmt.Errorf("logs: %q: want DEVICE/APP, such as edge-001/web", slot)
	}
	device, err := algebra.ParseDeviceID(id)
	if err != nil {
		return err
	}
	app, err := algebra.ParseApp(name)
	if err != nil {
		return err
	}
	if l.tail < 1 || l.tail > 10_000 {
		return fmt.Errorf("logs: --tail %d: want 1 to 10000", l.tail)
	}
	fleet, err := l.join(ctx)
	if err != nil {
		return err
	}
	defer fleet.close()
	if err := fleet.may("logs", identity.Deployer); err != nil {
		return err
	}
	query := wire.AskLogs{Device: device, App: app, Container: l.container, Tail: l.tail}
	if l.since > 0 {
		query.After = time.Now().Add(-l.since)
	}
	for {
		answer, err := ask[wire.LogsAnswer](ctx, fleet, device, func(nonce string) wire.Message { query.Nonce = nonce; return query })
		if err == nil && answer.Error != "" {
			err = fmt.Errorf("%s: %s", device, answer.Error)
		}
		if errors.Is(err, context.Canceled) || ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if err := l.print(answer); err != nil || !l.follow {
			return err
		}
		if n := len(answer.Lines); n > 0 {
			query.After = answer.Lines[n-1].At
		}
		query.Tail = 10_000
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
}

func (l *logs) print(a wire.LogsAnswer) error {
	if l.format.value == "ndjson" {
		return asLines(l.console, slices.Values(a.Lines))
	}
	if a.Cut {
		l.console.note("ask for fewer by --tail or --since", "older lines were left out: an answer holds %d KiB", wire.MaxLogs>>10)
	}
	several := slices.ContainsFunc(a.Lines, func(x wire.LogLine) bool { return x.Container != a.Lines[0].Container })
	for _, line := range a.Lines {
		lead := ""
		if several {
			lead = line.Container + ": "
		}
		if _, err := fmt.Fprintf(l.console.out, "%s %s%s\n", line.At.Local().Format("2006-01-02 15:04:05.000"), lead, printable(line.Text)); err != nil {
			return err
		}
	}
	return nil
}

// printable is a text without what would move the cursor: a workload must not write on an
// operator's terminal what it likes.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '\ufffd'
		}
		return r
	}, s)
}
