package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// Style says how Text may draw.
type Style struct {
	Color bool
	// Notes are lines to print under a change, by its id: what policies say of it.
	Notes map[string][]string
}

// Text is the plan for people: one line an action, with its glyph, the releases and the
// reason; lines that are equal but for the device fold into one. The last line counts.
func Text(p Plan, s Style) string {
	var b strings.Builder
	w := &page{out: &b, style: s}
	w.registry(p.Registry)
	w.changes(p.Changes)
	w.blocked(p.Blocked)
	w.inFlight(p.InFlight)
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	b.WriteString(Summary(p) + "\n")
	return b.String()
}

// Summary is the plan's last line.
func Summary(p Plan) string {
	n := p.Counts()
	if p.IsEmpty() && len(p.Blocked) == 0 && len(p.InFlight) == 0 {
		return fmt.Sprintf("Nothing to do: %s as declared.", count(p.Unchanged, "slot runs", "slots run"))
	}
	text := fmt.Sprintf("%d to start, %d to replace, %d to stop", n.Start, n.Replace, n.Stop)
	if len(p.Registry) > 0 {
		text += ", " + count(len(p.Registry), "device to relabel", "devices to relabel")
	}
	return text + fmt.Sprintf("; %d blocked, %d in flight, %d unchanged.", len(p.Blocked), len(p.InFlight), p.Unchanged)
}

// line is what is printed for one slot. Lines of one section with the same text fold over their devices.
type line struct {
	glyph  rune
	app    string // empty in the registry section
	device algebra.DeviceID
	what   string // 2.0.0 → 2.1.0
	why    string
	notes  []string
}

type page struct {
	out   *strings.Builder
	style Style
}

func (w *page) registry(changes []algebra.Relabelling) {
	var lines []line
	for _, c := range changes {
		glyph := '~'
		if c.Before == nil {
			glyph = '+'
		}
		what := labelDiff(c.Before, c.After)
		if c.Decommissioned {
			what = strings.TrimPrefix(what+", decommissioned", ", ")
		}
		lines = append(lines, line{glyph: glyph, device: c.Device, what: what, why: "declared" + at(c.Source)})
	}
	w.section("Registry", lines)
}

