package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/selectors"
)

// query is the flags of one query.
type query struct {
	console *console
	source  source
	world   string
	output  *choice
	columns []string
	count   bool
}

func queryCommand(c *console) *cobra.Command {
	q := &query{console: c, source: source{console: c}}
	cmd := &cobra.Command{
		Use:   "query EXPR",
		Short: "print the devices, or the claims, that an expression denotes",
		Long: `query evaluates an expression on the devices of its sources: a selector or a fleet gives
devices, an assignment gives claims. With - the expression is read from the input. With
-w it may use the World's @names, and the World's Device documents are laid over the roster.

Formats: folded is edge[001-250],gw7; names is one id a line; json and ndjson are the form
that --roster reads; a count and notes go to stderr.`,
		Example: `  muster query --roster devices.jsonl 'arch = aarch64 & label("ring") in ("0", "1")'
  muster query -w worlds/shop '@edge - @canary' -o names
  muster query -w worlds/shop '@edge -> {web@2.1.0} at 10' -o csv
  muster query --roster devices.jsonl --count all
  echo 'label("site") = "berlin"' | muster query --roster devices.jsonl -`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return fmt.Errorf("query: no expression; write for example muster query --roster FILE all")
			case len(args) > 1:
				return fmt.Errorf("query: %d expressions, want one; put it in single quotes", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return q.run(cmd, args[0]) },
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return q.complete(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	q.source.addFlags(cmd)
	worldFlag(cmd, &q.world)
	q.output = outputFlag(cmd, "folded", "names", "table", "json", "ndjson", "csv", "yaml")
	cmd.Flags().StringSliceVar(&q.columns, "columns", nil, "`KEYS` shown by table and csv, such as label.site,arch")
	cmd.Flags().BoolVar(&q.count, "count", false, "print only how many devices, or claims, there are")
	return cmd
}

func (q *query) run(cmd *cobra.Command, text string) error {
	if q.world == "" && !q.source.given() {
		return errors.New("query: nothing to ask; name the devices by -w DIR, --roster FILE or --nats URL")
	}
	at := diag.Source{File: "query", Line: 1, Text: text}
	if text == "-" {
		b, err := q.console.read("-")
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		at.File, at.Text = "stdin", strings.TrimRight(string(b), "\r\n")
	}
	g, err := q.source.ground(cmd.Context(), q.world)
	if err != nil {
		return err
	}
	q.console.noteNoDevices(g.roster)
	expr, err := selectors.Parse(at.Text)
	if err != nil {
		return placed(at, err)
	}
	bound, err := g.bind(expr, g.scope(), at)
	if err != nil {
		return err
	}
	for _, n := range notes(bound.Expr(), g.roster) {
		q.console.note(n.hint, "%s", n.text)
	}
	p := printer{console: q.console, format: q.output.value, columns: q.columns, count: q.count, rows: !cmd.Flags().Changed("output")}
	if bound.Sort() == selectors.AssignmentSort {
		return p.printClaims(claimRows(g.demand.Assign(bound)))
	}
	f := g.demand.Fleet(bound)
	if err := p.printFleet(f); err != nil {
		return err
	}
	if !q.count && terminal(q.console.out) && terminal(q.console.errw) { // a person wants to know how much that was
		fmt.Fprintf(q.console.errw, "%d of %s\n", f.Len(), counted(f.Roster().Len(), "device", "devices"))
	}
	return nil
}

// complete offers the World's names and the words an expression may start with.
func (q *query) complete() []string {
	words := append([]string{"all", "none"}, selectors.AttributeNames()...)
	if q.world == "" {
		return words
	}
	world, err := q.console.loadWorld(q.world)
	if err != nil {
		return words
	}
	var names []string
	for _, d := range slices.Concat(world.Fleets, world.Assignments) {
		names = append(names, "@"+d.Name)
	}
	return append(names, words...)
}
