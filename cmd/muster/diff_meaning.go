package main

import (
	"fmt"
	"strings"

	"github.com/musterfleet/muster/algebra/possible"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/analysis"
)

// meaning is how a fleet, or a rule of an assignment, that was edited differs over all devices
// there could be.
type meaning struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Deployment and Priority are of a rule.
	Deployment string  `json:"deployment,omitempty"`
	Priority   int     `json:"priority"`
	Equal      bool    `json:"equal"` // the words differ, the devices do not
	Gained     *gained `json:"gained"`
	Lost       *gained `json:"lost"`
	// Undecided says why that is not known.
	Undecided string `json:"undecided,omitempty"`
}

// gained are the devices that only one World has in a place.
type gained struct {
	Devices string          `json:"devices"` // an expression; empty where none is short
	Witness analysis.Device `json:"witness"`
}

// meanings compares what both Worlds say, of all possible devices.
func meanings(x, y ground) []meaning {
	out := []meaning{}
	o := analysis.Options{Now: y.reality.ObservedAt, Seen: y.inUse(nil)}
	for _, c := range possible.Changes(o, x.world, y.world) {
		m := meaning{Kind: c.Kind, Name: c.Name, Deployment: c.Deployment, Priority: c.Priority,
			Equal: c.Gained == nil && c.Lost == nil && c.Err == nil, Gained: asGained(c.Gained), Lost: asGained(c.Lost)}
		if c.Err != nil {
			m.Undecided = c.Err.Error()
		}
		out = append(out, m)
	}
	return out
}

func asGained(r *possible.Region) *gained {
	if r == nil {
		return nil
	}
	out := gained{Witness: r.Witness}
	if r.Expr != nil {
		out.Devices = selectors.Print(r.Expr)
	}
	return &out
}

// title is the document, with the rule if it is of one.
func (m meaning) title() string {
	if m.Deployment == "" {
		return m.Kind + " " + m.Name
	}
	return fmt.Sprintf("%s %s: %s at %d", m.Kind, m.Name, m.Deployment, m.Priority)
}

// text is the meanings for people.
func meaningText(all []meaning) string {
	var b strings.Builder
	for _, m := range all {
		fmt.Fprintf(&b, "  %s\n", m.title())
		switch {
		case m.Equal:
			fmt.Fprintln(&b, "      = in other words, of the same devices")
		case m.Undecided != "":
			fmt.Fprintf(&b, "      ? not decided: %s\n", m.Undecided)
		}
		for _, side := range []struct {
			glyph string
			of    *gained
		}{{"+", m.Gained}, {"-", m.Lost}} {
			switch {
			case side.of == nil:
			case side.of.Devices == "":
				fmt.Fprintf(&b, "      %s such as %s\n", side.glyph, side.of.Witness)
			default:
				fmt.Fprintf(&b, "      %s %s\n          such as %s\n", side.glyph, side.of.Devices, side.of.Witness)
			}
		}
	}
	return b.String()
}
