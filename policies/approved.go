package policies

import (
	"maps"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/planfile"
)

// Approved is a plan that nothing objects to, and the only thing an executor runs. Only
// Review makes one, and Reopen from what was sealed of such a one; the zero value approves nothing
// and holds no plan.
type Approved struct {
	plan   planner.Plan
	file   planfile.File
	digest algebra.Digest
	kept   map[string]bool // changes whose inverse is not approved
	waves  bool            // gates of scope batch judged it
	brief  bool            // without the plan and its file
}

// IsZero reports that nothing is approved.
func (a Approved) IsZero() bool { return a.digest.IsZero() }

// Digest identifies the plan file that was judged, to the byte of what it does.
func (a Approved) Digest() algebra.Digest { return a.digest }

// Plan is the approved plan, in lists of its own.
func (a Approved) Plan() planner.Plan { return clonePlan(a.plan) }

// File is the plan as it was judged. It shares memory and must not be changed: what runs is Plan.
func (a Approved) File() planfile.File { return a.file }

// Reverses reports whether the inverse of a change is approved too. Where it is not, a
// rollback must leave the change as it is.
func (a Approved) Reverses(changeID string) bool { return !a.IsZero() && !a.kept[changeID] }

// Brief is the approval without the plan and its file, which in a large fleet are a hundred megabytes:
// for who has the plan and no gates of waves. It knows Digest and Reverses, and no gate can judge a Wave
// of it, so that each of them denies.
func (a Approved) Brief() Approved {
	a.plan, a.file, a.brief = planner.Plan{}, planfile.File{}, true
	return a
}

// clonePlan is p with lists of its own, so that who holds the one cannot change the other.
func clonePlan(p planner.Plan) planner.Plan {
	p.Registry = slices.Clone(p.Registry)
	for i, c := range p.Registry {
		p.Registry[i].Before, p.Registry[i].After = maps.Clone(c.Before), maps.Clone(c.After)
	}
	p.Changes = slices.Clone(p.Changes)
	for i, c := range p.Changes {
		p.Changes[i].Values = maps.Clone(c.Values)
	}
	p.Blocked = slices.Clone(p.Blocked)
	p.InFlight = slices.Clone(p.InFlight)
	p.Base = maps.Clone(p.Base)
	return p
}
