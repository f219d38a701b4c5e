package rollout

import (
	"fmt"
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
)

// Run is the record of a run.
type Run = wire.Run

// Event is something that happened to a run.
//
//sumtype:decl
type Event interface{ event() } // sealed: Seen, Pause, Resume, Approve, Undo, Cancel

// Seen is a new look at the fleet, or only the passing of time.
type Seen struct{ View View }

// Pause stops publishing until Resume. What is published comes to its end.
type Pause struct{ By string }

// Resume goes on with a run that is paused or held; a gate that does not pass holds it again.
type Resume struct{ By string }

// Approve goes on, and lets the wave at which a lane is held pass whatever it shows.
type Approve struct{ By string }

// Undo rolls back all that the run published, and puts it in quarantine.
type Undo struct{ By string }

// Cancel ends the run once what is under way has come to its end. What is published stays.
type Cancel struct{ By string }

func (Seen) event()    {}
func (Pause) event()   {}
func (Resume) event()  {}
func (Approve) event() {}
func (Undo) event()    {}
func (Cancel) event()  {}

// Effect is something the shell is to do, after it has stored the run.
//
//sumtype:decl
type Effect interface{ effect() } // sealed: Publish, Restore, SetApart, Wake, Finish

// Publish publishes a lane's changes to these devices.
type Publish struct {
	Lane    int
	Devices []algebra.DeviceID
}

// Restore publishes to these devices what a lane found there.
type Restore struct {
	Lane    int
	Devices []algebra.DeviceID
}

// SetApart puts what a lane places in quarantine, on all devices of the lane.
type SetApart struct {
	Lane   int
	Reason string
}

// Wake asks for a Seen at that time if none came before.
type Wake struct{ At time.Time }

// Finish ends the run.
type Finish struct{ Status wire.RunStatus }

func (Publish) effect()  {}
func (Restore) effect()  {}
func (SetApart) effect() {}
func (Wake) effect()     {}
func (Finish) effect()   {}

// Moment is one step: the scene, the run after it, and what is to be done. It is for those who
// watch.
type Moment struct {
	Scene   Scene
	Run     Run
	Effects []Effect
}

// Begin is the run of a script that nothing has been done of.
func (s Script) Begin(id string, plan, world algebra.Digest, by string, at time.Time) Run {
	r := Run{ID: id, Plan: plan, World: world, By: by, Began: at, Status: wire.RunActive, Lanes: []wire.Lane{}}
	for _, t := range s.lanes {
		r.Lanes = append(r.Lanes, wire.Lane{Rollout: t.Name, State: wire.LaneGoing, Settles: t.Settles})
	}
	return r
}

// Step is what an event does to a run, and what follows from it. It is pure and total: an event
// that makes no sense where the run stands changes nothing.
//
// Laws: an ended run never changes; a wave starts only after the gate of the one before passed
// or was approved, and none that the gates deny, whoever approved; nothing is published while the run is paused, cancelling or a lane held; a
// wave that shows nothing never passes by itself; Succeeded means that every lane passed.
func (s Script) Step(r Run, e Event) (Run, []Effect) {
	if r.Status.Ended() {
		return r, nil
	}
	r.Lanes = slices.Clone(r.Lanes)
	for i := range r.Lanes {
		r.Lanes[i].Verdicts = slices.Clip(r.Lanes[i].Verdicts)
	}
	switch e := e.(type) {
	case Seen:
		return s.seen(r, e.View)
	case Pause:
		if r.Status == wire.RunActive {
			r.Status, r.Reason = wire.RunPaused, "paused by "+e.By
		}
		return r, nil
	case Resume:
		return resume(r, false), nil
	case Approve:
		return resume(r, true), nil
	case Undo:
		return s.undo(r, e.By)
	case Cancel:
		r.Status, r.Reason = wire.RunCancelling, "cancelled by "+e.By
		return r, nil
	}
	panic(fmt.Sprintf("rollout: unknown event %T", e))
}

