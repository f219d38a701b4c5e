package planner

import (
	"fmt"
	"strings"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// The most that a page tells of rollouts.
const (
	mostCourses = 12
	mostGroups  = 4
)

// plain reports a plan whose changes all go out at once by the default: there is nothing to
// say of how.
func plain(p Plan) bool {
	return len(p.Changes) == 0 || len(p.Courses) == 1 && p.Courses[0].Name == "" && p.Courses[0].Target() == len(longest(p.Courses[0].Waves))
}

func longest(waves []Wave) []algebra.DeviceID {
	var most []algebra.DeviceID
	for _, w := range waves {
		if len(w.Devices) > len(most) {
			most = w.Devices
		}
	}
	return most
}

// courses says how the changes will go out: waves, gates and budgets, before anything runs.
//
//	Rollout
//	  web (web.yaml:20)  200 devices in waves @canary: 10, 25%: 40, rest: 150
//	      each wave: 95% healthy of at least 3, for 10m; if not, the run rolls back
//	      at most 10% down of each label("site"): berlin 5 of 50, lyon 5 of 52, and 3 more
func (w *page) courses(p Plan) {
	if plain(p) {
		return
	}
	var lines []string
	for i, c := range p.Courses {
		if !w.style.Whole && i == mostCourses {
			lines = append(lines, fmt.Sprintf("  … and %d more rollouts", len(p.Courses)-i))
			break
		}
		lines = append(lines, w.course(c)...)
	}
	w.prose("Rollout", lines)
}

func (w *page) course(c Course) []string {
	name := "default"
	if c.Name != "" {
		name = c.Name + at(c.Source)
	}
	head := "  " + name + "  "
	of := count(c.Target(), "device", "devices") + " in waves "
	if len(c.Waves) == 1 && c.Waves[0].Kind == OfTail {
		of = "the rollout is through; who came or changed since, or is offline, follows in its "
	}
	var waves []string
	for _, x := range c.Waves {
		text := fmt.Sprintf("%s: %d", x.Name, len(x.Devices))
		switch {
		case x.Empty():
			text = x.Name + ": nobody, so the run stops there until it is approved"
		case len(x.Devices) == 0:
			text = x.Name + ": none more"
		}
		waves = append(waves, text)
	}
	lines := []string{head + wrapWords(of+strings.Join(waves, ", "),
		columns(head), 6, w.style.Width)}
	more := func(text string) { lines = append(lines, "      "+wrapWords(text, 6, 8, w.style.Width)) }
	more(gateText(c))
	if !c.Budget.IsZero() {
		more(budgetText(c))
	}
	if len(c.Windows) > 0 || c.MaxPerMinute > 0 {
		more(paceText(c))
	}
	return lines
}

func gateText(c Course) string {
	text := fmt.Sprintf("each wave: %s healthy", c.Gate.Healthy)
	if c.Gate.Minimum > 1 {
		text += fmt.Sprintf(" of at least %d", c.Gate.Minimum)
	}
	if c.Gate.Soak > 0 {
		text += " for " + briefly(c.Gate.Soak)
	}
	text += " within " + briefly(c.Deadline)
	if c.OnFailure == algebra.Rollback {
		return text + "; if not, the run rolls back"
	}
	return text + "; if not, the run pauses"
}

func budgetText(c Course) string {
	of := ""
	if c.Budget.By != (selectors.Key{}) {
		of = " of each " + c.Budget.By.String()
	}
	text := fmt.Sprintf("at most %s down%s:", c.Budget.Max, of)
	for i, g := range c.Groups {
		if i == mostGroups && len(c.Groups) > mostGroups+1 {
			return text + fmt.Sprintf(", and %d more", len(c.Groups)-i)
		}
		if i > 0 {
			text += ","
		}
		text += g.text(c.Budget)
	}
	return text
}

func (g Group) text(b algebra.Budget) string {
	name := " " + g.Value
	switch {
	case g.Lacking:
		name = " without it"
	case b.By == selectors.Key{}:
		name = ""
	}
	text := fmt.Sprintf("%s %d of %d", name, g.Limit, g.Devices)
	if g.Down > 0 {
		text += fmt.Sprintf(" (%d down now)", g.Down)
	}
	return text
}

func paceText(c Course) string {
	var parts []string
	for _, x := range c.Windows {
		parts = append(parts, fmt.Sprintf("for %s from %q", briefly(x.For), x.Cron))
	}
	text := strings.Join(parts, " or ")
	if text != "" {
		text = "only " + text + ", by the device's clock"
	}
	if c.MaxPerMinute > 0 {
		text = strings.TrimPrefix(fmt.Sprintf("%s; at most %d a minute", text, c.MaxPerMinute), "; ")
	}
	return text
}

// briefly is a duration without the units that are zero at its end: 10m, 1h30m.
func briefly(d time.Duration) string {
	text := d.String()
	if d >= time.Minute {
		text = strings.TrimSuffix(text, "0s")
	}
	if d >= time.Hour && strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// waves prints the changes, a section for each wave that has some.
func (w *page) waves(p Plan) {
	changes := p.Changes
	for len(changes) > 0 {
		batch := changes[0].Batch
		var lines []line
		for len(changes) > 0 && changes[0].Batch == batch {
			lines = append(lines, w.change(changes[0]))
			changes = changes[1:]
		}
		title := "Changes"
		if !plain(p) {
			title = p.title(batch)
		}
		w.section(title, lines)
	}
}

// title names a batch by its wave: Wave 1 of 3 of web: @canary.
func (p Plan) title(batch int) string {
	i, j, ok := p.WaveOf(batch)
	if !ok {
		return fmt.Sprintf("Batch %d", batch+1)
	}
	c := p.Courses[i]
	of := ""
	if c.Name != "" {
		of = " of " + c.Name
	}
	return fmt.Sprintf("Wave %d of %d%s: %s", j+1, len(c.Waves), of, c.Waves[j].Name)
}

// prose prints a section that is no list of slots.
func (w *page) prose(title string, lines []string) {
	if w.out.Len() > 0 {
		w.out.WriteByte('\n')
	}
	w.out.WriteString(w.bold(title) + "\n" + strings.Join(lines, "\n") + "\n")
	w.lines += strings.Count(strings.Join(lines, "\n"), "\n") + 3
}
