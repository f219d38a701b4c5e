package planner

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
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

// line is what is printed for one slot. Lines of one section with the same text fold over their devices.
type line struct {
	glyph  rune
	app    string // empty in the registry section
	device algebra.DeviceID
	what   string // 2.0.0 → 2.1.0
	why    string
	fields []string
	notes  []string
}

// fold is lines that are equal but for the device.
type fold struct {
	line
	devices []string
}

// row is a fold as it is printed.
type row struct {
	glyph   rune
	address string
	list    []string // the devices, where the address has no room for them
	what    string
	why     string
	fields  []string
	notes   []string
}

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

func folds(lines []line) []*fold {
	byText := map[string]*fold{}
	var order []*fold
	for _, l := range lines {
		key := fmt.Sprintf("%c\x00%s\x00%s\x00%s\x00%q\x00%q", l.glyph, l.app, l.what, l.why, l.fields, l.notes)
		f := byText[key]
		if f == nil {
			f = &fold{line: l}
			byText[key] = f
			order = append(order, f)
		}
		f.devices = append(f.devices, l.device.String())
	}
	return order
}

// row decides where the devices stand: in the address, if that is short enough.
func (f *fold) row(width int) row {
	r := row{glyph: f.glyph, what: f.what, why: f.why, fields: f.fields, notes: f.notes}
	folded := selectors.Fold(f.devices)
	items := split(folded)
	r.address = folded
	if f.app != "" {
		if len(items) > 1 {
			r.address = "{" + folded + "}"
		}
		r.address += "/" + f.app
	}
	many := fmt.Sprintf("%d devices", len(f.devices))
	switch {
	case len(f.devices) == 1:
	case columns(r.address) <= widestAddress:
		r.why = many + ", " + r.why
	default:
		r.address = many
		if f.app != "" {
			r.address = f.app + " on " + many
		}
		r.list = listed(items, width, len(f.devices))
	}
	return r
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

// listed breaks folded devices into lines of at most width columns, and an item that is longer
// than a line after its commas. If that makes more than mostListed, a few are shown and the rest
// is counted.
func listed(items []string, width, devices int) []string {
	lines, shown := listedIn(items, width, mostListed)
	if shown < devices {
		lines, shown = listedIn(items, width, fewListed)
		lines = append(lines, fmt.Sprintf("… and %d more", devices-shown))
	}
	return lines
}

// listedIn is at most so many lines, and how many devices are in them.
func listedIn(items []string, width, most int) (lines []string, shown int) {
	for i, item := range items {
		if i < len(items)-1 {
			item += ","
		}
		var more []string
		if last := len(lines) - 1; last >= 0 && columns(lines[last])+columns(item) <= width {
			more = []string{lines[last] + item}
			lines = lines[:last]
		} else {
			more = breakItem(item, width)
		}
		full := len(lines)+len(more) > most
		if full && shown == 0 {
			item, more = begin(item, width, most)
		} else if full {
			break
		}
		lines = append(lines, more...)
		names, err := selectors.ExpandNodes(strings.TrimSuffix(item, ","))
		if err != nil {
			panic("planner: " + err.Error()) // Fold made it
		}
		shown += len(names)
		if full {
			break
		}
	}
	return lines, shown
}

// begin is as much of an item in brackets as so many lines have room for, with its lines.
func begin(item string, width, most int) (string, []string) {
	head, rest, _ := strings.Cut(item, "[") // only brackets make an item long
	inside, tail, _ := strings.Cut(rest, "]")
	parts := strings.Split(inside, ",")
	fits := func(n int) []string {
		return breakItem(head+"["+strings.Join(parts[:n], ",")+"]"+tail, width)
	}
	n := sort.Search(len(parts), func(n int) bool { return len(fits(n+1)) > most })
	n = max(n, 1)
	return head + "[" + strings.Join(parts[:n], ",") + "]" + tail, fits(n)
}

func breakItem(item string, width int) []string {
	lines := []string{""}
	for part := range strings.SplitAfterSeq(item, ",") {
		last := len(lines) - 1
		if lines[last] != "" && columns(lines[last])+columns(part) > width {
			lines = append(lines, "  ")
			last++
		}
		lines[last] += part
	}
	return lines
}

// split cuts a folded set at the commas outside brackets.
func split(folded string) []string {
	var items []string
	start, depth := 0, 0
	for i, c := range folded {
		switch c {
		case '[':
			depth++
		case ']':
			depth--
		case ',':
			if depth == 0 {
				items = append(items, folded[start:i])
				start = i + 1
			}
		}
	}
	return append(items, folded[start:])
}

// wrapWords breaks a text that starts at column at, so that no line passes width; further
// lines are indented. A word longer than a line is left whole.
func wrapWords(s string, at, indent, width int) string {
	var b strings.Builder
	for i, word := range strings.Fields(s) {
		switch {
		case i == 0:
		case at+1+columns(word) > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += columns(word)
	}
	return b.String()
}

func columns(s string) int { return utf8.RuneCountInString(s) }

func pad(s string, width int) string { return s + strings.Repeat(" ", max(0, width-columns(s))) }

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
