package rollout

import (
	"fmt"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
)

// lane moves one lane of a run on as far as what is seen of it allows.
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

// going is for a lane that publishes: it moves on as its wave, its gate and its soak allow.
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
