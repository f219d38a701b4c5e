package rollout

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
)

// Script is what a run has to do: the changes of a plan arranged by rollout, wave and device. It
// does not change.
type Script struct {
	lanes []track
	units []unit
	// of are the units of each device, by index.
	of map[algebra.DeviceID][]int
}

// track is the course of a lane with its units by wave. The last wave, beside those of the
// course, is the tail: see Script.tail.
type track struct {
	planner.Course
	waves [][]int
	all   []int
	apps  map[algebra.App]bool
}

// unit is what is published to a device at once: the changes of its wave there.
type unit struct {
	device     algebra.DeviceID
	changes    []planner.Change
	lane, wave int
	// disruptive says that it stops or replaces something.
	disruptive bool
	// budgets are the lanes whose budgets it spends.
	budgets []int
	// kept says that it cannot be undone: no policy approved of that.
	kept bool
}

// NewScript arranges a plan, whose changes it shares; reverses tells, by id, which of them may be undone.
// A wave that a plan names tail is no wave of its own here: its devices are in none, and so go last.
func NewScript(p planner.Plan, reverses func(change string) bool) Script {
	s := Script{of: map[algebra.DeviceID][]int{}}
	lane := map[string]int{}
	type place struct{ lane, wave int }
	at := map[int]place{}
	for i, c := range p.Courses {
		lane[c.Name] = i
		t := track{Course: c}
		t.Course.Waves = nil
		for _, w := range c.Waves {
			at[w.Batch] = place{i, len(t.Course.Waves)}
			if w.Kind != planner.OfTail {
				t.Course.Waves = append(t.Course.Waves, w)
			}
		}
		t.waves, t.apps = make([][]int, len(t.Course.Waves)+1), map[algebra.App]bool{}
		s.lanes = append(s.lanes, t)
	}
	for i, c := range p.Changes {
		where, id := at[c.Batch], c.Action.Target().Device
		n := len(s.units)
		for _, k := range s.of[id] {
			if s.units[k].lane == where.lane {
				n = k
			}
		}
		if n == len(s.units) {
			s.units = append(s.units, unit{device: id, lane: where.lane, wave: where.wave})
			s.of[id] = append(s.of[id], n)
			t := &s.lanes[where.lane]
			t.waves[where.wave], t.all = append(t.waves[where.wave], n), append(t.all, n)
		}
		s.lanes[where.lane].apps[c.Action.Target().App] = true
		u := &s.units[n]
		if u.changes == nil { // of a unit of one change, which most are, it is the plan's own
			u.changes = p.Changes[i : i+1 : i+1]
		} else {
			u.changes = append(u.changes, c)
		}
		u.kept = u.kept || !reverses(c.ID)
		if _, start := c.Action.(planner.Start); !start {
			u.disruptive = true
		}
		if b, ok := lane[c.Rollout]; ok && !s.lanes[b].Budget.IsZero() && !slices.Contains(u.budgets, b) {
			u.budgets = append(u.budgets, b)
		}
	}
	return s
}

// Devices is how many devices the script changes.
func (s Script) Devices() int { return len(s.of) }

// Busy reports whether a run of the script that stands like this and has not ended may still have to
// do with a slot: it is on its way with the app, or it has the device, where it may put back what it
// published even if the lane has passed, as somebody may say so until the run ends.
func (s Script) Busy(r Run, at planner.Target) bool {
	if len(s.of[at.Device]) > 0 {
		return true
	}
	for i, l := range r.Lanes {
		if s.lanes[i].apps[at.App] && !l.State.Ended() {
			return true
		}
	}
	return false
}

// tail is the index of the wave after the last: all units not published to by then.
func (t track) tail() int { return len(t.Course.Waves) }

// waveName names a wave of a lane.
func (t track) waveName(n int) string {
	if n < len(t.Course.Waves) {
		return t.Course.Waves[n].Name
	}
	return "tail"
}

