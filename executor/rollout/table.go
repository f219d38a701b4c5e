package rollout

import (
	"fmt"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// Row is how one wave of a run stands.
type Row struct {
	Rollout string `json:"rollout"`
	Wave    string `json:"wave"`
	// State is waiting, under way, soaking, held, rolling back, passed, approved or rolled back.
	State string `json:"state"`
	Count
}

// Table is the waves of all lanes, in the order they go out. Each device of a lane is in one row.
func (s Script) Table(r Run, scene Scene) []Row {
	var rows []Row
	for i, t := range s.lanes {
		for w, units := range t.waves {
			if w == t.tail() && len(units) == 0 {
				continue
			}
			row := Row{Rollout: s.Title(i), Wave: t.waveName(w)}
			for _, n := range units {
				at := s.stand(s.units[n], scene)
				row.Count.add(&at)
			}
			row.State = standing(r.Lanes[i], w, row.Count)
			rows = append(rows, row)
		}
	}
	return rows
}

func standing(l wire.Lane, wave int, c Count) string {
	for _, v := range l.Verdicts {
		if v.Wave == wave && wave < l.Wave && v.Approved {
			return "approved"
		}
	}
	switch {
	case l.State == wire.LaneRollingBack || l.State == wire.LaneRolledBack:
		return l.State.String()
	case wave < l.Wave || l.State == wire.LanePassed:
		return "passed"
	case wave > l.Wave || l.Since.IsZero():
		return "waiting"
	case l.State == wire.LaneHeld:
		return "held"
	case !l.Good.IsZero() && c.underWay() == 0:
		return "soaking"
	}
	return "under way"
}

// Total counts the devices of all lanes. A device that is in two lanes counts in each.
func (s Script) Total(scene Scene) Count {
	var c Count
	for _, u := range s.units {
		at := s.stand(u, scene)
		c.add(&at)
	}
	return c
}

// Left is a device that is not as the run wants it, and why.
type Left struct {
	Device algebra.DeviceID `json:"device"`
	Why    string           `json:"why"`
}

// Left names the devices that are not as the run wants them, by id.
func (s Script) Left(r Run, scene Scene) []Left {
	var out []Left
	for _, u := range s.units {
		if why := s.trouble(u, r.Lanes[u.lane], scene); why != "" {
			out = append(out, Left{u.device, why})
		}
	}
	slices.SortFunc(out, func(a, b Left) int { return a.Device.Compare(b.Device) })
	return out
}

func (s Script) trouble(u unit, l wire.Lane, scene Scene) string {
	at := s.stand(u, scene)
	if at.published {
		switch {
		case at.healthy:
			return ""
		case !at.Online:
			return "went silent after it was published to"
		}
		return u.symptom(at.Sight, at.failed)
	}
	switch {
	case at.Ours && at.restored && l.State == wire.LaneRolledBack:
		return "rolled back"
	case at.apart:
		return "what it was to get was found to fail there since the plan was made, left to the next plan"
	case at.left():
		return "changed by someone else since the plan was made, left to the next plan"
	case !at.Online:
		return "offline, left to the next plan"
	}
	return "not published to"
}

// symptom says what a published device that is not healthy shows.
func (u unit) symptom(s *Sight, late bool) string {
	var says []string
	for _, c := range u.changes {
		app := c.Action.Target().App
		_, want := Ends(c.Action)
		a := s.App(app)
		switch {
		case want.IsZero() && a.Phase != 0:
			says = append(says, app.String()+" is not stopped yet")
		case want.IsZero() || a.runs(want):
		case a.Error != "":
			says = append(says, fmt.Sprintf("%s is %s: %s", app, a.Phase, a.Error))
		case a.Phase != 0:
			says = append(says, fmt.Sprintf("%s is %s", app, a.Phase))
		}
	}
	switch {
	case len(says) > 0:
		return strings.Join(says, "; ")
	case late:
		return "no answer from the device"
	}
	return "no answer from the device yet"
}

// Placed is a release that a lane places, and the devices it places it on, by id.
type Placed struct {
	App     algebra.App
	Release algebra.Release
	Devices []algebra.DeviceID
}

// Places is what a lane places, by app and version; Stops are none.
func (s Script) Places(lane int) []Placed {
	var out []Placed
	for _, n := range s.lanes[lane].all {
		u := s.units[n]
		for _, c := range u.changes {
			_, want := Ends(c.Action)
			want.Values = algebra.Digest{} // it is the deployment that fails, whatever a device gives it
			if want.IsZero() {
				continue
			}
			app := c.Action.Target().App
			i := slices.IndexFunc(out, func(p Placed) bool { return p.App == app && p.Release == want })
			if i < 0 {
				i, out = len(out), append(out, Placed{App: app, Release: want})
			}
			out[i].Devices = append(out[i].Devices, u.device)
		}
	}
	slices.SortFunc(out, func(a, b Placed) int {
		if c := a.App.Compare(b.App); c != 0 {
			return c
		}
		return strings.Compare(a.Release.Version.String()+a.Release.Deployment.String(), b.Release.Version.String()+b.Release.Deployment.String())
	})
	return out
}
