package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/musterfleet/muster/algebra"
)

// Style says how Text may draw.
type Style struct {
	Color bool
	// Width is the columns of a page; 0 is 100.
	Width int
	// Fields are lines to print under a change, by its id: what differs between two releases,
	// as planfile.File.Fields tells it.
	Fields map[string][]string
	// Notes are lines to print under a change, by its id: what policies say of it.
	Notes map[string][]string
	// Risk is what to weigh before the plan runs, as planfile.Risk.Told has it: it comes last.
	Risk []Told
	// Whole prints every line of a long plan. Without it the text of any plan stays below 200.
	Whole bool
}

// Told is something said under a word.
type Told struct{ Word, Text string }

// Text is the plan for people: one line an action, with its glyph, the releases and the
// reason; lines that are equal but for the device fold into one. The last line counts.
//
//	Changes
//	  + edge[001-250]/web    2.1.0          250 devices, assigned by web (web.yaml:12)
//	  ~ agent on 31 devices  1.0.0 → 1.1.0  assigned by agent (agent.yaml:3)
//	      edge[001-010,014,020-039]
//
// Devices that do not fit the address stand below it, the first of them if they are many.
func Text(p Plan, s Style) string {
	var b strings.Builder
	s.Width = cmp.Or(s.Width, defaultWidth)
	w := &page{out: &b, style: s}
	w.section("Registry", registryLines(p.Registry))
	w.courses(p)
	w.waves(p)
	w.section("Blocked, left as they are", blockedLines(p.Blocked))
	w.inFlight(p.InFlight)
	besides := w.drift(p)
	w.atRest(p.AtRest)
	w.risk()
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	if len(w.past) > 0 {
		b.WriteString(rest(folds(w.past)) + "\n\n")
	}
	b.WriteString(Summary(p) + "\n")
	if besides > 0 {
		b.WriteString(count(besides, "slot", "slots") + " drifted besides, which no change is about; muster drift lists all.\n")
	}
	if p.Partial {
		b.WriteString("Incomplete: other devices were left out on request.\n")
	}
	return b.String()
}

// Summary is the plan's last line.
func Summary(p Plan) string {
	n := p.Counts()
	if p.IsEmpty() && len(p.Blocked) == 0 && len(p.InFlight) == 0 {
		return fmt.Sprintf("Nothing to do: %s as declared.", count(p.Unchanged, "slot runs", "slots run"))
	}
	text := fmt.Sprintf("%d to start, %d to replace, %d to stop", n.Start, n.Replace, n.Stop)
	fresh := 0
	for _, c := range p.Registry {
		if c.Before == nil {
			fresh++
		}
	}
	if fresh > 0 {
		text += ", " + count(fresh, "device to add", "devices to add")
	}
	if known := len(p.Registry) - fresh; known > 0 {
		text += ", " + count(known, "device to relabel", "devices to relabel")
	}
	return text + fmt.Sprintf("; %d blocked, %d in flight, %d unchanged.", len(p.Blocked), len(p.InFlight), p.Unchanged)
}

func registryLines(changes []algebra.Relabelling) []line {
	var lines []line
	for _, c := range changes {
		glyph := '~'
		if c.Before == nil {
			glyph = '+'
		}
		lines = append(lines, line{glyph: glyph, device: c.Device, why: registryWhy(c)})
	}
	return lines
}

// registryWhy leaves out the line of the source, as each device has its own, and many
// labels of a new device, which are no change: either would keep lines from folding.
func registryWhy(c algebra.Relabelling) string {
	labels := labelDiff(c.Before, c.After)
	if c.Before == nil && (labels == "" || utf8.RuneCountInString(labels) > 60) {
		labels = "new"
	}
	if c.Decommissioned {
		labels = strings.TrimPrefix(labels+", decommissioned", ", ")
	}
	if c.Source.File == "" {
		return labels
	}
	return labels + " (" + c.Source.File + ")"
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

func (w *page) change(c Change) line {
	t := c.Action.Target()
	l := line{app: t.App.String(), device: t.Device, fields: w.style.Fields[c.ID], notes: w.style.Notes[c.ID]}
	by := ""
	if c.By.Assignment != "" {
		by = " " + c.By.Assignment + at(c.By.Source)
	}
	to := ""
	if c.By.Term != "" {
		to = " to " + brief(c.By.Term)
	}
	switch a := c.Action.(type) {
	case Start:
		l.glyph, l.what, l.why = '+', a.Want.Version.String(), "assigned by"+by+to
	case Replace:
		l.glyph, l.why = '~', "assigned by"+by+to
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

func blockedLines(blocked []Blocked) []line {
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
	return lines
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
		} else if f.Detail != "" {
			why += ", " + f.Detail
		}
		lines = append(lines, line{glyph: '…', app: f.At.App.String(), device: f.At.Device, what: f.Want.Version.String(), why: why})
	}
	w.section("In flight", lines)
}

func (w *page) atRest(slots []AtRest) {
	var lines []line
	for _, s := range slots {
		lines = append(lines, line{glyph: '=', app: s.At.App.String(), device: s.At.Device, what: s.Want.Version.String(), why: "runs as declared"})
	}
	w.section("Unchanged", lines)
}

func (w *page) risk() {
	var lines []string
	for _, r := range w.style.Risk {
		head := "  " + pad(r.Word, 11) + " "
		lines = append(lines, head+wrapWords(r.Text, columns(head), columns(head), w.style.Width))
	}
	if len(lines) > 0 {
		w.prose("Risk", lines)
	}
}

// brief is the beginning of a term that is too long to be told on each line.
func brief(term string) string {
	const most = 60
	if text := []rune(term); len(text) > most {
		return string(text[:most]) + "…"
	}
	return term
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
