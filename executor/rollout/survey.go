package rollout

import (
	"cmp"
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
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
	// Waits says why a waiting device is not ready; empty if all are.
	Waits string
	// Latest is when the lane last published anything.
	Latest time.Time
	// Wake is when that may change by itself; zero is never.
	Wake time.Time
}

// Count is the devices of a wave. Published are those of which Healthy, Failed and the rest on
// their way are part; Waiting could be published to; Offline and Left are not, as they were
// offline, or moved since the plan was made.
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

// mostAtOnce bounds one Publish, so that the record that announces it stays small.
const mostAtOnce = 1024

// Survey sees how far each lane of a run is and which devices may be published to. It is pure.
//
// Laws: what it calls ready can be published to at once, all of it, without bringing the devices
// that are down in any group of any budget above the limit, counting those down already for
// whatever reason; in a group where nobody is down somebody is ready, so budgets alone never
// stop a run.
func Survey(s Script, r wire.Run, scene Scene) View {
	v := View{At: scene.At, Lanes: make([]LaneView, len(s.lanes))}
	b := s.budgets(scene)
	room := mostAtOnce
	for i := range s.lanes {
		l := &v.Lanes[i]
		l.Last = s.last(i, r.Lanes[i].Wave, scene)
		for _, u := range s.wave(i, r.Lanes[i].Wave, scene) {
			s.count(&l.Count, s.units[u], scene)
		}
		for _, n := range s.lanes[i].all {
			u := s.units[n]
			sight := scene.Devices[u.device]
			if sight.Ours {
				l.Latest = later(l.Latest, sight.At)
			}
			if sight.Ours && u.published(sight) {
				if healthy, failed := u.verdict(sight, scene.At, s.lanes[i].Deadline); !healthy && !failed {
					v.UnderWay++
					l.wake(sight.At.Add(s.lanes[i].Deadline))
				}
			}
		}
		switch r.Lanes[i].State {
		case wire.LaneGoing:
			if !r.Lanes[i].Approved && lost(s.lanes[i].Gate, l.Count) {
				break // it will not publish, so it takes nothing of a budget either
			}
			room -= s.ready(i, r.Lanes[i].Wave, scene, b, l, room)
		case wire.LaneRollingBack:
			room -= s.restore(i, scene, b, l, room)
		case wire.LaneHeld, wire.LanePassed, wire.LaneRolledBack:
		}
	}
	return v
}

func (l *LaneView) wake(at time.Time) {
	if !at.IsZero() && (l.Wake.IsZero() || at.Before(l.Wake)) {
		l.Wake = at
	}
}

// wave is the units of a lane's wave. Those of the tail are all that were not published to in
// their own wave, which is what they have in common.
func (s Script) wave(lane, wave int, scene Scene) []int {
	t := s.lanes[lane]
	if wave < t.tail() {
		return t.waves[wave]
	}
	var out []int
	for _, n := range t.all {
		u := s.units[n]
		if u.wave == t.tail() || !u.published(scene.Devices[u.device]) {
			out = append(out, n)
		}
	}
	return out
}

// last reports whether no unit of a later wave can be published to.
func (s Script) last(lane, wave int, scene Scene) bool {
	for _, n := range s.lanes[lane].all {
		if u := s.units[n]; u.wave > wave && !u.published(scene.Devices[u.device]) {
			return false
		}
	}
	return true
}

func (s Script) count(c *Count, u unit, scene Scene) {
	sight := scene.Devices[u.device]
	c.Devices++
	switch {
	case u.published(sight):
		c.Published++
		healthy, failed := u.verdict(sight, scene.At, s.lanes[u.lane].Deadline)
		if healthy {
			c.Healthy++
		} else if failed {
			c.Failed++
		}
	case sight.Moved || !u.restored(sight):
		c.Left++
	case !sight.Online:
		c.Offline++
	default:
		c.Waiting++
	}
}

// ready finds the waiting units of a wave that may go now, in the order of ids, and how many
// they are.
func (s Script) ready(lane, wave int, scene Scene, b budgets, l *LaneView, room int) int {
	t := s.lanes[lane]
	if t.MaxPerMinute > 0 {
		recent, oldest := s.recent(lane, scene)
		if recent >= t.MaxPerMinute {
			l.wake(oldest.Add(time.Minute))
		}
		room = min(room, t.MaxPerMinute-recent)
	}
	for _, n := range s.wave(lane, wave, scene) {
		u := s.units[n]
		sight := scene.Devices[u.device]
		if sight.Moved || !sight.Online || u.published(sight) || !u.restored(sight) {
			continue
		}
		if why, next := s.closed(t, sight, scene); why != "" {
			l.Waits = cmp.Or(l.Waits, why)
			l.wake(next)
			continue
		}
		if len(l.Ready) >= room {
			l.Waits = cmp.Or(l.Waits, "as many as may go at once are on their way")
			break
		}
		if !b.take(u, sight) {
			l.Waits = cmp.Or(l.Waits, b.why(u, sight))
			continue
		}
		l.Ready = append(l.Ready, u.device)
	}
	return len(l.Ready)
}

// closed says why the device's windows keep it from being published to.
func (s Script) closed(t track, sight Sight, scene Scene) (why string, next time.Time) {
	if len(t.Windows) == 0 {
		return "", time.Time{}
	}
	zone, err := scene.Zone(zoneOf(sight.Device))
	if err != nil {
		return sight.Device.ID.String() + " is in an unknown time zone: " + err.Error(), time.Time{}
	}
	if isOpen, next := Open(t.Windows, scene.At, zone); !isOpen {
		return "its window is closed until " + next.UTC().Format(time.RFC3339), next
	}
	return "", time.Time{}
}

// recent counts what a lane published within the last minute.
func (s Script) recent(lane int, scene Scene) (n int, oldest time.Time) {
	for _, i := range s.lanes[lane].all {
		u := s.units[i]
		sight := scene.Devices[u.device]
		if sight.Ours && sight.At.After(scene.At.Add(-time.Minute)) && u.published(sight) {
			n++
			if oldest.IsZero() || sight.At.Before(oldest) {
				oldest = sight.At
			}
		}
	}
	return n, oldest
}

// restore finds the units of a lane that are to be put back, those that are down first: to touch
// them takes nobody else down.
func (s Script) restore(lane int, scene Scene, b budgets, l *LaneView, room int) int {
	var back []int
	for _, n := range s.lanes[lane].all {
		u := s.units[n]
		sight := scene.Devices[u.device]
		switch {
		case u.kept: // it stays
		case u.published(sight) && !sight.Ours: // somebody else wants it so by now
		case u.published(sight):
			l.Restoring++
			back = append(back, n)
		case sight.Ours && u.restored(sight) && sight.Online && !sight.available() && scene.At.Before(sight.At.Add(s.lanes[lane].Deadline)):
			l.Restoring++
			l.wake(sight.At.Add(s.lanes[lane].Deadline))
		}
	}
	slices.SortStableFunc(back, func(x, y int) int {
		return cmp.Compare(rankDown(scene.Devices[s.units[x].device]), rankDown(scene.Devices[s.units[y].device]))
	})
	for _, n := range back {
		if len(l.Restore) >= room {
			break
		}
		u := s.units[n]
		if b.take(u, scene.Devices[u.device]) {
			l.Restore = append(l.Restore, u.device)
		}
	}
	return len(l.Restore)
}

func rankDown(s Sight) int {
	if s.Online && s.available() {
		return 1
	}
	return 0
}