func resume(r Run, approved bool) Run {
	if r.Status == wire.RunPaused {
		r.Status, r.Reason = wire.RunActive, ""
	}
	for i, l := range r.Lanes {
		if l.State == wire.LaneHeld {
			r.Lanes[i].State, r.Lanes[i].Approved, r.Lanes[i].Reason = wire.LaneGoing, approved, ""
			r.Lanes[i].Good, r.Lanes[i].Resumed = time.Time{}, true
		}
	}
	return r
}

func (s Script) undo(r Run, by string) (Run, []Effect) {
	var out []Effect
	if r.Status == wire.RunPaused {
		r.Status, r.Reason = wire.RunActive, ""
	}
	for i, l := range r.Lanes {
		if l.State != wire.LaneRollingBack && l.State != wire.LaneRolledBack {
			r.Lanes[i].State, r.Lanes[i].Reason = wire.LaneRollingBack, "rolled back by "+by
			out = append(out, SetApart{i, r.Lanes[i].Reason})
		}
	}
	return r, out
}

func (s Script) seen(r Run, v View) (Run, []Effect) {
	switch r.Status {
	case wire.RunCancelling:
		if v.UnderWay == 0 {
			return end(r, wire.RunCancelled, v.At)
		}
		return r, wakes(v)
	case wire.RunPaused:
		return r, nil
	case wire.RunActive, wire.RunSucceeded, wire.RunFailed, wire.RunCancelled:
	}
	var out []Effect
	ended, undone, healthy := true, "", 0
	for i := range r.Lanes {
		l := &r.Lanes[i]
		out = append(out, s.lane(l, i, v.Lanes[i], v.At)...)
		ended = ended && l.State.Ended()
		if l.State == wire.LaneRolledBack && undone == "" {
			undone = l.Reason
		}
		for _, done := range l.Verdicts {
			healthy += done.Healthy
		}
	}
	switch {
	case !ended:
		return r, append(out, wakes(v)...)
	case undone != "":
		r.Reason = undone
		r, more := end(r, wire.RunFailed, v.At)
		return r, append(out, more...)
	case healthy == 0 && s.Devices() > 0:
		r.Reason = "no device could be published to"
		r, more := end(r, wire.RunFailed, v.At)
		return r, append(out, more...)
	}
	r, more := end(r, wire.RunSucceeded, v.At)
	return r, append(out, more...)
}

func wakes(v View) []Effect {
	var out []Effect
	for _, l := range v.Lanes {
		if !l.Wake.IsZero() {
			out = append(out, Wake{l.Wake})
		}
	}
	return out
}

func end(r Run, s wire.RunStatus, at time.Time) (Run, []Effect) {
	r.Status, r.Ended = s, at
	return r, []Effect{Finish{s}}
}

func (s Script) lane(l *wire.Lane, i int, v LaneView, at time.Time) []Effect {
	switch l.State {
	case wire.LaneGoing:
		return s.going(l, i, v, at)
	case wire.LaneRollingBack:
		if len(v.Restore) > 0 {
			return []Effect{Restore{i, v.Restore}}
		}
		if v.Restoring == 0 || stalled(l, v, at, s.lanes[i].Deadline) {
			if v.Restoring > 0 {
				l.Reason += fmt.Sprintf("; %d devices could not be put back", v.Restoring)
			}
			l.State = wire.LaneRolledBack
			return []Effect{Wake{at}}
		}
		return []Effect{Wake{later(v.Latest, l.Since).Add(s.lanes[i].Deadline)}}
	case wire.LaneHeld, wire.LanePassed, wire.LaneRolledBack:
		return nil
	}
	panic(fmt.Sprintf("rollout: unknown state %d of a lane", l.State))
}

