package policies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/planfile"
)

// Result is one objection to a plan.
type Result struct {
	Rule  string `json:"rule"`
	Level Level  `json:"level"`
	Msg   string `json:"msg"`
	// ChangeID and Address name the change objected to; empty for the plan as a whole.
	ChangeID string `json:"change_id"`
	Address  string `json:"address"`
	// Loc is where that change was declared, Policy where the policy was.
	Loc    planfile.Source `json:"_loc"`
	Policy algebra.Source  `json:"policy"`
	// Inverse says that it is the rollback of the change that is objected to.
	Inverse bool `json:"inverse"`
	// Failed says that the policy could not be evaluated.
	Failed bool `json:"failed"`
	// Waiver names the waiver that covers it; a waived result denies nothing.
	Waiver  string         `json:"waiver"`
	Details map[string]any `json:"details"`

	device string // of the change
	order  int    // of the change in the plan
}

// compare puts the worst first and the waived last, then goes by rule and by place in the plan.
func (r Result) compare(o Result) int {
	return cmp.Or(compareBool(r.Waiver != "", o.Waiver != ""), cmp.Compare(r.Level, o.Level), strings.Compare(r.Rule, o.Rule),
		strings.Compare(r.Policy.File, o.Policy.File), cmp.Compare(r.Policy.Line, o.Policy.Line),
		cmp.Compare(r.order, o.order), compareBool(r.Inverse, o.Inverse), strings.Compare(r.Msg, o.Msg))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// filed is the results as a plan file keeps them.
func filed(results []Result) []planfile.PolicyResult {
	out := make([]planfile.PolicyResult, 0, len(results))
	for _, r := range results {
		out = append(out, planfile.PolicyResult{Rule: r.Rule, Level: r.Level.String(), Msg: r.Msg, ChangeID: r.ChangeID,
			Address: r.Address, Loc: r.Loc, Policy: planfile.Source(r.Policy), Inverse: r.Inverse, Failed: r.Failed, Waiver: r.Waiver})
	}
	return out
}

// Report is all that was found, the worst first, and how much was judged.
type Report struct {
	// File is the plan that was judged, as a file, and Plan as a plan. That of a file that was read
	// may have no roster.
	File    planfile.File
	Plan    planner.Plan
	Results []Result
	// Policies counts the gates. Evaluations counts how often one judged an action, a batch
	// or the plan; inverses are not counted.
	Policies, Evaluations int
	// Waivers is what became of each waiver, in the order of names.
	Waivers []Waived
}

// Denied reports whether some result at level deny is not waived.
func (r Report) Denied() bool { return r.Count(Deny) > 0 }

// Unjudged reports whether the plan has actions and no policy judged any part of it.
func (r Report) Unjudged() bool {
	return r.Evaluations == 0 && slices.ContainsFunc(r.File.ResourceChanges, func(c planfile.Change) bool { return c.Type == "deployment" })
}

// Count is the number of results at a level that are not waived.
func (r Report) Count(l Level) int {
	n := 0
	for i := range r.Results {
		if r.Results[i].stands(l) {
			n++
		}
	}
	return n
}

// Denials are the results at level deny that are not waived.
func (r Report) Denials() []Result {
	return slices.DeleteFunc(slices.Clone(r.Results), func(one Result) bool { return !one.stands(Deny) })
}

// stands reports whether a result is at a level and not waived.
func (r Result) stands(l Level) bool { return r.Level == l && r.Waiver == "" }

// Notes are one line for each result in a plan file that is about a change, by the change's id, as
// planner.Style takes them.
func Notes(f planfile.File) map[string][]string {
	notes := map[string][]string{}
	for _, one := range f.PolicyResults {
		if one.ChangeID == "" {
			continue
		}
		note := fmt.Sprintf("%s %s: %s", plain(one.Level), plain(one.Rule), plain(one.Msg))
		if one.Waiver != "" {
			note += " (waived by " + plain(one.Waiver) + ")"
		}
		notes[one.ChangeID] = append(notes[one.ChangeID], note)
	}
	return notes
}
