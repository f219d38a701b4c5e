package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/selectors"
)

func diffCommand(c *console) *cobra.Command {
	s := source{console: c, offline: true}
	cmd := &cobra.Command{
		Use:   "diff WORLD1 WORLD2",
		Short: "print what differs between two Worlds: documents, fields, and who is in what",
		Long: `diff compares two directories by what their documents mean: those added, removed and changed,
field by field. Order, layout and comments are no difference.

For each fleet and rule that was edited, itself or a name it uses, it says which devices of all
there could be come and go, each with one that does, or that the words differ and the meaning
does not. Beside them stand the devices that do come and go now, of those in the documents,
--roster, --snapshot or --nats.

muster plan -w WORLD2 --against WORLD1 says what the difference would do.`,
		Example: `  muster diff worlds/shop-main worlds/shop
  muster diff worlds/shop-main worlds/shop --roster devices.jsonl -o json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("diff: %d arguments, want two: WORLD1 WORLD2", len(args))
			}
			return nil
		},
	}
	s.addFlags(cmd)
	output := outputFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		d, err := s.differ(cmd.Context(), args[0], args[1])
		if err != nil {
			return err
		}
		if output.value == "json" {
			return indented(c, d)
		}
		_, err = fmt.Fprint(c.out, d.text())
		return err
	}
	return cmd
}

// worldDiff is what differs between two Worlds.
type worldDiff struct {
	Documents []worldfile.Changed `json:"documents"`
	Meanings  []meaning           `json:"meanings"` // of all devices there could be
	Members   []membership        `json:"members"`
}

// membership is how the devices of a fleet, or those an assignment makes claims at, differ.
type membership struct {
	Name   string   `json:"name"`
	Kind   string   `json:"kind"`
	Gained []string `json:"gained"`
	Lost   []string `json:"lost"`
}

func (s *source) differ(ctx context.Context, before, after string) (worldDiff, error) {
	d := worldDiff{Documents: []worldfile.Changed{}, Meanings: []meaning{}, Members: []membership{}}
	for _, dir := range []string{before, after} {
		if err := directory(dir); err != nil {
			return d, err
		}
	}
	x, err := s.console.loadWorld(before)
	if err != nil {
		return d, err
	}
	y, err := s.console.loadWorld(after)
	if err != nil {
		return d, err
	}
	changed, errs := worldfile.Changes(os.DirFS(before), os.DirFS(after))
	if err := errs.Err(); err != nil {
		return d, err
	}
	d.Documents = append(d.Documents, changed...)
	reality, err := s.reality(ctx)
	if err != nil {
		return d, err
	}
	was, is := stand(x, true, reality), stand(y, true, reality)
	d.Members = append(d.Members, comings(was, is)...)
	d.Meanings, err = inTime(ctx, func() ([]meaning, error) { return meanings(was, is), nil })
	return d, err
}

// comings compares the fleets and assignments by name.
func comings(x, y ground) []membership {
	var out []membership
	for _, kind := range []struct {
		name string
		of   func(algebra.World) []algebra.Definition
	}{
		{"Fleet", func(w algebra.World) []algebra.Definition { return w.Fleets }},
		{"Assignment", func(w algebra.World) []algebra.Definition { return w.Assignments }},
	} {
		was, is := x.membersOf(kind.of(x.world)), y.membersOf(kind.of(y.world))
		names := map[string]bool{}
		for _, m := range []map[string]map[string]bool{was, is} {
			for name := range m {
				names[name] = true
			}
		}
		for _, name := range sortedKeys(names) {
			m := membership{name, kind.name, missingFrom(was[name], is[name]), missingFrom(is[name], was[name])}
			if len(m.Gained)+len(m.Lost) > 0 {
				out = append(out, m)
			}
		}
	}
	return out
}

// membersOf are the devices of each definition; of an assignment each with what it claims.
func (g ground) membersOf(definitions []algebra.Definition) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for _, def := range definitions {
		devices := map[string]bool{}
		if def.Expr.Sort() == selectors.AssignmentSort {
			for claim, on := range g.demand.Assign(def.Expr).All() {
				for id := range on.IDs() {
					devices[fmt.Sprintf("%s %s at %d", id, claim.Deployment, claim.Priority)] = true
				}
			}
		} else {
			for id := range g.demand.Fleet(def.Expr).IDs() {
				devices[id.String()] = true
			}
		}
		out[def.Name] = devices
	}
	return out
}

// missingFrom are the members of one set that the other lacks, sorted.
func missingFrom(set, of map[string]bool) []string {
	out := []string{}
	for m := range of {
		if !set[m] {
			out = append(out, m)
		}
	}
	slices.Sort(out)
	return out
}

// text is the difference for people.
func (d worldDiff) text() string {
	if len(d.Documents)+len(d.Meanings)+len(d.Members) == 0 {
		return "No difference: both Worlds mean the same.\n"
	}
	var b strings.Builder
	if len(d.Documents) > 0 {
		b.WriteString("Documents\n")
	}
	for _, c := range d.Documents {
		switch {
		case c.Before.Source.File == "":
			fmt.Fprintf(&b, "  + %s (%s)\n", c.Document, c.After.Source)
		case c.After.Source.File == "":
			fmt.Fprintf(&b, "  - %s (%s)\n", c.Document, c.Before.Source)
		default:
			fmt.Fprintf(&b, "  ~ %s (%s)\n", c.Document, c.After.Source)
			for _, f := range c.Fields {
				fmt.Fprintf(&b, "      %s: %s → %s\n", f.Path, oneLine(f.Before.Text), oneLine(f.After.Text))
			}
		}
	}
	section := func(title string) {
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString(title + "\n")
	}
	if len(d.Meanings) > 0 {
		section("Meaning, of all devices there could be")
		b.WriteString(meaningText(d.Meanings))
	}
	for i, m := range d.Members {
		if i == 0 {
			section("Devices now")
		}
		fmt.Fprintf(&b, "  %s %s\n", m.Kind, m.Name)
		for _, side := range []struct {
			glyph string
			names []string
		}{{"+", m.Gained}, {"-", m.Lost}} {
			for _, l := range foldedByClaim(side.names) {
				fmt.Fprintf(&b, "      %s %s\n", side.glyph, l)
			}
		}
	}
	return b.String()
}

// foldedByClaim folds devices that have the same claim.
func foldedByClaim(members []string) []string {
	by := map[string][]string{}
	for _, m := range members {
		device, claim, _ := strings.Cut(m, " ")
		by[claim] = append(by[claim], device)
	}
	var out []string
	for _, claim := range sortedKeys(by) {
		line := selectors.Fold(by[claim])
		if n := len(by[claim]); n > 1 {
			line += fmt.Sprintf("  (%d devices)", n)
		}
		if claim != "" {
			line = claim + "  " + line
		}
		out = append(out, line)
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if text == "" {
		return "none"
	}
	if runes := []rune(text); len(runes) > 100 {
		return string(runes[:100]) + "…"
	}
	return text
}
