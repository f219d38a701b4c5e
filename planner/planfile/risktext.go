package planfile

import (
	"fmt"
	"strings"

	"github.com/musterfleet/muster/planner"
)

// Told is the risk in words, as planner.Style takes it: nothing of a plan without actions.
func (r Risk) Told() []planner.Told {
	if r.Rollback.Changes == 0 {
		return nil
	}
	out := []planner.Told{{Word: "disruption", Text: r.Disruption.text()}}
	if r.Disruption.Devices > 0 {
		out = append(out, planner.Told{Word: "at a time", Text: downText(r.Down)})
	}
	return append(out, planner.Told{Word: "to pull", Text: r.Pull.text()}, planner.Told{Word: "rollback", Text: r.Rollback.text()})
}

func (d Disruption) text() string {
	if d.Devices == 0 {
		return "none: nothing that runs is touched"
	}
	var by []string
	if d.Replace > 0 {
		by = append(by, counted(d.Replace, "replacement"))
	}
	if d.Stop > 0 {
		by = append(by, counted(d.Stop, "stop"))
	}
	text := fmt.Sprintf("%d of %s, by %s", d.Devices, counted(d.Of, "device"), strings.Join(by, " and "))
	if d.Largest.Key != "" && d.Largest.Devices < d.Of {
		text += fmt.Sprintf("; most of %s=%s: %d of %d", d.Largest.Key, d.Largest.Value, d.Largest.Disrupted, d.Largest.Devices)
	}
	return text
}

func downText(down []DownGroup) string {
	var parts []string
	for _, g := range down {
		if g.Key != "" && g.Devices == down[0].Devices {
			continue // it is the fleet once more
		}
		name := "in all"
		if g.Key != "" {
			name = "of " + g.Key + "=" + g.Value
		}
		part := fmt.Sprintf("%d of %d down %s", g.MaxDown, g.Devices, name)
		if g.DownBefore > 0 {
			part += fmt.Sprintf(" (%d already)", g.DownBefore)
		}
		if g.OneWave < g.MaxDown && g.OneWave > 0 {
			part += fmt.Sprintf(", %d in one wave", g.OneWave)
		}
		parts = append(parts, part)
	}
	return "at most " + strings.Join(parts, "; ")
}

func (p Pull) text() string {
	if p.Images == 0 {
		return "nothing"
	}
	text := fmt.Sprintf("%s, %s at most", counted(p.Images, "image"), counted(p.Pulls, "pull"))
	switch unknown := len(p.Unknown); {
	case unknown == 0:
		return text + ", " + sizeText(p.Bytes) + " in all"
	case p.Bytes == 0:
		return text + ", of unknown size"
	default:
		return text + fmt.Sprintf(", %s in all besides those of unknown size: %s", sizeText(p.Bytes), listed(p.Unknown))
	}
}

func (r Rollback) text() string {
	if r.Available {
		return "possible"
	}
	return fmt.Sprintf("not possible for %d of %s: %s", r.Kept, counted(r.Changes, "change"), listed(r.Why))
}

// listed is the first of some texts, and the number of the rest.
func listed(texts []string) string {
	if more := len(texts) - mostWhys; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(texts[:mostWhys], "; "), more)
	}
	return strings.Join(texts, "; ")
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// sizeText is a number of bytes in the largest unit that leaves one before the point.
func sizeText(n int64) string {
	value, unit := float64(n), "B"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB", "PiB"} {
		if value < 1024 {
			break
		}
		value, unit = value/1024, next
	}
	if unit == "B" {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", value, unit)
}
