package main

import (
	"fmt"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/analysis"
)

// answer is what an analyst found: told to people as lines, to machines as JSON.
type answer interface {
	lines() []string
	// holds is the answer as an exit code has it: whether what was asked is so.
	holds() bool
}

// live are devices there are now.
type live struct {
	Count   int    `json:"count"`
	Devices string `json:"devices"` // folded
}

func asLive(f *algebra.Fleet) *live {
	if f == nil {
		return nil
	}
	return &live{f.Len(), selectors.Fold(ids(*f))}
}

// told is how many devices there are, and which if they are few.
func (l *live) told(total int) string {
	if l == nil {
		return ""
	}
	text := fmt.Sprintf("actual: %d of %s now", l.Count, counted(total, "device", "devices"))
	if l.Count > 0 && len(l.Devices) <= 60 {
		text += ": " + l.Devices
	}
	return text
}

// basis is what an answer stands on.
type basis struct {
	Assumed []string `json:"assumed"`
	total   int
}

func (a analyst) basis() basis { return basis{a.assuming(), a.ground.roster.Len()} }

// assumptions are told below an answer, as it may not hold without them.
func (b basis) assumptions(lines []string) []string {
	if len(b.Assumed) > 0 {
		lines = append(lines, "assuming "+strings.Join(b.Assumed, " and "))
	}
	return lines
}

// example is a device on a line of its own.
func example(d *analysis.Device) string { return "  " + d.String() }

func nonEmpty(texts ...string) []string {
	var out []string
	for _, t := range texts {
		if t != "" {
			out = append(out, t)
		}
	}
	return out
}

func indentedBy(text string) string {
	if text == "" {
		return ""
	}
	return "  " + text
}
