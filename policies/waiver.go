package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// Waived is what became of a waiver in one review. A waiver covers the violations of its rule
// by actions, and by their inverses, on the devices of its selector; one without a selector
// covers what the rule says of a plan or a batch as a whole. It covers nothing from Expires
// on, by the plan's now, nor ever a policy that could not be evaluated, nor a built-in rule.
type Waived struct {
	algebra.Waiver
	Expired bool
	// Violations counts the changes it covers, or would cover had it not expired; the plan as a
	// whole counts as one.
	Violations int
}

// waivers are those of one review.
type waivers []*waiverUnderway

type waiverUnderway struct {
	Waived
	devices algebra.Fleet
	roster  *algebra.Roster
	changes map[string]bool // those it covers: an action and its inverse are one
}

// onRoster readies waivers, in the order of names.
func onRoster(list []algebra.Waiver, roster *algebra.Roster, now time.Time) waivers {
	var out waivers
	for _, w := range slices.SortedStableFunc(slices.Values(list), func(a, b algebra.Waiver) int { return strings.Compare(a.Name, b.Name) }) {
		one := &waiverUnderway{Waived: Waived{Waiver: w, Expired: !now.Before(w.Expires)}, roster: roster, changes: map[string]bool{}}
		if w.Match != nil {
			one.devices = roster.Select(w.Match)
		}
		out = append(out, one)
	}
	return out
}

// cover is the name of the first waiver in force that covers a result, or nothing. All that
// would cover it are counted.
func (list waivers) cover(r Result) string {
	by := ""
	for _, w := range list {
		if !w.covers(r) {
			continue
		}
		w.changes[r.ChangeID] = true
		if by == "" && !w.Expired {
			by = w.Name
		}
	}
	return by
}

func (w *waiverUnderway) covers(r Result) bool {
	if w.Rule != r.Rule || r.Failed || strings.HasPrefix(r.Rule, reserved) {
		return false
	}
	if w.Match == nil || r.ChangeID == "" {
		return w.Match == nil && r.ChangeID == ""
	}
	id, err := algebra.ParseDeviceID(r.device)
	if err != nil {
		return false
	}
	i, ok := w.roster.Ordinal(id)
	return ok && w.devices.Contains(i)
}

func (list waivers) outcome() []Waived {
	var out []Waived
	for _, w := range list {
		w.Violations = len(w.changes)
		out = append(out, w.Waived)
	}
	return out
}

// WaivedCount is the number of results that a waiver covers.
func (r Report) WaivedCount() int {
	n := 0
	for i := range r.Results {
		if r.Results[i].Waiver != "" {
			n++
		}
	}
	return n
}

// WaiverText says who answers for a waiver, why, and for how long.
func (r Report) WaiverText(name string) string {
	for _, w := range r.Waivers {
		if w.Name == name {
			return fmt.Sprintf("waived by %s until %s: %s (%s)", w.Owner, day(w.Expires), w.Reason, w.place())
		}
	}
	return "waived by " + name
}

// WaiverLines tells of the waivers that do nothing.
func (r Report) WaiverLines() []string {
	var out []string
	for _, w := range r.Waivers {
		switch {
		case w.Expired && w.Violations > 0:
			out = append(out, fmt.Sprintf("waiver %s expired on %s and no longer covers %s of %s; %s has to renew it, or mend them",
				w.place(), day(w.Expires), count(w.Violations, "violation", "violations"), w.Rule, w.Owner))
		case w.Expired:
			out = append(out, fmt.Sprintf("waiver %s expired on %s, and nothing needs it; remove it", w.place(), day(w.Expires)))
		case w.Violations == 0:
			out = append(out, fmt.Sprintf("waiver %s is not used by this plan", w.place()))
		}
	}
	return out
}

// place is the waiver's name and where it is declared.
func (w Waived) place() string { return strings.TrimSpace(w.Name + " " + w.Source.String()) }

// day is a moment as briefly as it can be said.
func day(t time.Time) string {
	if t.Equal(t.Truncate(24 * time.Hour)) {
		return t.Format(time.DateOnly)
	}
	return t.Format(time.RFC3339)
}
