package main

import (
	"errors"
	"fmt"
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
	file    string // the expression's, instead of an argument
	strict  bool   // notes are errors
	status  bool   // the exit code tells empty and error apart
}

func queryCommand(c *console) *cobra.Command {
	q := &query{console: c, source: source{console: c}}
	cmd := &cobra.Command{
		Use:   "query EXPR",
		Short: "print the devices, or the claims, that an expression denotes",
		Long: `query evaluates an expression on the devices of its sources: a selector or a fleet gives
devices, an assignment gives claims. With - the expression is read from the input, with -f
from a file. With -w it may use the World's @names, and the World's Device documents are laid
over the roster.

Formats: folded is edge[001-250],gw7; names is one id a line; json and ndjson are the form
that --roster reads; a count and notes go to stderr.

An expression may end in clauses: by KEYS gives a row for each combination of values, show KEYS
columns, then sort KEY [desc] and limit N. Lines of let NAME = EXPR before it give names to use in
it, and # starts a remark.

With --exit-status: 0 some device or claim, 1 none, 2 error.`,
		Example: `  muster query --roster devices.jsonl 'arch = aarch64 & label("ring") in ("0", "1")'
  muster query -w worlds/shop '@edge - @canary' -o names
  muster query -w worlds/shop '@edge -> {web@2.1.0} at 10' -o csv
  muster query --roster devices.jsonl 'all by label("site") show arch'
  muster query --roster devices.jsonl 'arch = aarch64 show mem sort mem desc limit 10'
  muster query --roster devices.jsonl --count all
  muster query --roster devices.jsonl -f canary.muster
  echo 'label("site") = "berlin"' | muster query --roster devices.jsonl -`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 0 && q.file != "":
				return fmt.Errorf("query: an expression and -f %s; give one of the two", q.file)
			case len(args) == 0 && q.file == "":
				return fmt.Errorf("query: no expression; write for example muster query --roster FILE all")
			case len(args) > 1:
				return fmt.Errorf("query: %d expressions, want one; put it in single quotes", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			empty, err := q.run(cmd, args)
			switch {
			case !q.status:
				return err
			case err != nil:
				c.report(err)
				return exit(2)
			case empty:
				return exit(1)
			}
			return nil
		},
		ValidArgsFunction: completeExpr(&q.source, &q.world, 1),
	}
	q.source.addFlags(cmd)
	worldFlag(cmd, &q.world)
	q.output = outputFlag(cmd, "folded", "names", "table", "json", "ndjson", "csv", "yaml")
	cmd.Flags().StringSliceVar(&q.columns, "columns", nil, "`KEYS` shown by table and csv, such as label.site,arch")
	cmd.Flags().BoolVar(&q.count, "count", false, "print only how many devices, or claims, there are")
	cmd.Flags().StringVarP(&q.file, "file", "f", "", "read the expression from `FILE`")
	cmd.Flags().BoolVar(&q.strict, "strict", false, "refuse an expression with notes, such as one on a key that no device has")
	cmd.Flags().BoolVar(&q.status, "exit-status", false, "exit with 1 where the answer is empty, with 2 on an error")
	return cmd
}

// text is the expression and where it stands.
func (q *query) text(args []string) (diag.Source, error) {
	name := q.file
	switch {
	case name == "" && args[0] != "-":
		return diag.Source{File: "query", Line: 1, Text: args[0]}, nil
	case name == "":
		name = "-"
	}
	b, err := q.console.read(name)
	if err != nil {
		return diag.Source{}, fmt.Errorf("query: %w", err)
	}
	return diag.Source{File: shown(name), Line: 1, Text: strings.TrimRight(string(b), "\r\n")}, nil
}

// run reports besides whether the answer is empty.
func (q *query) run(cmd *cobra.Command, args []string) (empty bool, err error) {
	if q.world == "" && !q.source.given() {
		return false, errors.New("query: nothing to ask; name the devices by -w DIR, --roster FILE, --snapshot FILE or --nats URL")
	}
	at, err := q.text(args)
	if err != nil {
		return false, err
	}
	g, err := q.source.ground(cmd.Context(), q.world)
	if err != nil {
		return false, err
	}
	q.console.noteNoDevices(g.roster)
	script, err := selectors.ParseScript(at.Text)
	if err != nil {
		return false, placed(at, err)
	}
	bound, lets, err := g.bindScript(script, g.scope(), at)
	if err != nil {
		return false, err
	}
	var f algebra.Fleet
	var claims algebra.Assignment
	if bound.Sort() == selectors.AssignmentSort {
		claims = g.demand.Assign(bound)
		f = g.claimed(claims)
	} else {
		f = g.demand.Fleet(bound)
	}
	var notes []remark
	for _, l := range lets {
		notes = append(notes, g.remarks(l, g.devices(l, l.Expr()))...)
	}
	if err := q.remark(append(notes, g.remarks(bound, f)...)); err != nil {
		return false, err
	}
	p := printer{console: q.console, format: q.output.value, columns: q.columns, count: q.count, rows: !cmd.Flags().Changed("output")}
	if bound.Sort() == selectors.AssignmentSort {
		rows := claimRows(claims)
		return len(rows) == 0, p.printClaims(rows)
	}
	if asked := script.Query; plain(asked) {
		err = p.printFleet(f)
	} else {
		err = p.printArranged(g.arrange(asked, f))
	}
	if err != nil {
		return false, err
	}
	if !q.count && terminal(q.console.out) && terminal(q.console.errw) { // a person wants to know how much that was
		fmt.Fprintf(q.console.errw, "%d of %s\n", f.Len(), counted(f.Roster().Len(), "device", "devices"))
	}
	return f.IsEmpty(), nil
}

// remark tells what is likely a slip, or refuses it where that was asked for.
func (q *query) remark(notes []remark) error {
	var refused diag.List
	for _, n := range notes {
		if q.strict {
			refused = append(refused, diag.Diagnostic{Severity: diag.Error, Message: n.text, Hint: n.hint})
		} else {
			q.console.note(n.hint, "%s", n.text)
		}
	}
	return refused.Err()
}
