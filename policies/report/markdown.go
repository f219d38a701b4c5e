package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Marker is the first line of the markdown: a comment by which a robot finds its earlier one in
// a conversation, to put the new one in its place.
const Marker = "<!-- muster:gate -->"

const cut = "\n*Cut to fit: `muster gate` has the rest.*\n"

// writeMarkdown writes a comment for a pull request: the verdict, then a row for each rule that
// found something. It never takes more than Limit bytes: rows that do not fit are left out,
// which the last line says.
func writeMarkdown(to io.Writer, g Gate) error {
	head := fmt.Sprintf("%s\n### Gate: plan `%s` %s\n\n%s\n", Marker, g.File.Metadata.Name, g.Verdict(), g.Summary())
	rows := []string{}
	for _, f := range g.Fold(false) {
		level := f.Level.String()
		if f.Waiver != "" {
			level = "waived"
		}
		what := cell(f.Msg)
		if f.Waiver != "" {
			what += "<br>" + cell(g.WaiverText(f.Waiver))
		}
		var places []string
		for _, p := range f.Places {
			places = append(places, "`"+strings.ReplaceAll(p.String(), "`", "'")+"`")
		}
		const most = 5
		if n := len(places) - most; n > 0 {
			places = append(places[:most], fmt.Sprintf("and %d more", n))
		}
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s | %s |\n", level, cell(f.Rule), what, cell(cmp.Or(shortened(f.Where(), 300), "the plan")), strings.Join(places, "<br>")))
	}
	var tail strings.Builder
	for _, line := range g.WaiverLines() {
		fmt.Fprintf(&tail, "\n- %s\n", cell(line))
	}
	var b strings.Builder
	b.WriteString(head)
	if len(rows) > 0 {
		b.WriteString("\n| | rule | what | where | declared at |\n|---|---|---|---|---|\n")
	}
	short := false
	for _, part := range append(rows, tail.String()) {
		if g.Limit > 0 && b.Len()+len(part)+len(cut) > g.Limit {
			short = true
			break
		}
		b.WriteString(part)
	}
	if short {
		b.WriteString(cut)
	}
	text := b.String()
	if g.Limit > 0 && len(text) > g.Limit { // not even the head fits
		text = text[:g.Limit]
		for !utf8.ValidString(text) {
			text = text[:len(text)-1]
		}
	}
	_, err := io.WriteString(to, text)
	return err
}

// cell is text inside a cell of a table: it opens no tag, link, mention or further cell.
func cell(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "|", `\|`, "`", "\\`", "[", `\[`, "*", `\*`, "_", `\_`, "@", "&#64;").Replace(oneLine(s))
}
