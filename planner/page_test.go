package planner

import (
	"fmt"
	"strings"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// section is what a page shows of these lines.
func section(width int, lines ...line) string {
	var b strings.Builder
	w := &page{out: &b, style: Style{Width: width}}
	w.section("Changes", lines)
	return b.String()
}

func on(id, app, what, why string) line {
	return line{glyph: '+', app: app, device: algebra.MustDeviceID(id), what: what, why: why}
}

func TestSectionFoldsAndAligns(t *testing.T) {
	var lines []line
	for i := 1; i <= 12; i++ {
		lines = append(lines, on(fmt.Sprintf("edge%02d", i), "web", "2.1.0", "assigned by web (web.yaml:3)"))
	}
	for _, id := range []string{"a.example.org", "bb.example.org", "ccc.example.org"} {
		lines = append(lines, on(id, "agent", "1.10", "assigned by agent (agent.yaml:7)"))
	}
	lines = append(lines, on("gw7", "web", "2.0.0", "assigned by the assignment with the longest of all names (web.yaml:40)"))
	want := `Changes
  + edge[01-12]/web     2.1.0  12 devices, assigned by web (web.yaml:3)
  + agent on 3 devices  1.10   assigned by agent (agent.yaml:7)
      a.example.org,bb.example.org,ccc.example.org
  + gw7/web             2.0.0  assigned by the assignment with the longest
                               of all names (web.yaml:40)
`
	if got := section(76, lines...); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A list that is cut says how many devices it does not show, and shows the others.
func TestSectionCountsWhatItCuts(t *testing.T) {
	var lines []line
	for i := range 300 {
		site := fmt.Sprintf("site-%c%c-of-some-length", 'a'+i/2/26, 'a'+i/2%26) // letters do not fold
		lines = append(lines, on(fmt.Sprintf("n%d.%s.example.org", i%2, site), "web", "1", "why"))
	}
	got := strings.Split(strings.TrimSuffix(section(100, lines...), "\n"), "\n")
	if len(got) != 2+fewListed+1 {
		t.Fatalf("%d lines, want a title, an address, %d lines of devices and a count:\n%s", len(got), fewListed, strings.Join(got, "\n"))
	}
	shown := 0
	for _, l := range got[2 : 2+fewListed] {
		if columns(l) > 100 {
			t.Errorf("a line of %d columns: %s", columns(l), l)
		}
		shown += strings.Count(l, "n[0-1]") * 2
	}
	if want := fmt.Sprintf("      … and %d more", 300-shown); got[len(got)-1] != want || shown == 0 {
		t.Errorf("the last line is %q, want %q", got[len(got)-1], want)
	}
}

// A list whose first item alone is too long shows the beginning of that item.
func TestSectionShowsSomeOfALongItem(t *testing.T) {
	var lines []line
	for i := range 2000 {
		lines = append(lines, on(fmt.Sprintf("s%07d-edge%02d", 3*i, i%2), "web", "1", "why"))
	}
	got := strings.Split(strings.TrimSuffix(section(100, lines...), "\n"), "\n")
	if len(got) != 2+fewListed+1 {
		t.Fatalf("%d lines, want a title, an address, %d lines of devices and a count:\n%s", len(got), fewListed, strings.Join(got, "\n"))
	}
	text := ""
	for _, l := range got[2 : 2+fewListed] {
		text += strings.TrimSpace(l)
	}
	shown, err := selectors.ExpandNodes(strings.TrimSuffix(text, ","))
	if want := fmt.Sprintf("      … and %d more", 2000-len(shown)); err != nil || got[len(got)-1] != want || len(shown) < 15 {
		t.Errorf("%v: the last line is %q, want %q", err, got[len(got)-1], want)
	}
}

// A device, a release or a word too long for the page never loses a character.
func TestSectionKeepsLongWords(t *testing.T) {
	long := strings.Repeat("x", 63) + "." + strings.Repeat("y", 63)
	got := section(60, on(long, "web", strings.Repeat("1", 100), strings.Repeat("w", 90)))
	for _, part := range []string{long + "/web", strings.Repeat("1", 100), strings.Repeat("w", 90)} {
		if !strings.Contains(got, part) {
			t.Errorf("%s is not whole in\n%s", part, got)
		}
	}
}
