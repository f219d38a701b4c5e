package planner

import (
	"slices"

	"github.com/musterfleet/muster/algebra"
)

// Drift is a slot that is not as published: another release runs, or one where nothing should, or
// what is published failed. It is no change: an action comes of it only where the World asks
// for something else than is published.
type Drift struct {
	At                 Target
	Published, Running algebra.Release // Published is zero where nothing is
	Phase              algebra.Phase
	Detail             string
}

// drift is the drift of one slot, if what it reports is any.
func drift(at Target, published algebra.Release, s algebra.SlotState) (Drift, bool) {
	runs := s.Phase == algebra.Running || s.Phase == algebra.Completed
	drifted := s.Release != published && runs || s.Release == published && s.Phase == algebra.Failed
	return Drift{at, published, s.Release, s.Phase, s.Detail}, drifted
}

// Drifted is every slot that is not as published, in the order of slots: the drift of any plan on
// that reality. It needs no World, since what is published is what was meant.
func Drifted(r algebra.Reality) []Drift {
	var out []Drift
	for at, s := range r.Slots {
		i, ok := r.Published.Roster().Ordinal(at.Device)
		if !ok {
			continue
		}
		if d, drifted := drift(Target(at), r.Published.Release(i, at.App), s); drifted {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b Drift) int { return a.At.Compare(b.At) })
	return out
}
