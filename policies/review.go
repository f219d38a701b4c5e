package policies

import (
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies/classes"
)

// Proposal is a plan put before the gates, with what it was made from and who asks.
type Proposal struct {
	Plan    planner.Plan
	Reality algebra.Reality
	Request planfile.Request
	// Reach limits what who asks may touch.
	Reach Reach
	Now   time.Time
}

// Options are the rules of one review. The zero value is the strictest but for RollsBack.
type Options struct {
	// NoGates is World.NoGates: the World says that its plans need no policy.
	NoGates bool
	// AllowEmpty lets a plan pass that no policy judged any part of.
	AllowEmpty bool
	// AllowStop is how many devices of an app the plan may stop beyond the default guard.
	AllowStop int
	// RollsBack says that the run may roll back by itself: an inverse that is denied then
	// denies the plan.
	RollsBack bool
	// Waivers cover violations (waiver.go). Levels are other levels of rules, by name.
	Waivers []algebra.Waiver
	Levels  map[string]Level
}

// Review puts a plan before all gates. There is an Approved, bound to the digest of exactly
// this plan, iff every result of the report at level deny is waived. Every gate judges all
// there is in its scope: the report has all reasons at once.
func Review(p Proposal, gates Gates, opt Options) (Approved, Report) {
	plan := clonePlan(p.Plan)
	file := planfile.From(plan, p.Reality, p.Request, p.Now)
	r := newReview(&file, plan, opt)
	if !plan.Observed.Equal(p.Reality.ObservedAt) {
		r.deny(ruleObservation, "the plan was made from another observation of the fleet; plan again")
	}
	r.beyond(p.Reach)
	report := r.judge(gates, opt)
	if report.Denied() {
		return Approved{}, report
	}
	return Approved{plan: plan, file: file, digest: file.Digest(), kept: r.kept, waves: gates.JudgeWaves()}, report
}

// Judge puts the plan of a file before all gates, and finds what Review found of the plan that
// was written to it. It approves nothing: what the plan was made from may have moved since.
// The error is that of a file no plan was written to.
func Judge(f planfile.File, gates Gates, opt Options) (Report, error) {
	var roster *algebra.Roster // nil is that of its devices, which takes as long as reading it
	if !selects(gates, opt.Waivers) {
		var err error
		if roster, err = algebra.NewRoster(nil); err != nil {
			return Report{}, err
		}
	}
	plan, err := f.Plan(roster, nil)
	if err != nil {
		return Report{}, err
	}
	return newReview(&f, plan, opt).judge(gates, opt), nil
}

// selects reports whether a gate or a waiver is for some devices only.
func selects(gates Gates, waivers []algebra.Waiver) bool {
	return slices.ContainsFunc(gates, func(g Gate) bool { return g.policy.Match != nil }) ||
		slices.ContainsFunc(waivers, func(w algebra.Waiver) bool { return w.Match != nil })
}

func newReview(file *planfile.File, plan planner.Plan, opt Options) *review {
	file.PolicyResults = []planfile.PolicyResult{} // what was said before is not judged
	return &review{file: file, plan: plan, rollsBack: opt.RollsBack || rollsBack(file), levels: opt.Levels, kept: map[string]bool{}, memo: &Memo{},
		waivers: onRoster(opt.Waivers, plan.Roster, file.Now)}
}

// judge has all gates judge all there is.
func (r *review) judge(gates Gates, opt Options) Report {
	if len(gates) == 0 && !opt.NoGates {
		r.deny(ruleNoGates, "there are no policies, and silence approves nothing; declare a Policy, or gates: none in the World")
	}
	r.results = append(r.results, stops(r.file, opt.AllowStop)...)
	r.open(gates)
	r.ready()
	for _, h := range r.hear() {
		r.weigh(h)
	}
	if len(r.gates) > 0 && len(r.plan.Changes) > 0 && r.evaluations == 0 && !opt.AllowEmpty {
		r.deny(ruleNotJudged, "no policy judged any part of this plan, as none matches its devices; declare one without match, or with a wider one")
	}
	slices.SortStableFunc(r.results, Result.compare)
	r.file.PolicyResults = filed(r.results)
	r.file.Risk = r.file.Weighed()
	return Report{File: *r.file, Plan: r.plan, Results: r.results, Policies: len(gates), Evaluations: r.evaluations, Waivers: r.waivers.outcome()}
}

// review is the state of one Review.
type review struct {
	file        *planfile.File
	plan        planner.Plan
	gates       []*asked
	rollsBack   bool
	levels      map[string]Level
	waivers     waivers
	kept        map[string]bool
	memo        *Memo
	judged      []*planfile.Change // the actions, and after them their inverses, in the same order
	table       *classes.Table     // of those
	batch       *int               // the only one that is judged, if set
	stuck       []error            // why an action has no inverse
	devices     []int              // of the actions, by ordinal; -1 is not on the roster
	places      map[string]int     // of changes, by their ids
	results     []Result
	evaluations int
}

// asked is a gate under way.
type asked struct {
	Gate
	fleet algebra.Fleet // whose actions it judges
}

func (r *review) deny(rule, msg string) {
	r.results = append(r.results, Result{Rule: rule, Level: Deny, Msg: msg})
}

// open readies the gates, in an order of their own. A gate that NewGate did not make denies.
func (r *review) open(gates Gates) {
	for _, g := range slices.SortedStableFunc(slices.Values(gates), Gate.compare) {
		if g.engine == nil {
			r.deny(ruleNotCompiled, "a policy was handed over without having been compiled")
			continue
		}
		a := &asked{Gate: g, fleet: r.plan.Roster.All()}
		if g.policy.Match != nil {
			a.fleet = r.plan.Roster.Select(g.policy.Match)
		}
		r.gates = append(r.gates, a)
	}
}

// ready makes the inverses that gates of scope action judge beside the actions, and finds the
// devices.
func (r *review) ready() {
	first := len(r.plan.Registry) // the file lists these before the actions
	n := len(r.plan.Changes)
	backs, undo := make([]planfile.Change, n), newInverses()
	r.judged, r.stuck, r.devices = make([]*planfile.Change, 2*n), make([]error, n), make([]int, n)
	for i, c := range r.plan.Changes {
		change := &r.file.ResourceChanges[first+i]
		r.judged[i], r.judged[n+i] = change, &backs[i]
		if backs[i], r.stuck[i] = undo.of(*change); r.stuck[i] != nil {
			r.keep(Result{Rule: ruleRollback, Level: Deny, Msg: r.stuck[i].Error(),
				ChangeID: change.ID, Address: change.Address, Loc: change.Source, order: first + i})
		}
		r.devices[i] = -1
		if ordinal, ok := r.plan.Roster.Ordinal(c.Action.Target().Device); ok {
			r.devices[i] = int(ordinal)
		}
	}
	r.table = classes.NewTwins(r.judged, turned...)
}

// rollsBack reports a plan of which some rollout undoes by itself what fails.
func rollsBack(f *planfile.File) bool {
	return slices.ContainsFunc(f.Rollouts, func(r planfile.Rollout) bool { return r.OnFailure == string(algebra.Rollback) })
}
