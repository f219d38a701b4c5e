package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// The layout of a page.
const (
	defaultWidth  = 100
	widestAddress = 40  // columns of an address; a longer one stands on lines of its own
	widestWhat    = 28  // columns that releases are aligned to
	narrowestWhy  = 36  // columns a reason needs to stay in its own column
	mostListed    = 8   // lines of devices below an address, if these are all
	fewListed     = 2   // if they are not: nobody looks for a device in the beginning of a list
	mostLines     = 170 // of all sections, unless the whole is asked for
	mostSection   = 130
	mostRegistry  = 30 // its lines are the least telling
	leastSection  = 4  // lines that a section has however long the page is by then
)

// page is the text so far. A section is cut at its number of lines; what is cut is counted.
type page struct {
	out   *strings.Builder
	style Style
	lines int // in the sections so far
	// past are the lines of sections that came when the page was full.
	past []line
}

// section folds and prints lines in the order of their first device.
func (w *page) section(title string, lines []line) {
	if len(lines) == 0 {
		return
	}
	if !w.style.Whole && w.lines >= mostLines {
		w.past = append(w.past, lines...)
		return
	}
	if w.out.Len() > 0 {
		w.out.WriteByte('\n')
	}
	w.out.WriteString(w.bold(title) + "\n")
	limit := mostSection
	if lines[0].app == "" {
		limit = mostRegistry
	}
	limit = max(leastSection, min(limit, mostLines-w.lines))
	var rows []row
	var addresses, whats int
	all := folds(lines)
	for i, f := range all {
		if !w.style.Whole && i == limit {
			break // no more than these can be shown
		}
		r := f.row(w.style.Width - 6)
		addresses = max(addresses, columns(r.address))
		whats = max(whats, min(columns(r.what), widestWhat))
		rows = append(rows, r)
	}
	used := 0
	for i, r := range rows {
		text := w.row(r, addresses, whats)
		tall := strings.Count(text, "\n")
		if !w.style.Whole && used > 0 && used+tall > limit {
			w.out.WriteString("  " + rest(all[i:]) + "\n")
			used++
			break
		}
		w.out.WriteString(text)
		used += tall
		if i == len(rows)-1 && len(rows) < len(all) {
			w.out.WriteString("  " + rest(all[len(rows):]) + "\n")
			used++
		}
	}
	w.lines += used + 2 // the title, the blank line
}

// verb is what a line is about.
type verb struct {
	glyph    rune
	registry bool
}

// verbs are in the order in which people want to hear of them.
var verbs = []struct {
	verb
	text string
}{
	{verb{'-', false}, "to stop"}, {verb{'~', false}, "to replace"}, {verb{'+', false}, "to start"},
	{verb{'!', false}, "blocked"}, {verb{'…', false}, "in flight"}, {verb{'?', false}, "drifted"}, {verb{'=', false}, "unchanged"},
	{verb{'~', true}, "to relabel"}, {verb{'+', true}, "to add"},
}

// rest counts what a page has no room for.
func rest(folds []*fold) string {
	n := map[verb]int{}
	for _, f := range folds {
		n[verb{f.glyph, f.app == ""}] += len(f.devices)
	}
	var parts []string
	for _, v := range verbs {
		if n[v.verb] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[v.verb], v.text))
		}
	}
	return "… and more, not shown: " + strings.Join(parts, ", ")
}

// row is the lines of a row.
func (w *page) row(r row, addresses, whats int) string {
	head := "  " + string(r.glyph) + " " + pad(r.address, addresses) + "  "
	if whats > 0 {
		head += pad(r.what, whats) + "  "
	}
	indent := columns(head)
	if w.style.Width-indent < narrowestWhy {
		indent = 6
	}
	text := head + wrapWords(r.why, columns(head), indent, w.style.Width)
	text = strings.Replace(text, string(r.glyph), w.paint(r.glyph), 1) + "\n"
	for _, l := range r.list {
		text += "      " + l + "\n"
	}
	for _, l := range slices.Concat(r.fields, r.notes) {
		text += "      " + wrapWords(l, 6, 8, w.style.Width) + "\n"
	}
	return text
}

// colours are those people know from diffs.
var colours = map[rune]string{'+': "32", '~': "33", '-': "31", '!': "35", '…': "36"}

func (w *page) paint(glyph rune) string {
	if !w.style.Color {
		return string(glyph)
	}
	return "\x1b[" + cmp.Or(colours[glyph], "0") + "m" + string(glyph) + "\x1b[0m"
}

func (w *page) bold(s string) string {
	if !w.style.Color {
		return s
	}
	return "\x1b[1m" + s + "\x1b[0m"
}
