package sim

import (
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/selectors"
)

// approval is a plan that was reviewed, and the World it was made of.
type approval struct {
	plan  planner.Plan
	world wanted
}

func (l *life) approves(w wanted, a policies.Approved) {
	l.approved[a.Digest()] = approval{a.Plan(), w}
}

// planned judges a plan by what its World means for each device.
func (l *life) planned(w wanted, p planner.Plan, r algebra.Reality) {
	l.letIn(w, p, r)
	for _, change := range p.Changes {
		t := change.Action.Target()
		i, known := r.Roster.Ordinal(t.Device)
		if !known {
			l.wrong("what is not assigned never runs", "a plan has %s, which nobody knows", t.Device)
			continue
		}
		_, want := ends(change.Action)
		if means := w.means(r.Roster.Device(i).Labels)[t.App]; want.Version.String() != means {
			l.wrong("what is not assigned never runs", "a plan has %s@%s on %s, and the World means %q", t.App, want.Version, t.Device, means)
		}
	}
}

// letIn judges that who is online and goes out with no wave but the tail comes into a rollout that
// was through: some run has brought all the apps of that device there to its like before.
func (l *life) letIn(w wanted, p planner.Plan, r algebra.Reality) {
	for _, course := range p.Courses {
		for _, wave := range course.Waves {
			if wave.Kind != planner.OfTail {
				continue
			}
			for _, change := range p.Changes {
				at := change.Action.Target()
				if change.Batch != wave.Batch || !r.Records[at.Device].Online(r.ObservedAt) {
					continue
				}
				l.met["joined the tail"]++
				if !l.through(w, course.Name, at.App) {
					l.wrong("waves follow passed gates", "a plan has %s in the tail of %q, which is not through for %s", at.Device, course.Name, at.App)
				}
			}
		}
	}
}

// beside judges that a part of a plan, for who comes in while runs are under way, is nothing to them:
// the whole plan of which they are does not have the device.
func (c *console) beside(next wire.DesiredState) {
	part := c.approved[next.Plan].plan
	if !part.Partial {
		return
	}
	c.met["let in"]++
	for id, run := range c.life.runs {
		whole := c.approved[run.Plan].plan
		if whole.Partial || run.By != serves || run.World != part.World || run.Status.Ended() {
			continue
		}
		for _, change := range whole.Changes {
			if change.Action.Target().Device == next.Device {
				c.wrong("who comes in leaves runs alone", "%s publishes to %s, which run %s is under way with", c.name, next.Device, id)
			}
		}
	}
}

// places judges that what one run found to fail no other places there anew, whenever it was planned, if
// it has the lease since then. To put back what was there before is no such thing, whatever is said of
// that.
func (c *console) places(before, next wire.DesiredState) {
	for _, change := range c.approved[next.Plan].plan.Changes {
		at := change.Action.Target()
		_, want := ends(change.Action)
		now := next.Releases()[at.App]
		if at.Device != next.Device || now.IsZero() || now != want || now == before.Releases()[at.App] {
			continue
		}
		for _, q := range c.apart {
			if q.Lifted || q.fence >= c.fence || q.App != at.App || q.Digest != now.Deployment || c.life.runs[q.Run].Plan == next.Plan {
				continue
			}
			if names, _ := selectors.ExpandNodes(q.Devices); slices.Contains(names, next.Device.String()) {
				c.wrong("what failed stays away", "%s publishes %s@%s to %s, which run %s found to fail", c.name, at.App, now.Version, next.Device, q.Run)
			}
		}
	}
}

// through reports a run that came to its end for an app where the World said the same of it.
func (l *life) through(w wanted, rollout string, app algebra.App) bool {
	for _, run := range l.runs {
		was := l.approved[run.Plan].world
		same := map[algebra.App]bool{web: was.web == w.web, log: was.log == w.log, aux: was.aux == w.aux}[app]
		for _, lane := range run.Lanes {
			if same && lane.Rollout == rollout && lane.State == wire.LanePassed {
				return true
			}
		}
	}
	return false
}

// unapproved is an app that a set changes otherwise than its approved plan does or undoes.
func (c *console) unapproved(before, next wire.DesiredState) string {
	plan := c.approved[next.Plan].plan
	said := map[algebra.App]planner.Action{}
	for _, change := range plan.Changes {
		if t := change.Action.Target(); t.Device == next.Device {
			said[t.App] = change.Action
		}
	}
	for _, app := range []algebra.App{web, log, aux} {
		now, was := next.Releases()[app], before.Releases()[app]
		if now == was {
			continue
		}
		action, is := said[app]
		if !is {
			return app.String() + "@" + now.Version.String()
		}
		have, want := ends(action)
		if now != want && (now.Version != have.Version || now.Deployment != have.Deployment) {
			return app.String() + "@" + now.Version.String()
		}
	}
	return ""
}

func ends(a planner.Action) (have, want algebra.Release) {
	switch a := a.(type) {
	case planner.Start:
		return algebra.Release{}, a.Want
	case planner.Replace:
		return a.Have, a.Want
	case planner.Stop:
		return a.Have, algebra.Release{}
	}
	panic("sim: unknown action")
}
