package rollout

import (
	"fmt"
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// Run is the record of a run.
type Run = wire.Run

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
