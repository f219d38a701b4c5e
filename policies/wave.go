package policies

import (
	"slices"
	"time"
)

// Wave has the gates of scope batch judge the batch of that index once more, as of now: between
// Review and the start of a wave a freeze may begin and a waiver expire. It returns what denies.
//
// A plan that such gates judged is denied where none is at hand: whoever goes on with a run has
// to bring them. Which gates those are is the caller's word, as in Review.
func (a Approved) Wave(batch int, gates Gates, opt Options, now time.Time) []Result {
	gates = slices.DeleteFunc(slices.Clone(gates), func(g Gate) bool { return g.scope != Batch })
	if len(gates) == 0 {
		if !a.waves {
			return nil
		}
		return []Result{{Rule: ruleWave, Level: Deny, Msg: "the policies that judge each wave as it starts are not at hand; name their World by -w"}}
	}
	if a.brief {
		return []Result{{Rule: ruleWave, Level: Deny, Msg: "the plan is not at hand for the policies that judge each wave as it starts"}}
	}
	file := a.file
	file.Now = now.UTC().Round(0)
	r := newReview(&file, a.plan, opt)
	r.batch = &batch
	r.open(gates)
	for _, h := range r.hear() {
		r.weigh(h)
	}
	slices.SortStableFunc(r.results, Result.compare)
	return slices.DeleteFunc(r.results, func(one Result) bool { return !one.stands(Deny) })
}

// JudgeWaves reports a gate of scope batch.
func (g Gates) JudgeWaves() bool {
	return slices.ContainsFunc(g, func(g Gate) bool { return g.scope == Batch })
}
