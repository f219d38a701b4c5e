package kube

import (
	"fmt"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/selectors"
)

// View is what status is made of: what a World asks for, and how that stands. Where there are
// problems, there is no World; warnings are of one that loads.
type View struct {
	World    algebra.World
	Problems diag.List
	Warnings diag.List
	Reality  algebra.Reality
	// Lost is why the fleet cannot be seen; then nothing is known of Reality but the time.
	Lost  string
	Waits Waits
}

// Waits is why what is pending does not come to pass: a reason as conditions have it, such as
// Denied, and a sentence. The zero value says that it does.
type Waits struct{ Reason, Why string }

// standing is how far a device is with what it is to run, from the worst.
type standing uint8

const (
	failed standing = iota
	conflicted
	pending
	running
)

// survey is a View with its World laid over the devices.
type survey struct {
	View
	demand   algebra.Demand
	resolved algebra.Resolution
}

func (v View) survey() *survey {
	roster, _ := v.World.Relabel(v.Reality.Roster)
	s := &survey{View: v}
	s.Reality = v.Reality.Of(roster)
	s.demand = v.World.On(s.Reality)
	s.resolved = s.demand.Assignment().Resolve()
	return s
}

// of is how a device stands with a claim, and why it failed. won is false where another claim
// has the slot.
func (s *survey) of(ordinal uint32, c algebra.Claim) (at standing, why string, won bool) {
	id := s.Reality.Roster.ID(ordinal)
	app := c.Deployment.App()
	claims := s.resolved.At(ordinal, app)
	slot := s.Reality.Slots[algebra.Slot{Device: id, App: app}]
	switch {
	case len(claims) > 1:
		return conflicted, "", true
	case len(claims) == 0 || claims[0].Deployment.Digest() != c.Deployment.Digest():
		return 0, "", false
	case slot.Phase == algebra.Failed || slot.Phase == algebra.Refused:
		return failed, fmt.Sprintf("%s/%s: %s", id, app, slot.Detail), true
	case slot.Release.Deployment == c.Deployment.Digest() && (slot.Phase == algebra.Running || slot.Phase == algebra.Completed):
		return running, "", true
	}
	return pending, "", true
}

// tally counts devices, each by the worst of its slots.
type tally struct {
	devices map[uint32]standing
	matched map[uint32]bool
	why     string
}

func newTally() *tally { return &tally{map[uint32]standing{}, map[uint32]bool{}, ""} }

func (t *tally) add(s *survey, ordinal uint32, c algebra.Claim) {
	t.matched[ordinal] = true
	at, why, won := s.of(ordinal, c)
	if !won {
		return
	}
	if have, ok := t.devices[ordinal]; !ok || at < have {
		t.devices[ordinal] = at
	}
	if why != "" && (t.why == "" || why < t.why) {
		t.why = why
	}
}

func (t *tally) status() AppliedStatus {
	out := AppliedStatus{Matched: int64(len(t.matched)), LastError: t.why}
	for _, at := range t.devices {
		switch at {
		case failed:
			out.Failed++
		case conflicted:
			out.Conflicted++
		case pending:
			out.Pending++
		case running:
			out.Running++
		}
	}
	return out
}

// assignment is the status of an assignment. One that only others use places nothing.
func (s *survey) assignment(d algebra.Definition) AppliedStatus {
	t := newTally()
	if !d.Abstract {
		for claim, fleet := range s.demand.Assign(d.Expr).All() {
			for i := range fleet.Ordinals() {
				t.add(s, i, claim)
			}
		}
	}
	return t.status()
}

// claimed are the tallies of what wins somewhere, by what of names for each claim.
func (s *survey) claimed(of func(ordinal uint32, c algebra.Claim) []string) map[string]*tally {
	out := map[string]*tally{}
	for claim, fleet := range s.resolved.Claims().All() {
		for i := range fleet.Ordinals() {
			for _, name := range of(i, claim) {
				if out[name] == nil {
					out[name] = newTally()
				}
				out[name].add(s, i, claim)
			}
		}
	}
	return out
}

// deployments are the statuses of deployments, by name of the document.
func (s *survey) deployments() map[string]AppliedStatus {
	names := map[algebra.Digest]string{}
	for _, d := range s.World.Deployments {
		names[d.Digest()] = d.Name
	}
	return statuses(s.claimed(func(_ uint32, c algebra.Claim) []string { return []string{names[c.Deployment.Digest()]} }))
}

// rollouts are the statuses of rollouts, by name: of all that runs by them, not of one run.
func (s *survey) rollouts() map[string]AppliedStatus {
	fleets := map[string]algebra.Fleet{}
	for _, r := range s.World.Rollouts {
		if r.App.IsZero() {
			fleets[r.Name] = s.demand.Fleet(r.Fleet)
		}
	}
	return statuses(s.claimed(func(ordinal uint32, c algebra.Claim) (names []string) {
		for _, r := range s.World.Rollouts {
			if r.App == c.Deployment.App() || r.App.IsZero() && fleets[r.Name].Contains(ordinal) {
				names = append(names, r.Name)
			}
		}
		return names
	}))
}

func statuses(tallies map[string]*tally) map[string]AppliedStatus {
	out := map[string]AppliedStatus{}
	for name, t := range tallies {
		out[name] = t.status()
	}
	return out
}

// mostNames bounds the names in a fleet's status: a status is read, and an object has a limit.
const mostNames = 200

// fleet is the status of a fleet.
func (s *survey) fleet(d algebra.Definition) FleetStatus {
	f := s.demand.Fleet(d.Expr)
	out := FleetStatus{Devices: int64(f.Len())}
	var names []string
	for id := range f.IDs() {
		if len(names) == mostNames {
			break
		}
		names = append(names, id.String())
	}
	if out.Names = selectors.Fold(names); f.Len() > mostNames {
		out.Names += fmt.Sprintf(", and %d more", f.Len()-mostNames)
	}
	return out
}
