package planner

import (
	"cmp"
	"slices"
	"strings"
)

// Comparison is what one plan does that another does not. Slots on their way, at rest and
// drifted are no part of it.
type Comparison struct {
	comes, goes []line
}

// Compare tells after from before: the changes of slots and of the registry, and the blocked
// slots, that only one of them has. Equal plans have an empty comparison.
func Compare(before, after Plan) Comparison {
	x, y := before.lines(), after.lines()
	key := func(l line) string {
		return strings.Join([]string{string(l.glyph), l.app, l.device.String(), l.what, l.why}, "\x00")
	}
	only := func(list, other []line) []line {
		known := make(map[string]bool, len(other))
		for _, l := range other {
			known[key(l)] = true
		}
		return slices.DeleteFunc(slices.Clone(list), func(l line) bool { return known[key(l)] })
	}
	return Comparison{comes: only(y, x), goes: only(x, y)}
}

// IsEmpty reports that both plans do the same.
func (c Comparison) IsEmpty() bool { return len(c.comes)+len(c.goes) == 0 }

// Text is the comparison for people, lines folded as in the text of a plan. The titles say
// what comes in and what falls away.
func (c Comparison) Text(s Style, comes, goes string) string {
	var b strings.Builder
	s.Width = cmp.Or(s.Width, defaultWidth)
	w := &page{out: &b, style: s}
	w.section(comes, c.comes)
	w.section(goes, c.goes)
	if len(w.past) > 0 {
		b.WriteString("\n" + rest(folds(w.past)) + "\n")
	}
	return b.String()
}

// Line is one line of a comparison, for machines.
type Line struct {
	// Comes says that only the later plan has it.
	Comes bool `json:"comes"`
	// Glyph is that of the text: + ~ - for an action or a change of the registry, ! for a blocked slot.
	Glyph  string `json:"glyph"`
	Device string `json:"device"`
	App    string `json:"app"` // empty in the registry
	What   string `json:"what"`
	Why    string `json:"why"`
}

// Lines are those that come, then those that fall away.
func (c Comparison) Lines() []Line {
	out := []Line{}
	for _, l := range c.comes {
		out = append(out, Line{true, string(l.glyph), l.device.String(), l.app, l.what, l.why})
	}
	for _, l := range c.goes {
		out = append(out, Line{false, string(l.glyph), l.device.String(), l.app, l.what, l.why})
	}
	return out
}

// lines are those of the sections that say what a plan does and leaves undone.
func (p Plan) lines() []line {
	w := &page{}
	out := registryLines(p.Registry)
	for _, c := range p.Changes {
		out = append(out, w.change(c))
	}
	return append(out, blockedLines(p.Blocked)...)
}