func labelDiff(before, after map[string]string) string {
	var parts []string
	for k, v := range after {
		if old, ok := before[k]; !ok {
			parts = append(parts, fmt.Sprintf("%s=%s", k, v))
		} else if old != v {
			parts = append(parts, fmt.Sprintf("%s=%s → %s", k, old, v))
		}
	}
	for k := range before {
		if _, ok := after[k]; !ok {
			parts = append(parts, "without "+k)
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

func (w *page) changes(changes []Change) {
	for len(changes) > 0 {
		batch := changes[0].Batch
		var lines []line
		for len(changes) > 0 && changes[0].Batch == batch {
			lines = append(lines, w.change(changes[0]))
			changes = changes[1:]
		}
		title := "Changes"
		if batch > 0 || len(changes) > 0 {
			title = fmt.Sprintf("Batch %d", batch+1)
		}
		w.section(title, lines)
	}
}

func (w *page) change(c Change) line {
	t := c.Action.Target()
	l := line{app: t.App.String(), device: t.Device, notes: w.style.Notes[c.ID]}
	by := ""
	if c.By.Assignment != "" {
		by = " " + c.By.Assignment + at(c.By.Source)
	}
	switch a := c.Action.(type) {
	case Start:
		l.glyph, l.what, l.why = '+', a.Want.Version.String(), "assigned by"+by
	case Replace:
		l.glyph, l.why = '~', "assigned by"+by
		l.what = a.Have.Version.String() + " → " + a.Want.Version.String()
		if c.Reason == WorkloadChanged {
			l.what, l.why = a.Want.Version.String()+" "+a.Have.Deployment.Short()+" → "+a.Want.Deployment.Short(), "its workload changed under the same version, in"+by
		} else if c.Reason == ValuesChanged {
			l.what, l.why = a.Want.Version.String(), "a label or fact it takes a value from changed, in"+by
		}
	case Stop:
		l.glyph, l.what, l.why = '-', a.Have.Version.String(), "no assignment wants it here"
		if c.Reason == Retired {
			l.why = "the device is decommissioned"
		}
	}
	return l
}

func (w *page) blocked(blocked []Blocked) {
	var lines []line
	for _, b := range blocked {
		var where []string
		for _, s := range b.Sources {
			where = append(where, s.String())
		}
		why := b.Detail
		if len(where) > 0 {
			why += " (" + strings.Join(where, ", ") + ")"
		}
		lines = append(lines, line{glyph: '!', app: b.At.App.String(), device: b.At.Device, what: strings.ReplaceAll(b.Why.String(), "_", " "), why: why})
	}
	w.section("Blocked, left as they are", lines)
}

func (w *page) inFlight(flights []InFlight) {
	var lines []line
	for _, f := range flights {
		why := "no answer from the device yet"
		if f.Phase != 0 {
			why = f.Phase.String()
			if f.Detail != "" {
				why += ": " + f.Detail
			}
		}
		lines = append(lines, line{glyph: '…', app: f.At.App.String(), device: f.At.Device, what: f.Want.Version.String(), why: why})
	}
	w.section("In flight", lines)
}

// section folds and prints lines in the order of their first device.
func (w *page) section(title string, lines []line) {
	if len(lines) == 0 {
		return
	}
	type folded struct {
		line
		devices []string
	}
	byText := map[string]*folded{}
	var order []*folded
	for _, l := range lines {
		key := fmt.Sprintf("%c\x00%s\x00%s\x00%s\x00%q", l.glyph, l.app, l.what, l.why, l.notes)
		f := byText[key]
		if f == nil {
			f = &folded{line: l}
			byText[key] = f
			order = append(order, f)
		}
		f.devices = append(f.devices, l.device.String())
	}
	rows := make([][4]string, len(order))
	var width [2]int
	for i, f := range order {
		address := selectors.Fold(f.devices)
		if f.app != "" {
			if strings.ContainsRune(address, ',') {
				address = "{" + address + "}"
			}
			address += "/" + f.app
		}
		n := ""
		if len(f.devices) > 1 {
			n = fmt.Sprintf("%d devices, ", len(f.devices))
		}
		rows[i] = [4]string{string(f.glyph), address, f.what, n + f.why}
		for j := range width {
			width[j] = max(width[j], min(utf8.RuneCountInString(rows[i][j+1]), 44))
		}
	}
	if w.out.Len() > 0 {
		w.out.WriteByte('\n')
	}
	fmt.Fprintf(w.out, "%s\n", w.bold(title))
	for i, r := range rows {
		fmt.Fprintf(w.out, "  %s %s  %s  %s\n", w.paint(order[i].glyph), w.column(r[1], width[0]), pad(r[2], width[1]), r[3])
		for _, note := range order[i].notes {
			fmt.Fprintf(w.out, "      %s\n", note)
		}
	}
}

// column pads an address; one that is too long stands on a line of its own.
func (w *page) column(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return pad(s, width)
	}
	return wrap(s, 100, "    ") + "\n    " + strings.Repeat(" ", width)
}

// wrap breaks a folded list after commas so that no line is much longer than width.
func wrap(s string, width int, indent string) string {
	var b strings.Builder
	n := 0
	for part := range strings.SplitAfterSeq(s, ",") {
		if n > 0 && n+len(part) > width {
			b.WriteString("\n" + indent)
			n = 0
		}
		b.WriteString(part)
		n += len(part)
	}
	return b.String()
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

func at(s algebra.Source) string {
	if s.File == "" {
		return ""
	}
	return " (" + s.String() + ")"
}

func count(n int, one, many string) string {
	return fmt.Sprintf("%d %s", n, map[bool]string{true: one, false: many}[n == 1])
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
