package planner

import (
	"fmt"
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// Course is a rollout as it stands for one plan: its target cut into waves, which are lists of
// devices and do not change any more, and the groups its budget bounds. A device of the course
// is in one wave of it.
type Course struct {
	// Name is the rollout's; empty for the default, which takes all changes that no rollout claims.
	Name string
	// For is the app, or the text of the fleet, that it claims.
	For    string
	Source algebra.Source
	// Waves are disjoint and cover the target. The last is the tail: who is offline as the
	// plan is made, and goes last if it is back by then, and who came when the rollout was through.
	Waves        []Wave
	Budget       algebra.Budget
	Groups       []Group
	Gate         algebra.Gate
	Deadline     time.Duration
	Windows      []algebra.Window
	MaxPerMinute int
	OnFailure    algebra.OnFailure
	// Settles is what is settled once the course is through. A part of a plan settles nothing.
	Settles []algebra.Settled
}

// Wave is the devices of a course that go out together.
type Wave struct {
	// Name is the wave as the World writes it: @canary, 25%, rest; or tail.
	Name string
	Kind WaveKind
	// Batch is that of its changes.
	Batch   int
	Devices []algebra.DeviceID
}

// WaveKind is where the devices of a wave come from.
type WaveKind uint8

// The kinds of waves.
const (
	OfFleet WaveKind = iota + 1 // those of a fleet
	OfShare                     // as many as bring it and those before it to a share
	OfRest                      // all that were left
	OfTail                      // those that were offline, or came when all others were through
)

var waveKinds = [...]string{"", "fleet", "share", "rest", "tail"}

// String is the kind's name in the plan file.
func (k WaveKind) String() string {
	if int(k) < len(waveKinds) {
		return waveKinds[k]
	}
	return fmt.Sprintf("WaveKind(%d)", uint8(k))
}

// ParseWaveKind reads a kind's name.
func ParseWaveKind(s string) (WaveKind, error) {
	if i := slices.Index(waveKinds[:], s); i > 0 {
		return WaveKind(i), nil
	}
	return 0, fmt.Errorf("unknown kind %q of a wave", s)
}

// WaveKindNames are the names of all kinds.
func WaveKindNames() []string { return slices.Clone(waveKinds[1:]) }

// Empty reports a wave of a fleet that no device of the target is in. It shows nothing, so it
// lets nothing pass: a run stops there until somebody approves.
func (w Wave) Empty() bool { return len(w.Devices) == 0 && w.Kind == OfFleet }

// Group is the devices that share a value of the budget's key, as the plan was made: those
// online that run something or are to. An executor counts them anew each time it starts
// something.
type Group struct {
	Value string
	// Lacking says that these are the devices without the key.
	Lacking bool
	Devices int
	// Limit is how many may be down at a time, Down how many were.
	Limit, Down int
}

// Target is how many devices the course changes.
func (c Course) Target() int {
	n := 0
	for _, w := range c.Waves {
		n += len(w.Devices)
	}
	return n
}

// Title names the course: rollout web, or default rollout.
func (c Course) Title() string {
	if c.Name == "" {
		return "default rollout"
	}
	return "rollout " + c.Name
}

// WaveOf is the course and the wave whose batch it is.
func (p Plan) WaveOf(batch int) (course, wave int, ok bool) {
	for i, c := range p.Courses {
		for j, w := range c.Waves {
			if w.Batch == batch {
				return i, j, true
			}
		}
	}
	return 0, 0, false
}

// narrowed is what is left of courses for some of their changes. Waves keep their batches; one
// of which nothing is left goes, one that was empty before stays.
func narrowed(courses []Course, changes []Change) []Course {
	in := map[int]map[algebra.DeviceID]bool{}
	for _, c := range changes {
		if in[c.Batch] == nil {
			in[c.Batch] = map[algebra.DeviceID]bool{}
		}
		in[c.Batch][c.Action.Target().Device] = true
	}
	var out []Course
	for _, c := range courses {
		waves, target := c.Waves, 0
		c.Waves, c.Settles = nil, nil
		for _, w := range waves {
			left := kept(w.Devices, func(id algebra.DeviceID) bool { return in[w.Batch][id] })
			if len(left) == 0 && len(w.Devices) > 0 {
				continue
			}
			w.Devices, target = left, target+len(left)
			c.Waves = append(c.Waves, w)
		}
		if target > 0 || !c.Budget.IsZero() {
			out = append(out, c)
		}
	}
	return out
}
