package worldfile

import (
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/algebra"
)

// waiver reads a Waiver document. A selector is not asked for, since what a rule says of a
// plan as a whole is about no device; owner, reason and expires are, since a waiver nobody
// answers for, or that never ends, is a rule that was switched off.
func (l *loader) waiver(d document) {
	f := d.file
	w := &waiverDraft{Waiver: algebra.Waiver{Name: d.name, Source: d.source()}}
	l.waivers = append(l.waivers, w)
	spec, ok := d.readSpec("rule", "selector", "owner", "reason", "expires")
	if !ok {
		return
	}
	for name, into := range map[string]*string{"rule": &w.Rule, "owner": &w.Owner, "reason": &w.Reason} {
		if n, given := spec.need(name); given {
			*into, _ = f.filled(n, name) // an error fails the whole World
		}
	}
	if n, given := spec.need("expires"); given {
		w.Expires, _ = f.moment(n, "expires")
	}
	if n, given := spec.get("selector"); given {
		w.match, w.matches = f.expression(n, "selector")
	}
}

// waiverDraft is a Waiver whose selector is not bound yet.
type waiverDraft struct {
	algebra.Waiver
	match   expression
	matches bool // there is a selector and it parses
}

// environment reads an Environment document.
func (l *loader) environment(d document) {
	f := d.file
	e := algebra.Environment{Name: d.name, Source: d.source(), Levels: map[string]string{}}
	if spec, ok := d.readSpec("levels"); ok {
		if n, given := spec.need("levels"); given {
			entries, _ := f.entries(n, "levels")
			for _, one := range entries {
				e.Levels[one.name], _ = f.oneOf(one.value, "levels: "+one.name, "deny", "warn", "info")
			}
		}
	}
	l.world.Environments = append(l.world.Environments, e)
}

// moment reads a day, which is its first moment in UTC, or a time with its zone.
func (f *file) moment(n *yaml.Node, what string) (time.Time, bool) {
	s, ok := f.str(n, what)
	if !ok {
		return time.Time{}, false
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return t.UTC(), true
		}
	}
	f.at(n).fail("write a day, such as 2027-03-31, or a time with its zone, such as 2027-03-31T18:00:00Z", "%s: %s is no day and no time", what, f.shown(n))
	return time.Time{}, false
}
