package worldfile

import (
	"math"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// rolloutDraft is a Rollout whose expressions are not bound yet.
type rolloutDraft struct {
	algebra.Rollout
	document
	claims *yaml.Node // the app or the fleet; nil if it cannot be read
	fleet  expression // what the rollout is for, unless for an app
	waves  []waveDraft
}

// longest is how long any part of a rollout may take.
const longest = 30 * 24 * time.Hour

// rollout reads a Rollout document. What is not written is as in algebra.DefaultRollout.
func (l *loader) rollout(d document) {
	f := d.file
	r := &rolloutDraft{Rollout: algebra.DefaultRollout(), document: d}
	r.Rollout.Name, r.Rollout.Source = d.name, d.source()
	l.rollouts = append(l.rollouts, r)
	spec, ok := d.readSpec("for", "waves", "budget", "gate", "progressDeadline", "windows", "maxPerMinute", "onFailure")
	if !ok {
		return
	}
	if n, ok := spec.need("for"); ok {
		r.readFor(n)
	}
	r.readWaves(spec)
	if n, given := spec.get("budget"); given {
		r.Budget = f.budget(n)
	}
	if n, given := spec.get("gate"); given {
		f.gate(n, &r.Gate)
	}
	if n, given := spec.get("progressDeadline"); given {
		r.Deadline, _ = f.duration(n, "progressDeadline", time.Second, longest)
	}
	if n, given := spec.get("windows"); given {
		r.Windows = f.windows(n)
	}
	if n, given := spec.get("maxPerMinute"); given {
		most, _ := f.integer(n, "maxPerMinute", 1, math.MaxInt32)
		r.MaxPerMinute = int(most)
	}
	if failure := word[algebra.OnFailure](spec, "onFailure", string(algebra.Pause), string(algebra.Rollback)); failure != "" {
		r.OnFailure = failure
	}
}

// readFor reads what is claimed: an app by its name, else a fleet. The words all and none are
// fleets.
func (r *rolloutDraft) readFor(n *yaml.Node) {
	text, ok := r.file.filled(n, "for")
	if !ok {
		return
	}
	if app, err := algebra.ParseApp(text); err == nil && text != "all" && text != "none" {
		r.App, r.claims = app, n
		return
	}
	if r.fleet, ok = r.file.expression(n, "for"); ok {
		r.claims = n
	}
}

// bindRollout binds the expressions of a rollout. They may be of any effect, and take: a plan
// has their devices as a list.
func (l *loader) bindRollout(r *rolloutDraft, scope selectors.Scope) {
	bind := func(e expression, what string) *selectors.Bound {
		b, ok := l.bindExpression(e, what, scope)
		if ok && b.Sort() == selectors.AssignmentSort {
			e.at(e.expr.Span()).fail("name the devices, not what they run", "%s: want a fleet or a selector, and this is an assignment", what)
			return nil
		}
		return b
	}
	if r.claims != nil && r.App.IsZero() {
		r.Fleet = bind(r.fleet, "for")
	}
	r.Rollout.Waves = nil
	for _, w := range r.waves {
		if _, fleet := w.Wave.(algebra.FleetWave); fleet {
			w.Wave = algebra.FleetWave{Fleet: bind(w.fleet, "fleet")}
		}
		r.Rollout.Waves = append(r.Rollout.Waves, w.Wave)
	}
}

// checkRollouts looks up the apps that rollouts are for, each of which has one at most.
func (l *loader) checkRollouts() {
	first := map[algebra.App]*rolloutDraft{}
	for _, r := range l.rollouts {
		if r.App.IsZero() {
			continue
		}
		at := r.file.at(r.claims)
		if _, known := l.versions[r.App.String()]; !known && !l.unread {
			at.fail(suggest(r.App.String(), keys(l.versions)), "for: "+noDeployment+"%s", r.App)
		}
		if other := first[r.App]; other != nil {
			at.fail("keep one of the two", "for: %s has two rollouts, %s at %s and %s at %s", r.App,
				other.Rollout.Name, other.file.where(other.claims), r.Rollout.Name, r.file.where(r.claims))
			continue
		}
		first[r.App] = r
	}
}
