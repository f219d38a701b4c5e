package planner

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/musterfleet/muster/algebra"
)

// DriftText is drift for people, folded as in a plan; empty if there is none.
func DriftText(drift []Drift, s Style) string {
	var b strings.Builder
	s.Width = cmp.Or(s.Width, defaultWidth)
	w := &page{out: &b, style: s}
	var lines []line
	for _, d := range drift {
		lines = append(lines, d.line())
	}
	w.section("Drift", lines)
	return b.String()
}

// drift tells of the drift on slots that change. The rest would drown the changes of a plan, so it
// is counted: besides are the slots that drifted and that no section has.
func (w *page) drift(p Plan) (besides int) {
	changed, told := map[Target]bool{}, map[Target]bool{}
	for _, c := range p.Changes {
		changed[c.Action.Target()] = true
	}
	for _, f := range p.InFlight {
		told[f.At] = true
	}
	var lines []line
	for _, d := range p.Drift {
		switch {
		case changed[d.At]:
			lines = append(lines, d.line())
		case !told[d.At]:
			besides++
		}
	}
	w.section("Drift, on slots that change", lines)
	return besides
}

func (d Drift) line() line {
	why := d.Phase.String()
	switch d.Published.Version {
	case d.Running.Version:
		if d.Published != d.Running {
			why += ", and another workload or other values are published"
		}
	case algebra.Version{}:
		why += ", and nothing is published there"
	default:
		why += fmt.Sprintf(", and %s is published", d.Published.Version)
	}
	if d.Detail != "" {
		why += ": " + d.Detail
	}
	return line{glyph: '?', app: d.At.App.String(), device: d.At.Device, what: d.Running.Version.String(), why: why}
}