// going moves a lane on as far as what is seen of its wave allows.
func (s Script) going(l *wire.Lane, i int, v LaneView, at time.Time) []Effect {
	t, c := s.lanes[i], v.Count
	if l.Since.IsZero() || l.Resumed {
		l.Since, l.Resumed = at, false
	}
	soaked := func() bool { return l.Approved || c.Published == 0 || !at.Before(l.Good.Add(t.Gate.Soak)) }
	switch {
	case !l.Approved && lost(t.Gate, c):
		return s.fail(l, i, c, at)
	case len(v.Ready) > 0 && v.Denied != "":
		return hold(l, fmt.Sprintf("wave %s is denied: %s", t.waveName(l.Wave), v.Denied))
	case len(v.Ready) > 0:
		l.Good = time.Time{}
		return []Effect{Publish{i, v.Ready}}
	case c.underWay() > 0:
		l.Good = time.Time{}
		return nil
	case c.Waiting > 0:
		if v.Wake.After(at) {
			return nil
		}
		if stalled(l, v, at, t.Deadline) {
			return hold(l, fmt.Sprintf("wave %s stands still: %s", t.waveName(l.Wave), v.Waits))
		}
		return []Effect{Wake{later(v.Latest, l.Since).Add(t.Deadline)}}
	case !l.Approved && s.undersized(t, l.Wave, v):
		return hold(l, undersize(t, l.Wave, c))
	case l.Good.IsZero():
		l.Good = at
	}
	if !soaked() {
		return []Effect{Wake{l.Good.Add(t.Gate.Soak)}}
	}
	if c.Devices > 0 {
		l.Verdicts = append(l.Verdicts, wire.Verdict{Wave: l.Wave, Sample: c.Published, Healthy: c.Healthy, Failed: c.Failed,
			Left: c.Offline + c.Left, At: at, Approved: l.Approved})
	}
	if l.Wave == t.tail() {
		l.State = wire.LanePassed
		return []Effect{Wake{at}}
	}
	l.Wave, l.Since, l.Good, l.Approved = l.Wave+1, at, time.Time{}, false
	return []Effect{Wake{at}}
}

// lost reports a wave whose gate cannot pass any more, whatever becomes of the devices that have
// not come to an end.
func lost(g algebra.Gate, c Count) bool {
	all := c.Published + c.Waiting
	return c.Failed > 0 && (all-c.Failed)*10_000 < all*int(g.Healthy)
}

// undersized reports a wave that shows too little to let a later one start: one of a fleet in
// which nobody is, one of which nobody could be published to, or fewer than the gate needs.
func (s Script) undersized(t track, wave int, v LaneView) bool {
	if v.Last || wave == t.tail() {
		return false
	}
	if len(t.waves[wave]) == 0 { // so the plan has it: nothing was left for a share
		return t.Course.Waves[wave].Kind == planner.OfFleet
	}
	return v.Published < max(1, t.Gate.Minimum)
}

func undersize(t track, wave int, c Count) string {
	name := t.waveName(wave)
	switch {
	case c.Devices == 0:
		return fmt.Sprintf("wave %s has no devices, so it shows nothing", name)
	case c.Published == 0:
		return fmt.Sprintf("no device of wave %s could be published to: %d offline, %d moved", name, c.Offline, c.Left)
	}
	return fmt.Sprintf("wave %s has %d devices, and its gate needs %d", name, c.Published, t.Gate.Minimum)
}

// fail does what the rollout says about a gate that does not pass.
func (s Script) fail(l *wire.Lane, i int, c Count, at time.Time) []Effect {
	t := s.lanes[i]
	reason := fmt.Sprintf("wave %s: %d of %d healthy, %d failed, and its gate needs %s", t.waveName(l.Wave), c.Healthy, c.Published, c.Failed, t.Gate.Healthy)
	l.Verdicts = append(l.Verdicts, wire.Verdict{Wave: l.Wave, Sample: c.Published, Healthy: c.Healthy, Failed: c.Failed, Left: c.Offline + c.Left, At: at})
	if t.OnFailure == algebra.Rollback {
		l.State, l.Reason, l.Since = wire.LaneRollingBack, reason, at
		return []Effect{SetApart{i, reason}, Wake{at}}
	}
	return hold(l, reason)
}

func hold(l *wire.Lane, reason string) []Effect {
	l.State, l.Reason, l.Good = wire.LaneHeld, reason, time.Time{}
	return nil
}

// stalled reports that nothing got on for as long as a device may take.
func stalled(l *wire.Lane, v LaneView, at time.Time, deadline time.Duration) bool {
	return !at.Before(later(v.Latest, l.Since).Add(deadline))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
