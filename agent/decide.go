package agent

import (
	"fmt"
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
)

// job is one slot with what shall be in it and what is.
type job struct {
	app      algebra.App
	want     algebra.Release // zero: nothing
	values   algebra.Values
	spec     algebra.Deployment // zero: not known yet, or nothing wanted
	have     Observed
	filled   bool
	haveSpec algebra.Deployment // zero: not known
	differs  bool               // by planner.Diff
	broken   bool               // as wanted, but Failed
}

// jobs are the slots of all apps that are wanted or run, in the order of apps.
func (s State) jobs() []job {
	wanted := s.accepted.State()
	if s.accepted.IsZero() {
		return nil // nothing was ever ordered: what runs is left alone
	}
	want, have := algebra.NewPlacing(s.roster), algebra.NewPlacing(s.roster)
	byApp := map[algebra.App]*job{}
	for app, w := range wanted.Apps {
		want.Put(0, app, w.Release())
		byApp[app] = &job{app: app, want: w.Release(), values: w.Values, spec: s.specs[w.Digest]}
		if j := byApp[app]; !j.spec.IsZero() && fits(j.spec, app, j.want) != nil {
			j.spec = algebra.Deployment{} // fetching it says what is wrong
		}
	}
	for app, o := range s.have {
		have.Put(0, app, o.Release)
		if byApp[app] == nil {
			byApp[app] = &job{app: app}
		}
		j := byApp[app]
		j.have, j.filled, j.haveSpec = o, true, s.specs[o.Release.Deployment]
		j.broken = o.Release == j.want && o.Phase == algebra.Failed
	}
	for _, a := range planner.Diff(want.Placement(), have.Placement()) {
		byApp[a.Target().App].differs = true
	}
	jobs := make([]job, 0, len(byApp))
	for _, app := range sortedApps(byApp) {
		jobs = append(jobs, *byApp[app])
	}
	return jobs
}

// decide starts all work that may go on now.
//
// A slot is ready when it is known as it is, its fault has waited its time, and what shall
// fill it is fetched. Ready slots are then taken back, until none more is, if
//   - it runs well and a coupled slot is still being fetched for: the group stops late;
//   - what shall fill it needs a resource that another app keeps, or an app that is not there:
//     stopping now would only leave the slot empty.
//
// Of those left, the filled ones are stopped, and the empty ones started once no slot coupled
// with them remains to be stopped.
func (s *State) decide(now time.Time) []Effect {
	jobs := s.jobs()
	var out []Effect
	ready := map[algebra.App]bool{}
	// may marks a slot as ready, unless it must be asked for first.
	may := func(j job) {
		if s.needsAsking(j) {
			s.busy[j.app] = consulting
			out = append(out, Consult{j.app, j.have.Release, j.want})
			return
		}
		ready[j.app] = true
	}
	underWay := map[algebra.App]bool{} // to be fetched for, or being so
	for _, j := range jobs {
		switch s.busy[j.app] {
		case fetching, preparing, consulting:
			underWay[j.app] = true
			continue
		case stopping, starting:
			continue
		}
		if !j.differs && !j.broken || !s.seen(j.app) || s.retryAt(j, now).After(now) || s.held != "" && j.differs {
			continue
		}
		switch {
		case s.ending && (j.filled || j.spec.IsZero() || !s.prepared[j.want.Deployment]):
		case j.want.IsZero():
			may(j)
		case j.spec.IsZero():
			s.busy[j.app], underWay[j.app] = fetching, true
			out = append(out, Fetch{j.app, j.want})
		case !s.prepared[j.want.Deployment] && !s.ranHere(j):
			s.busy[j.app], underWay[j.app] = preparing, true
			out = append(out, Prepare{j.app, j.want, j.spec})
		default:
			may(j)
		}
	}
	s.takeBack(jobs, ready, underWay)
	for _, j := range jobs {
		if ready[j.app] && j.filled {
			s.busy[j.app] = stopping
			out = append(out, Stop{j.app})
		}
	}
	for i, j := range jobs {
		if ready[j.app] && !j.filled && s.mayStart(j, jobs) {
			jobs[i].filled, jobs[i].haveSpec = true, j.spec
			s.busy[j.app] = starting
			// Until it is seen: others must not take what it takes.
			s.have[j.app] = Observed{Release: j.want, Phase: algebra.Starting}
			out = append(out, Start{j.app, j.want, j.spec, j.values})
		}
	}
	return out
}