// Apart reports a device of which all is left to the next plan, as what the script places there was
// found to fail.
func (s Script) Apart(id algebra.DeviceID, scene Scene) bool {
	return !slices.ContainsFunc(s.of[id], func(n int) bool { return !s.units[n].apart(scene) })
}

// published reports whether a unit is published as wanted, restored whether it is as before.
func (u unit) published(s *Sight) bool {
	return u.all(s, func(is, have, want algebra.Release) bool { return is == want })
}

func (u unit) restored(s *Sight) bool {
	return u.all(s, func(is, have, want algebra.Release) bool {
		return is.Version == have.Version && is.Deployment == have.Deployment
	})
}

// apart reports whether some of what a unit wants was found to fail there.
func (u unit) apart(scene Scene) bool {
	failing := scene.Apart[u.device]
	return len(failing) > 0 && slices.ContainsFunc(u.changes, func(c planner.Change) bool {
		_, want := Ends(c.Action)
		return slices.Contains(failing, Failing{c.Action.Target().App, want.Deployment})
	})
}

func (u unit) all(s *Sight, holds func(is, have, want algebra.Release) bool) bool {
	for _, c := range u.changes {
		have, want := Ends(c.Action)
		if !holds(s.App(c.Action.Target().App).Published, have, want) {
			return false
		}
	}
	return true
}

// verdict says how far a published unit is.
func (u unit) verdict(s *Sight, now time.Time, deadline time.Duration) (healthy, failed bool) {
	healthy = s.Online
	for _, c := range u.changes {
		_, want := Ends(c.Action)
		a := s.App(c.Action.Target().App)
		if want.IsZero() {
			healthy = healthy && a.Phase == 0 // an emptied slot has no report
			continue
		}
		healthy = healthy && a.runs(want)
		// What is to be replaced may have failed: that says nothing of what replaces it.
		of := a.Running.IsZero() || a.Running == want
		failed = failed || a.Current && of && (a.Phase == algebra.Failed || a.Phase == algebra.Refused)
	}
	late := !now.Before(s.At.Add(deadline))
	return healthy, !healthy && (failed || late)
}

// Batches are those, in order, whose changes a lane has for these devices. Of a wave it is one; of
// the tail they are those of the waves that left the devices behind.
func (s Script) Batches(lane int, devices []algebra.DeviceID) []int {
	var out []int
	for _, id := range devices {
		for _, n := range s.of[id] {
			if u := s.units[n]; u.lane == lane {
				for _, c := range u.changes {
					out = append(out, c.Batch)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Changes are those a lane makes on a device, one an app.
func (s Script) Changes(lane int, id algebra.DeviceID) iter.Seq[planner.Change] {
	return func(yield func(planner.Change) bool) {
		for _, n := range s.of[id] {
			if u := s.units[n]; u.lane == lane {
				for _, c := range u.changes {
					if !yield(c) {
						return
					}
				}
			}
		}
	}
}

// Ends are what an action finds in its slot and what it leaves there; zero is nothing.
func Ends(a planner.Action) (have, want algebra.Release) {
	switch a := a.(type) {
	case planner.Start:
		return algebra.Release{}, a.Want
	case planner.Replace:
		return a.Have, a.Want
	case planner.Stop:
		return a.Have, algebra.Release{}
	}
	panic("rollout: unknown action")
}

// Title names a lane: its rollout, or default.
func (s Script) Title(lane int) string { return cmp.Or(s.lanes[lane].Name, "default") }

// WaveName names a wave of a lane as the World writes it.
func (s Script) WaveName(lane, wave int) string { return s.lanes[lane].waveName(wave) }

// Waves is how many waves a lane has, without the tail.
func (s Script) Waves(lane int) int { return s.lanes[lane].tail() }

// Size is how many devices are in a wave.
func (s Script) Size(lane, wave int, scene Scene) int {
	return len(s.wave(lane, wave, s.stands(scene)))
}
