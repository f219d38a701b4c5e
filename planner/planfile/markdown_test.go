package planfile_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/planfile"
)

// limitLaw: whatever the limit, the comment keeps to it, is text, and what it opens it closes.
func limitLaw(markdown func(planfile.File, planner.Plan, int) string, cut *int) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation, limit int) bool {
		p, _, f := written(s)
		text := markdown(f, p, limit)
		if strings.Contains(text, "Cut to fit") {
			*cut++
		}
		return len(text) <= limit && utf8.ValidString(text) &&
			strings.Count(text, "<details>") == strings.Count(text, "</details>") &&
			strings.Count(text, "\n```")%2 == 0 &&
			(limit < 200 || strings.HasPrefix(text, planfile.Marker+"\n### Plan `p-"))
	}, algebratest.Situations(), gen.IntRange(1, 1500))
}

func markdown(f planfile.File, p planner.Plan, limit int) string {
	return f.Markdown(p, limit, planfile.Section{Title: "Policies", Text: "deny  <b>: ```no```\n"})
}

func TestMarkdownKeepsToItsLimit(t *testing.T) {
	cut := 0
	algebratest.Law(t, cases)(limitLaw(func(f planfile.File, p planner.Plan, n int) string { return f.Markdown(p, n) }, &cut))
	if cut < cases/5 {
		t.Errorf("cut in %d of %d cases only", cut, cases)
	}
}

func TestMarkdownLawSeesWrongCuts(t *testing.T) {
	cut := 0
	plant := algebratest.Planted(t, cases)
	plant("no limit", limitLaw(func(f planfile.File, p planner.Plan, _ int) string { return f.Markdown(p, 0) }, &cut))
	plant("cut by bytes", limitLaw(func(f planfile.File, p planner.Plan, n int) string {
		text := f.Markdown(p, 0)
		return text[:min(n, len(text))]
	}, &cut))
}

// TestMarkdownFenceHolds: no text of a user closes the fence it stands in.
func TestMarkdownFenceHolds(t *testing.T) {
	text := markdown(planfile.File{}, planner.Plan{}, 0)
	if !strings.Contains(text, "````text\ndeny  <b>: ```no```\n````\n\n</details>") {
		t.Error(text)
	}
}
