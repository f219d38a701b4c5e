package main

import (
	"fmt"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/selectors"
)

// conflicts tells what both sides changed in different ways.
func (m *mergingFlags) conflicts(list []worldfile.Conflict) error {
	if m.format.value == "json" {
		if err := indented(m.console, list); err != nil {
			return err
		}
		return conflict
	}
	fmt.Fprintf(m.console.errw, "%s:\n", counted(len(list), "conflict", "conflicts"))
	for _, c := range list {
		what := c.Document
		if c.Field != "" {
			what += ", " + c.Field
		}
		fmt.Fprintln(m.console.errw, what)
		for _, side := range []struct {
			name string
			says worldfile.Side
		}{{"base", c.Base}, {"ours", c.Ours}, {"theirs", c.Theirs}} {
			fmt.Fprintf(m.console.errw, "  %-6s  %s\n", side.name, sideText(c, side.says))
		}
	}
	return conflict
}

// sideText is what one side says, in a line.
func sideText(c worldfile.Conflict, s worldfile.Side) string {
	switch {
	case s.Source.File == "":
		return "not there"
	case c.Field == "":
		return "at " + s.Source.String()
	}
	text := []rune(strings.Join(strings.Fields(s.Text), " "))
	if len(text) > 100 {
		text = append(text[:100], '…')
	}
	return fmt.Sprintf("%s  (%s)", string(text), s.Source)
}

// conflictsOn are the slots on which a World is in conflict, if the devices are these.
func conflictsOn(w algebra.World, r algebra.Reality) map[planner.Target]string {
	out := map[planner.Target]string{}
	for _, b := range planner.Make(w, r).Blocked {
		if b.Why != planner.Conflict {
			continue
		}
		var where []string
		for _, s := range b.Sources {
			where = append(where, s.String())
		}
		out[b.At] = b.Detail + " (" + strings.Join(where, ", ") + ")"
	}
	return out
}

// byText folds the devices of equal conflicts.
func byText(at map[planner.Target]string) map[string]bool {
	devices := map[string][]string{}
	for t, text := range at {
		key := fmt.Sprintf("%s: only the merge brings into conflict %s", t.App, text)
		devices[key] = append(devices[key], t.Device.String())
	}
	out := map[string]bool{}
	for text, names := range devices {
		out[text+" on "+selectors.Fold(names)] = true
	}
	return out
}
