package planner

import "github.com/musterfleet/muster/algebra"

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
