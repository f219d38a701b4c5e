package planfile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
)

// Marker is the first line of every Markdown: a comment by which a robot finds its earlier
// one in a conversation, to put the new one in its place.
const Marker = "<!-- muster:plan -->"

// Section is a titled text beside the plan, such as what policies say of it.
type Section struct{ Title, Text string }

// mostApps is how many rows the table has.
const mostApps = 20

// Markdown is the plan as a comment for a pull request: a summary and a table by app, what
// stops first; then each section of the plan's text and of more, folded. It is never
// longer than limit bytes, 0 being no limit: the text is cut at a line, fences and folds are
// closed, and a last line says what is missing.
func (f File) Markdown(p planner.Plan, limit int, more ...Section) string {
	if limit <= 0 {
		limit = int(^uint(0) >> 1)
	}
	d := &document{room: limit}
	d.write(Marker + "\n")
	d.write(fmt.Sprintf("### Plan `%s`: %s\n", f.Metadata.Name, planner.Summary(p)))
	if p.Partial {
		d.write("\n**Incomplete**: changes were left out on request.\n")
	}
	d.risk(f.Risk)
	d.table(p)
	text := planner.Text(p, planner.Style{Fields: f.Fields(), Whole: true})
	for _, s := range append(sections(text), more...) {
		d.fold(s)
	}
	return d.end()
}

// sections cuts the text of a plan at its titles; the summary, its last, is left out.
func sections(text string) []Section {
	var out []Section
	parts := strings.Split(strings.TrimSuffix(text, "\n"), "\n\n")
	for _, part := range parts[:len(parts)-1] {
		title, body, _ := strings.Cut(part, "\n")
		out = append(out, Section{title, body})
	}
	return out
}

// document is text that keeps to a size.
type document struct {
	out  strings.Builder
	room int
	// short says that something did not fit; nothing is written after it.
	short bool
}

const missing = "\n*Cut to fit: `muster show` has the rest.*\n"

// fits reports whether n bytes, and the word on what is missing, have room.
func (d *document) fits(n int) bool { return !d.short && d.out.Len()+n+len(missing) <= d.room }

func (d *document) write(s string) bool {
	if !d.fits(len(s)) {
		d.short = true
		return false
	}
	d.out.WriteString(s)
	return true
}

// fold writes a section that opens on demand.
func (d *document) fold(s Section) {
	fence := fenceOf(s.Text)
	lines := strings.Split(strings.TrimRight(s.Text, "\n"), "\n")
	head := fmt.Sprintf("\n<details><summary>%s</summary>\n\n%stext\n", escaped(s.Title), fence)
	foot := fence + "\n\n</details>\n"
	if !d.fits(len(head) + len(foot) + len(lines[0]) + 1) {
		d.short = true
		return
	}
	d.out.WriteString(head)
	for _, l := range lines {
		if !d.fits(len(l) + 1 + len(foot)) {
			d.short = true
			break
		}
		d.out.WriteString(l + "\n")
	}
	d.out.WriteString(foot)
}

// end is the document, whole or cut.
func (d *document) end() string {
	s := d.out.String()
	if d.short {
		s += missing
	}
	if len(s) > d.room { // not even the word on what is missing fits
		s = strings.ToValidUTF8(s[:d.room], "") // without half a letter at its end
	}
	return s
}

// fenceOf is a fence that the text cannot close.
func fenceOf(text string) string {
	longest, run := 0, 0
	for _, c := range text {
		if c == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	return strings.Repeat("`", max(3, longest+1))
}

func escaped(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// risk is a list of what to weigh.
func (d *document) risk(r Risk) {
	for i, told := range r.Told() {
		item := "- **" + told.Word + "**: " + escaped(told.Text) + "\n"
		if i == 0 {
			item = "\n" + item
		}
		if !d.write(item) {
			return
		}
	}
}

// tally is what a plan does with one release of an app.
type tally struct {
	app, version         string
	start, replace, stop int
}

// table counts by app and release, those that stop something first.
func (d *document) table(p planner.Plan) {
	rows := tallies(p)
	if len(rows) == 0 {
		return
	}
	if !d.write("\n| app | release | stop | replace | start |\n|---|---|--:|--:|--:|\n") {
		return
	}
	for i, t := range rows {
		if i == mostApps {
			d.write(fmt.Sprintf("| … and %d more | | | | |\n", len(rows)-mostApps))
			return
		}
		if !d.write(fmt.Sprintf("| %s | %s | %d | %d | %d |\n", t.app, t.version, t.stop, t.replace, t.start)) {
			return
		}
	}
}

func tallies(p planner.Plan) []*tally {
	at := map[[2]string]*tally{}
	of := func(t planner.Target, r algebra.Release) *tally {
		key := [2]string{t.App.String(), r.Version.String()}
		if at[key] == nil {
			at[key] = &tally{app: key[0], version: key[1]}
		}
		return at[key]
	}
	for _, c := range p.Changes {
		switch a := c.Action.(type) {
		case planner.Start:
			of(a.At, a.Want).start++
		case planner.Replace:
			of(a.At, a.Want).replace++
		case planner.Stop:
			of(a.At, a.Have).stop++
		}
	}
	return slices.SortedFunc(maps.Values(at), func(x, y *tally) int {
		return cmp.Or(cmp.Compare(y.stop, x.stop), strings.Compare(x.app, y.app), strings.Compare(x.version, y.version))
	})
}
