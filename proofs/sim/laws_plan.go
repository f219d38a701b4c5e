package sim

import (
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/policies"
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
