package planner

import (
	"cmp"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// cut divides the target of a rollout into its waves, in their order: a device belongs to the
// first wave that admits it. Who is not here, offline or late, is in no wave but the tail, which
// is left out if nobody is.
//
// Laws: the waves are disjoint and cover the target; after a wave of a share at least that
// share of those here is covered, and no more than what came before or the share needs.
func cut(waves []algebra.Wave, target, here algebra.Fleet, seed string, fleet func(*selectors.Bound) algebra.Fleet) (out []Wave, parts []algebra.Fleet) {
	left, size := here, here.Len()
	add := func(w Wave, part algebra.Fleet) {
		w.Devices = slices.Collect(part.IDs())
		out, parts = append(out, w), append(parts, part)
	}
	for _, w := range waves {
		wave := Wave{Name: w.String()}
		part := left
		switch w := w.(type) {
		case algebra.FleetWave:
			wave.Kind, part = OfFleet, left.Intersect(fleet(w.Fleet))
		case algebra.ShareWave:
			before := size - left.Len()
			wave.Kind, part = OfShare, drawn(left, w.Share.Of(size)-before, seed)
		case algebra.RestWave:
			wave.Kind = OfRest
		}
		left = left.Minus(part)
		add(wave, part)
	}
	if away := target.Minus(here); !away.IsEmpty() {
		add(Wave{Name: "tail", Kind: OfTail}, away)
	}
	return out, parts
}

// drawn is n devices of a fleet, all of it if it has fewer. Which ones depends on their ids
// and the seed alone, so that another plan of the same rollout draws the same canaries.
func drawn(f algebra.Fleet, n int, seed string) algebra.Fleet {
	if n >= f.Len() {
		return f
	}
	if n <= 0 {
		return f.Roster().None()
	}
	type ranked struct {
		rank int
		id   algebra.DeviceID
	}
	order := make([]ranked, 0, f.Len())
	for id := range f.IDs() {
		order = append(order, ranked{selectors.Bucket(seed, id.String()), id})
	}
	slices.SortFunc(order, func(a, b ranked) int { return cmp.Or(cmp.Compare(a.rank, b.rank), a.id.Compare(b.id)) })
	part, _ := f.Roster().Fleet(func(yield func(algebra.DeviceID) bool) {
		for _, r := range order[:n] {
			if !yield(r.id) {
				return
			}
		}
	})
	return part
}
