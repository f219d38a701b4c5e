package rollout

import (
	"time"

	"github.com/musterfleet/muster/algebra"
)

// View is what a run's next step depends on, for each of its lanes.
type View struct {
	At    time.Time
	Lanes []LaneView
	// UnderWay is how many devices were published to by this run and have not come to an end.
	UnderWay int
}

// LaneView counts the devices of the wave that a lane is in.
type LaneView struct {
	Count
	// Ready are those that may be published to now, Restore those to be put back, both as far as
	// budgets, windows and the rate allow.
	Ready, Restore []algebra.DeviceID
	// Restoring counts the devices that still have, or are on their way back from, what failed.
	Restoring int
	// Last says that no later wave has a device.
	Last bool
	// Denied says why the gates let the wave not start; empty if they do, or it has started. Survey
	// leaves it empty: gates are the shell's.
	Denied string
	// Waits says why a waiting device is not ready; empty if all are.
	Waits string
	// Latest is when the lane last published anything.
	Latest time.Time
	// Wake is when that may change by itself; zero is never.
	Wake time.Time
}

// Count is the devices of a wave. Published are those of which Healthy, Failed and the rest on
// their way are part; Waiting could be published to; Offline and Left are not, as they were
// offline, or moved since the plan was made, or what it wants was found to fail there since.
type Count struct {
	Devices   int `json:"devices"`
	Published int `json:"published"`
	Healthy   int `json:"healthy"`
	Failed    int `json:"failed"`
	Waiting   int `json:"waiting"`
	Offline   int `json:"offline"`
	Left      int `json:"left"`
}

func (c Count) underWay() int { return c.Published - c.Healthy - c.Failed }

func (c *Count) add(at *stand) {
	c.Devices++
	switch {
	case at.published:
		c.Published++
		if at.healthy {
			c.Healthy++
		} else if at.failed {
			c.Failed++
		}
	case at.left():
		c.Left++
	case !at.Online:
		c.Offline++
	default:
		c.Waiting++
	}
}

func (l *LaneView) wake(at time.Time) {
	if !at.IsZero() && (l.Wake.IsZero() || at.Before(l.Wake)) {
		l.Wake = at
	}
}
