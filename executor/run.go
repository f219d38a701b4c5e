package executor

import (
	"fmt"
	"time"
)

// Run is the state of one apply: small, and changed by Step alone. How far each device is
// does not belong to it; a Tally says so whenever it is asked.
type Run struct {
	Status Status
	// Since is when the run began to wait for the devices.
	Since time.Time
	// Deadline is how long a published device may take to become healthy; 0 is DefaultDeadline.
	Deadline time.Duration
	Tally    Tally
}

// DefaultDeadline is the time after which a device that was published to counts as failed.
const DefaultDeadline = 10 * time.Minute

// Status is how far a run is.
type Status uint8

// The statuses. The last three are ends.
const (
	Planned Status = iota + 1
	Publishing
	Waiting
	Succeeded
	Failed
	Cancelled
)

var statusNames = [...]string{"", "planned", "publishing", "waiting", "succeeded", "failed", "cancelled"}

// String is the status' name.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("Status(%d)", uint8(s))
}

// Ended reports a status that no event changes.
func (s Status) Ended() bool { return s == Succeeded || s == Failed || s == Cancelled }

// Tally counts the devices of a run. Published are those with a new desired state; each of
// them is Healthy, Failed or still on its way. The others were left out: Offline, or Moved
// since the plan was made.
type Tally struct{ Targets, Published, Healthy, Failed, Offline, Moved int }

// Settled reports that every published device has come to an end.
func (t Tally) Settled() bool { return t.Healthy+t.Failed >= t.Published }

// Event is something that happened to a run.
//
//sumtype:decl
type Event interface{ event() } // sealed: Begin, Published, Progress, Cancel

// Begin starts a planned run.
type Begin struct{}

// Published says that every write of the run was answered.
type Published struct {
	At    time.Time
	Tally Tally
}

// Progress is a new count, or only the passing of time.
type Progress struct {
	At    time.Time
	Tally Tally
}

// Cancel stops the run. What is published stays: devices finish what they began.
type Cancel struct{}

func (Begin) event()     {}
func (Published) event() {}
func (Progress) event()  {}
func (Cancel) event()    {}

// Effect is something the shell is to do.
//
//sumtype:decl
type Effect interface{ effect() } // sealed: Publish, WaitUntil, Finish

// Publish writes the plan's desired states.
type Publish struct{}

// WaitUntil asks for a Progress at that time if none came before.
type WaitUntil struct{ At time.Time }

// Finish ends the run.
type Finish struct{ Status Status }

func (Publish) effect()   {}
func (WaitUntil) effect() {}
func (Finish) effect()    {}

// Step is what an event does to a run, and what follows from it. It is total: an event that
// makes no sense where the run stands changes nothing.
//
// Laws: an ended run never changes; Publish is the effect of Begin alone, once; Succeeded
// means that every target that was online was published to and is healthy, and that some was
// unless there is no target: a run that reached nobody has shown nothing.
func Step(r Run, e Event) (Run, []Effect) {
	if r.Status.Ended() {
		return r, nil
	}
	switch e := e.(type) {
	case Begin:
		if r.Status != Planned {
			return r, nil
		}
		r.Status = Publishing
		return r, []Effect{Publish{}}
	case Published:
		if r.Status != Publishing {
			return r, nil
		}
		r.Status, r.Since = Waiting, e.At
		return r.judge(e.At, e.Tally)
	case Progress:
		if r.Status != Waiting {
			return r, nil
		}
		return r.judge(e.At, e.Tally)
	case Cancel:
		return r.end(Cancelled)
	}
	panic(fmt.Sprintf("executor: unknown event %T", e))
}

func (r Run) judge(at time.Time, t Tally) (Run, []Effect) {
	deadline := r.Deadline
	if deadline == 0 {
		deadline = DefaultDeadline
	}
	if late := !at.Before(r.Since.Add(deadline)); late {
		t.Failed = t.Published - t.Healthy
	}
	r.Tally = t
	switch {
	case !t.Settled():
		return r, []Effect{WaitUntil{r.Since.Add(deadline)}}
	case t.Healthy+t.Offline == t.Targets && (t.Healthy > 0 || t.Targets == 0):
		return r.end(Succeeded)
	default:
		return r.end(Failed)
	}
}

func (r Run) end(s Status) (Run, []Effect) {
	r.Status = s
	return r, []Effect{Finish{s}}
}