// needsAsking reports that a change of the slot may be vetoed and was not asked for yet. Healing
// changes nothing, and a slot that was emptied by leave may be filled.
func (s *State) needsAsking(j job) bool {
	if !s.veto || !j.differs {
		return false
	}
	leave, asked := s.allowed[j.app]
	return !asked || leave.want != j.want || j.filled && leave.have != j.have.Release
}

// ranHere reports that the very release was running until now, so that it can be started
// again without asking a registry, which may be out of reach.
func (s *State) ranHere(j job) bool {
	return j.broken && s.faults[faultKey(j.app, j.want)].Count <= 1
}

// retryAt is when a slot may next be worked on. The fault of its wanted release counts, and
// for a filled slot that of stopping.
func (s *State) retryAt(j job, now time.Time) time.Time {
	at := s.faults[faultKey(j.app, j.want)].due(now)
	if stop := s.stopFault(j.app, j.want).due(now); j.filled && stop.After(at) {
		at = stop
	}
	return believed(at, now)
}

// stopFault is why what is in a slot could not be stopped. That it must not be taken away is no
// reason against another release there: who vetoes is asked for that.
func (s *State) stopFault(app algebra.App, want algebra.Release) Fault {
	f := s.faults[faultKey(app, algebra.Release{})]
	if f.Refused && !want.IsZero() {
		return Fault{}
	}
	return f
}

// believed is a time to wait for, or none where it is so far off that it was written under another
// clock.
func believed(at, now time.Time) time.Time {
	if at.After(now.Add(maxDelay)) {
		return time.Time{}
	}
	return at
}

func (s *State) takeBack(jobs []job, ready, underWay map[algebra.App]bool) {
	for again := true; again; {
		again = false
		for _, j := range jobs {
			if ready[j.app] && s.mustWait(j, jobs, ready, underWay) {
				delete(ready, j.app)
				again = true
			}
		}
	}
}

func (s *State) mustWait(j job, jobs []job, ready, underWay map[algebra.App]bool) bool {
	for _, o := range jobs {
		if o.app == j.app {
			continue
		}
		if j.filled && !j.broken && underWay[o.app] && coupled(j, o) {
			return true
		}
		keeps := o.filled && !ready[o.app] && s.busy[o.app] != stopping
		if keeps && !j.want.IsZero() && o.holds(j.spec) {
			return true
		}
	}
	if j.want.IsZero() {
		return false
	}
	return slices.ContainsFunc(j.spec.Spec().Requires, func(need algebra.App) bool {
		return !ready[need] && s.busy[need] == 0 && !s.serves(need)
	})
}

// serves reports that an app is there for those that require it.
func (s *State) serves(app algebra.App) bool {
	switch s.have[app].Phase {
	case algebra.Running, algebra.Completed, algebra.Starting:
		return true
	case algebra.Pending, algebra.Pulling, algebra.Stopping, algebra.Failed, algebra.Refused, 0:
		return false
	}
	panic(fmt.Sprintf("agent: unknown phase %d", s.have[app].Phase))
}

// mayStart reports that nothing coupled remains to be stopped, and what it requires is there.
func (s *State) mayStart(j job, jobs []job) bool {
	for _, o := range jobs {
		if o.app == j.app {
			continue
		}
		if s.busy[o.app] == stopping && coupled(j, o) || o.filled && o.holds(j.spec) {
			return false
		}
	}
	return !slices.ContainsFunc(j.spec.Spec().Requires, func(need algebra.App) bool { return !s.serves(need) || s.busy[need] != 0 })
}

// wake asks to be woken when the next fault has waited its time.
func (s *State) wake(now time.Time) []Effect {
	next := s.lookAgain(now)
	for _, j := range s.jobs() {
		if t := s.retryAt(j, now); (j.differs || j.broken) && s.busy[j.app] == 0 && t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	if !next.After(now) {
		return nil
	}
	return []Effect{Wake{next}}
}
