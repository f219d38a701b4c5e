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

// drift lists the slots that drifted, in order.
func (m *making) drift() []Drift {
	var out []Drift
	for at, s := range m.reality.Slots {
		i, known := m.roster.Ordinal(at.Device)
		if !known {
			continue
		}
		published := m.have.Release(i, at.App)
		runs := s.Phase == algebra.Running || s.Phase == algebra.Completed
		if s.Release == published && s.Phase != algebra.Failed || s.Release != published && !runs {
			continue
		}
		out = append(out, Drift{Target(at), published, s.Release, s.Phase, s.Detail})
	}
	slices.SortFunc(out, func(a, b Drift) int { return a.At.Compare(b.At) })
	return out
}
