package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
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
	// rows says that claims are shown as a table: they are, where no format was asked for.
	rows bool
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
	q.rows = !cmd.Flags().Changed("output")
	name := "query"
	if text == "-" {
		b, err := q.console.read("-")
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		name, text = "stdin", strings.TrimRight(string(b), "\r\n")
	}
	world, roster, err := q.ground(cmd.Context())
	if err != nil {
		return err
	}
	expr, err := selectors.Parse(text)
	if err != nil {
		return fromSelectors(name, text, err)
	}
	bound, err := selectors.Bind(expr, scope(world, roster, q.world != ""))
	if err != nil {
		return q.withoutNames(fromSelectors(name, text, err))
	}
	if bound.Sort() == selectors.AssignmentSort && q.world == "" {
		at := diag.Source{File: name, Line: 1, Text: text}
		return diag.List{at.At(expr.Span().Start, expr.Span().End, "an assignment names deployments, which only a World has", "name the World by -w DIR")}
	}
	for _, n := range notes(bound.Expr(), roster) {
		q.console.note(n.hint, "%s", n.text)
	}
	demand := world.On(roster)
	if bound.Sort() == selectors.AssignmentSort {
		return q.printClaims(claimRows(demand.Assign(bound)))
	}
	return q.printFleet(demand.Fleet(bound))
}

// withoutNames tells who uses a @name without a World where names come from.
func (q *query) withoutNames(err error) error {
	var list diag.List
	if q.world == "" && errors.As(err, &list) {
		for i, d := range list {
			if strings.HasPrefix(d.Message, "unknown name @") {
				list[i].Hint = "names are defined by a World; give it by -w DIR"
			}
		}
	}
	return err
}

// ground is what the expression stands on: a World, empty without -w, and the devices with
// the World's documents laid over them.
func (q *query) ground(ctx context.Context) (algebra.World, *algebra.Roster, error) {
	reality, err := q.source.reality(ctx)
	if err != nil {
		return algebra.World{}, nil, err
	}
	var world algebra.World
	if q.world != "" {
		if world, err = q.console.loadWorld(q.world); err != nil {
			return algebra.World{}, nil, err
		}
	}
	roster, _ := world.Relabel(reality.Roster)
	q.console.noteNoDevices(roster)
	return world, roster, nil
}

// scope is what names mean in a query. Without a World deployments stay unchecked.
func scope(w algebra.World, r *algebra.Roster, declared bool) selectors.Scope {
	s := selectors.Scope{Names: map[string]*selectors.Bound{}, LabelKeys: r.LabelKeys()}
	for _, d := range slices.Concat(w.Fleets, w.Assignments) {
		s.Names[d.Name] = d.Expr
	}
	if !declared {
		return s
	}
	s.Versions = map[string][]string{}
	for _, d := range w.Deployments {
		app := d.App().String()
		s.Versions[app] = append(s.Versions[app], d.Version().String())
	}
	return s
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

// fromSelectors places the errors of an expression that is a whole text of its own.
func fromSelectors(name, text string, err error) error {
	var list selectors.Errors
	if !errors.As(err, &list) {
		return err
	}
	at := diag.Source{File: name, Line: 1, Text: text}
	var out diag.List
	for _, e := range list {
		out = append(out, at.At(e.At.Start, e.At.End, e.Message, e.Hint))
	}
	return out
}
