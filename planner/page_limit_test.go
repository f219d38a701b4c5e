package planner

import (
	"fmt"
	"strings"
	"testing"

	"github.com/musterfleet/muster/algebra"
)

// unlike is a plan of n actions of which no two lines fold, in 30 batches, with other
// sections as bad.
func unlike(n int) Plan {
	var p Plan
	for i := range n {
		at := Target{algebra.MustDeviceID(fmt.Sprintf("n%d", i)), algebra.MustApp("web")}
		rel := algebra.Release{Version: algebra.MustVersion(fmt.Sprintf("1.%d", i)), Deployment: algebra.DigestOf([]byte("d"))}
		c := Change{ID: fmt.Sprintf("c%d", i), Batch: i * 30 / n, Action: Start{at, rel}}
		if i%5 == 4 {
			c.Action = Stop{at, rel}
		}
		p.Changes = append(p.Changes, c)
		if i < n/10 {
			p.Registry = append(p.Registry, algebra.Relabelling{Device: at.Device, After: map[string]string{"serial": fmt.Sprint(i)}})
			p.Blocked = append(p.Blocked, Blocked{At: at, Why: Conflict, Detail: fmt.Sprint("detail ", i)})
			p.InFlight = append(p.InFlight, InFlight{At: at, Detail: fmt.Sprint("detail ", i)})
		}
	}
	return p
}

// many is the actions of a long plan.
const many = 100_000

// short says how a text of a long plan of unlike actions breaks the law.
func short(text string) error {
	if lines := strings.Count(text, "\n"); lines >= 200 {
		return fmt.Errorf("%d lines", lines)
	}
	shown := strings.Count(text, "/web")
	counted := 0
	for line := range strings.SplitSeq(text, "\n") {
		if _, list, ok := strings.Cut(line, "not shown: "); ok {
			for part := range strings.SplitSeq(list, ", ") {
				var k int
				var verb string
				if _, err := fmt.Sscanf(part, "%d %s", &k, &verb); err != nil {
					return fmt.Errorf("%q: %w", part, err)
				}
				if strings.Contains(part, "to add") {
					continue
				}
				counted += k
			}
		}
	}
	if want := many + 2*(many/10); shown+counted != want {
		return fmt.Errorf("%d shown and %d counted, of %d", shown, counted, want)
	}
	return nil
}

// TestTextOfManyActionsIsShort: what cannot fold is cut, and counted to the last action.
func TestTextOfManyActionsIsShort(t *testing.T) {
	text := Text(unlike(many), Style{})
	if err := short(text); err != nil {
		t.Errorf("%v:\n%s", err, text)
	}
	if whole := Text(unlike(1000), Style{Whole: true}); strings.Count(whole, "/web") != 1200 || strings.Contains(whole, "not shown") {
		t.Error("the whole is not whole")
	}
}

func TestShortTextLawSeesLongTexts(t *testing.T) {
	for name, text := range map[string]string{
		"whole":     Text(unlike(many), Style{Whole: true}),
		"uncounted": strings.ReplaceAll(Text(unlike(many), Style{}), "not shown", ""),
	} {
		if short(text) == nil {
			t.Errorf("%s passes", name)
		}
	}
}
