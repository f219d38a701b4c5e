package rollout

import (
	"cmp"
	"slices"
	"time"

	"github.com/musterfleet/muster/executor/wire"
)

// mostAtOnce bounds one Publish: what is seen between two of them is no older than it takes to
// write one.
const mostAtOnce = 32768

// stand is how a unit stands in a scene. A survey looks each up once: in a large fleet that is
// most of what it costs.
type stand struct {
	*Sight
	// published is as the unit wants it; restored, of one that is not, as it was before.
	published, restored bool
	// apart says that what the unit wants is in quarantine there by now.
	apart bool
	// healthy and failed are of one that is published.
	healthy, failed bool
}

func (s Script) stand(u unit, scene Scene) stand {
	at := stand{Sight: scene.sight(u.device)}
	if at.published = u.published(at.Sight); at.published {
		at.healthy, at.failed = u.verdict(at.Sight, scene.At, s.lanes[u.lane].Deadline)
	} else {
		at.restored = u.restored(at.Sight)
		at.apart = u.apart(scene)
	}
	return at
}

// left reports a unit, not published, that is left to the next plan.
func (s *stand) left() bool { return s.Moved || s.apart || !s.restored }

// survey is what a Survey knows of its scene.
type survey struct {
	Script
	scene  Scene
	stands []stand // by unit
	left   budgets
	room   int // how many more devices may go
}

func (s Script) stands(scene Scene) []stand {
	out := make([]stand, len(s.units))
	for i, u := range s.units {
		out[i] = s.stand(u, scene)
	}
	return out
}

// Survey sees how far each lane of a run is and which devices may be published to. It is pure.
//
// Laws: what it calls ready can be published to at once, all of it, without bringing the devices
// that are down in any group of any budget above the limit, counting those down already for
// whatever reason; in a group where nobody is down somebody is ready, so budgets alone never
// stop a run.
func Survey(s Script, r wire.Run, scene Scene) View {
	v := View{At: scene.At, Lanes: make([]LaneView, len(s.lanes))}
	y := survey{s, scene, s.stands(scene), s.budgets(scene), mostAtOnce}
	for i := range s.lanes {
		l := &v.Lanes[i]
		wave := s.wave(i, r.Lanes[i].Wave, y.stands)
		l.Last = s.last(i, r.Lanes[i].Wave, y.stands)
		for _, n := range wave {
			l.Count.add(&y.stands[n])
		}
		for _, n := range s.lanes[i].all {
			at := &y.stands[n]
			if !at.Ours {
				continue
			}
			l.Latest = later(l.Latest, at.At)
			if at.published && !at.healthy && !at.failed {
				v.UnderWay++
				l.wake(at.At.Add(s.lanes[i].Deadline))
			}
		}
		switch r.Lanes[i].State {
		case wire.LaneGoing:
			if !r.Lanes[i].Approved && lost(s.lanes[i].Gate, l.Count) {
				break // it will not publish, so it takes nothing of a budget either
			}
			y.ready(l, i, wave)
		case wire.LaneRollingBack:
			y.restore(l, i)
		case wire.LaneHeld, wire.LanePassed, wire.LaneRolledBack:
		}
	}
	return v
}

// wave is the units of a lane's wave. Those of the tail are all that were not published to in
// their own wave, which is what they have in common.
func (s Script) wave(lane, wave int, stands []stand) []int {
	t := s.lanes[lane]
	if wave < t.tail() {
		return t.waves[wave]
	}
	var out []int
	for _, n := range t.all {
		if s.units[n].wave == t.tail() || !stands[n].published {
			out = append(out, n)
		}
	}
	return out
}

// last reports whether no unit of a later wave can be published to.
func (s Script) last(lane, wave int, stands []stand) bool {
	for _, n := range s.lanes[lane].all {
		if s.units[n].wave > wave && !stands[n].published {
			return false
		}
	}
	return true
}

// ready finds the waiting units of a wave that may go now, in the order of ids.
func (y *survey) ready(l *LaneView, lane int, wave []int) {
	t, room := y.lanes[lane], y.room
	if t.MaxPerMinute > 0 {
		recent, oldest := y.recent(lane)
		if recent >= t.MaxPerMinute {
			l.wake(oldest.Add(time.Minute))
		}
		room = min(room, t.MaxPerMinute-recent)
	}
	for _, n := range wave {
		u, at := y.units[n], &y.stands[n]
		if at.published || at.left() || !at.Online {
			continue
		}
		if why, next := y.closed(t, at.Sight, y.scene); why != "" {
			l.Waits = cmp.Or(l.Waits, why)
			l.wake(next)
			continue
		}
		if len(l.Ready) >= room {
			l.Waits = cmp.Or(l.Waits, "as many as may go at once are on their way")
			break
		}
		if !y.left.take(u, at.Sight) {
			l.Waits = cmp.Or(l.Waits, y.left.why(u, at.Sight))
			continue
		}
		l.Ready = append(l.Ready, u.device)
	}
	y.room -= len(l.Ready)
}

// closed says why the device's windows keep it from being published to.
func (s Script) closed(t track, sight *Sight, scene Scene) (why string, next time.Time) {
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
func (y *survey) recent(lane int) (n int, oldest time.Time) {
	for _, i := range y.lanes[lane].all {
		at := &y.stands[i]
		if at.Ours && at.published && at.At.After(y.scene.At.Add(-time.Minute)) {
			n++
			if oldest.IsZero() || at.At.Before(oldest) {
				oldest = at.At
			}
		}
	}
	return n, oldest
}

// restore finds the units of a lane that are to be put back, those that are down first: to touch
// them takes nobody else down.
func (y *survey) restore(l *LaneView, lane int) {
	deadline := y.lanes[lane].Deadline
	var back []int
	for _, n := range y.lanes[lane].all {
		at := &y.stands[n]
		switch {
		case y.units[n].kept: // it stays
		case at.published && !at.Ours: // somebody else wants it so by now
		case at.published:
			l.Restoring++
			back = append(back, n)
		case at.Ours && at.restored && at.Online && !at.available() && y.scene.At.Before(at.At.Add(deadline)):
			l.Restoring++
			l.wake(at.At.Add(deadline))
		}
	}
	slices.SortStableFunc(back, func(a, b int) int { return cmp.Compare(rankDown(y.stands[a].Sight), rankDown(y.stands[b].Sight)) })
	for _, n := range back {
		if len(l.Restore) >= y.room {
			break
		}
		if u := y.units[n]; y.left.take(u, y.stands[n].Sight) {
			l.Restore = append(l.Restore, u.device)
		}
	}
	y.room -= len(l.Restore)
}

func rankDown(s *Sight) int {
	if s.Online && s.available() {
		return 1
	}
	return 0
}
