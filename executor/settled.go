package executor

import (
	"cmp"
	"maps"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// settled is which rollouts are through for which apps, as their runs tell it: what the last run
// settled that came to its end there. One that was rolled back is as if it had not been. One that
// stopped on its way leaves nothing settled but what had been settled already.
func settled(runs map[string]Kept[wire.Run]) []algebra.Settled {
	order := slices.SortedFunc(maps.Values(runs), func(a, b Kept[wire.Run]) int {
		return cmp.Or(a.Value.Began.Compare(b.Value.Began), cmp.Compare(a.Value.ID, b.Value.ID))
	})
	type claim struct {
		rollout string
		app     algebra.App
	}
	rules := map[claim]algebra.Digest{}
	for _, r := range order {
		for is, state := range outcomes(r.Value) {
			of := claim{is.Rollout, is.App}
			switch {
			case state == wire.LanePassed:
				rules[of] = is.Rules
			case state != wire.LaneRolledBack && rules[of] != is.Rules:
				delete(rules, of)
			}
		}
	}
	var out []algebra.Settled
	for of, digest := range rules {
		out = append(out, algebra.Settled{Rollout: of.rollout, App: of.app, Rules: digest})
	}
	slices.SortFunc(out, func(a, b algebra.Settled) int {
		return cmp.Or(cmp.Compare(a.Rollout, b.Rollout), a.App.Compare(b.App))
	})
	return out
}

// outcomes are how far a run is with what it is to settle. Of several lanes that have a part in
// something, it is one that has not passed, and rather one that was not rolled back.
func outcomes(r wire.Run) map[algebra.Settled]wire.LaneState {
	out := map[algebra.Settled]wire.LaneState{}
	for _, l := range r.Lanes {
		for _, is := range l.Settles {
			if have, some := out[is]; !some || have == wire.LanePassed || !l.State.Ended() {
				out[is] = l.State
			}
		}
	}
	return out
}

// movedOn reports that lanes of a run are in other states than before.
func movedOn(before, after wire.Run) bool {
	return !slices.EqualFunc(before.Lanes, after.Lanes, func(a, b wire.Lane) bool { return a.State == b.State })
}
