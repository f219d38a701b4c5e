package agent

import (
	"errors"
	"fmt"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// Step is what an agent makes of an event: what it knows then, and what it wants done. It is
// pure: the clock enters as now, and what is random comes from hashes.
func Step(s State, e Event, now time.Time) (State, []Effect) {
	s = s.clone()
	var out []Effect
	switch e := e.(type) {
	case Offered:
		out = s.offer(e.Raw)
	case Saved:
		out = s.save(e)
	case Fetched:
		delete(s.busy, e.App)
		err := e.Err
		if err == nil {
			err = fits(e.Deployment, e.App, e.Release)
		}
		if err != nil {
			out = s.fail(e.App, e.Release, err, now, false)
		} else {
			s.specs[e.Deployment.Digest()] = e.Deployment
		}
	case Prepared:
		delete(s.busy, e.App)
		if e.Err != nil {
			out = s.fail(e.App, e.Release, e.Err, now, false)
		} else {
			s.prepared[e.Release.Deployment] = true
		}
	case Consulted:
		delete(s.busy, e.App)
		if e.Err != nil {
			out = s.fail(e.App, e.Want, fmt.Errorf("%w: %w", ErrRefused, e.Err), now, false)
		} else {
			s.allowed[e.App] = change{e.Have, e.Want}
		}
	case Held:
		s.held = e.Reason
		s.again = true
	case Started:
		s.did(e.App)
		delete(s.noted, e.App)
		if e.Err != nil {
			delete(s.prepared, e.Release.Deployment) // what was fetched may be gone again
			out = s.fail(e.App, e.Release, e.Err, now, false)
			delete(s.have, e.App)
			break
		}
		r := run{release: e.Release}
		if last := s.ran[e.App]; last.release == e.Release {
			r.again = last.again + 1
		}
		s.ran[e.App] = r
	case Stopped:
		s.did(e.App)
		if e.Err != nil {
			out = s.fail(e.App, algebra.Release{}, e.Err, now, false)
			break
		}
		s.faults = s.faults.without(faultKey(e.App, algebra.Release{}))
		delete(s.have, e.App) // until it is seen
	case Looked:
		out = s.look(e, now)
	case Changed:
		if e.App.IsZero() {
			s.allStale = s.asked + 1
		} else {
			s.stale[e.App] = s.asked + 1
		}
	case Woke:
	case Repeat:
		s.again = true
	case End:
		s.ending = true
	default:
		panic(fmt.Sprintf("agent: unknown event %T", e))
	}
	out = append(out, s.decide(now)...)
	out = append(out, s.askLook(now)...)
	out = append(out, s.tell(now)...)
	return s, append(out, s.wake(now)...)
}

// fits checks that a deployment is the one that was asked for. Its digest alone does not say
// so: a set could name the digest under another app or version.
func fits(d algebra.Deployment, app algebra.App, r algebra.Release) error {
	if d.Digest() != r.Deployment || d.App() != app || d.Version() != r.Version {
		return fmt.Errorf("%s@%s: the deployment of that digest is %s, %s", app, r.Version, d, d.Digest())
	}
	return nil
}

// did ends work on a slot: what is in it must be seen again.
func (s *State) did(app algebra.App) {
	delete(s.busy, app)
	s.stale[app], s.done[app] = s.asked+1, s.asked+1
}

// fail remembers that a release went wrong.
func (s *State) fail(app algebra.App, r algebra.Release, reason error, now time.Time, atOnce bool) []Effect {
	s.faults = s.faults.with(s.device, faultKey(app, r), reason, now, atOnce)
	return []Effect{Remember{s.faults}}
}

// look takes in what runs, and counts what is seen to have failed.
func (s *State) look(e Looked, now time.Time) []Effect {
	s.answered = e.Number
	if e.Err != nil {
		// Nothing was seen, so everything is as stale as it was before.
		s.allStale = max(s.allStale, s.asked+1)
		s.blind++
		s.dark = now
		return nil
	}
	s.blind = 0
	s.see(e.Have)
	var out []Effect
	wanted := s.accepted.State().Releases()
	for _, app := range sortedApps(s.have) {
		o := s.have[app]
		if o.Phase != algebra.Failed {
			delete(s.noted, app)
			continue
		}
		if s.noted[app] || wanted[app] != o.Release {
			continue
		}
		s.noted[app] = true
		k := faultKey(app, o.Release)
		if t := s.told[app]; t.Phase == algebra.Running && now.Sub(t.Since) >= steadyAfter {
			s.faults = s.faults.without(k)
		}
		out = append(out, s.fail(app, o.Release, errors.New(o.Detail), now, true)...)
	}
	return out
}

// see takes what was seen for what runs. Of a slot that is being emptied or filled, or was since the
// look began, what was done counts and not what was seen. To fetch what shall take its place leaves a
// slot as it is, and may take long: what dies meanwhile is seen to.
func (s *State) see(have map[algebra.App]Observed) {
	done := func(app algebra.App) bool {
		return s.busy[app] == stopping || s.busy[app] == starting || s.answered < s.done[app]
	}
	before := s.have
	s.have = map[algebra.App]Observed{}
	for app, o := range before {
		if done(app) {
			s.have[app] = o
		}
	}
	for app, o := range have {
		if !done(app) {
			s.have[app] = o
		}
	}
}

// lookAgain is when to look once more after looks that failed, zero if none has. It is at once where
// by the clock the last has yet to fail, as that was set back since.
func (s *State) lookAgain(now time.Time) time.Time {
	if s.blind == 0 || s.dark.After(now) {
		return time.Time{}
	}
	return s.dark.Add(min(maxDelay, firstDelay<<min(s.blind-1, 9)))
}

// askLook asks for a look if a slot is stale and none is under way.
func (s *State) askLook(now time.Time) []Effect {
	if s.asked != s.answered || now.Before(s.lookAgain(now)) {
		return nil
	}
	newest := s.allStale
	for _, n := range s.stale {
		newest = max(newest, n)
	}
	if newest <= s.answered {
		return nil
	}
	s.asked++
	return []Effect{Look{s.asked}}
}
