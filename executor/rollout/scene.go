package rollout

import (
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/selectors"
)

// Scene is the fleet as a run sees it at one moment.
type Scene struct {
	At time.Time
	// Devices are shared with whoever made the scene.
	Devices map[algebra.DeviceID]*Sight
	// Apart is what other runs found to fail on a device, and nobody has let in again. A run that
	// was planned before they did places it nowhere anew.
	Apart map[algebra.DeviceID][]Failing
	// Zone finds a time zone by its name; windows of devices in unknown ones stay closed.
	Zone func(string) (*time.Location, error)
}

// Failing is a release of an app, with whatever values.
type Failing struct {
	App        algebra.App
	Deployment algebra.Digest
}

// sight is that of a device, zero if it is not in the scene.
func (s Scene) sight(id algebra.DeviceID) *Sight {
	if d := s.Devices[id]; d != nil {
		return d
	}
	return &Sight{}
}

// Sight is one device as a run sees it.
type Sight struct {
	Device algebra.Device
	Online bool
	// Apps is what is published to the device or reported by it, one an app.
	Apps []AppSight
	// Ours says that what is published now was published by this run, At when.
	Ours bool
	At   time.Time
	// Moved says that the device was published to by others, or relabelled, since the plan.
	Moved bool
}

// AppSight is one slot. Published is zero where nothing is to run, Phase where nothing does.
type AppSight struct {
	App                algebra.App
	Published, Running algebra.Release
	Phase              algebra.Phase
	// Current says that the report is of what is published now, or of later; Old, that it surely is
	// not: what it shows may be on its way out.
	Current, Old bool
	Error        string
}

// App is what is seen of an app, zero if nothing is.
func (s *Sight) App(app algebra.App) AppSight {
	for i := range s.Apps {
		if s.Apps[i].App == app {
			return s.Apps[i]
		}
	}
	return AppSight{}
}

// See is where what is seen of an app is kept, until another app is seen.
func (s *Sight) See(app algebra.App) *AppSight {
	for i := range s.Apps {
		if s.Apps[i].App == app {
			return &s.Apps[i]
		}
	}
	s.Apps = append(s.Apps, AppSight{App: app})
	return &s.Apps[len(s.Apps)-1]
}

func (a AppSight) runs(r algebra.Release) bool {
	return !a.Old && a.Running == r && (a.Phase == algebra.Running || a.Phase == algebra.Completed)
}

// available reports whether all that is published to the device runs there.
func (s *Sight) available() bool {
	for _, a := range s.Apps {
		if !a.Published.IsZero() && !a.runs(a.Published) {
			return false
		}
	}
	return true
}

// down reports whether the device has said of something published to it that it does not run there.
func (s *Sight) down() bool {
	for _, a := range s.Apps {
		if !a.Published.IsZero() && !a.Old && !a.runs(a.Published) {
			return true
		}
	}
	return false
}

// managed reports whether anything is published to the device.
func (s *Sight) managed() bool {
	for _, a := range s.Apps {
		if !a.Published.IsZero() {
			return true
		}
	}
	return false
}

// value is what the device has for a budget's key.
func (s *Sight) value(k selectors.Key) (string, bool) {
	if k.Label {
		v, ok := s.Device.Labels[k.Name]
		return v, ok
	}
	if v, ok := s.Device.Facts[k.Name]; ok {
		return v, ok
	}
	return s.Device.ID.String(), k.Name == "id" || k.Name == "name"
}

// SceneOf is the scene a plan was made in: what is published and reported, as of when it was
// observed, on the devices as the plan's registry changes leave them.
func SceneOf(p planner.Plan, r algebra.Reality) Scene {
	s := Scene{At: r.ObservedAt, Devices: make(map[algebra.DeviceID]*Sight, p.Roster.Len()), Zone: time.LoadLocation}
	published := r.Published.On(p.Roster)
	for i := range uint32(p.Roster.Len()) {
		id := p.Roster.ID(i)
		sight := &Sight{Device: p.Roster.Device(i), Online: len(r.Records) == 0 || r.Records[id].Online(r.ObservedAt)}
		for app, rel := range published.At(i) {
			sight.See(app).Published = rel
		}
		s.Devices[id] = sight
	}
	for at, state := range r.Slots {
		if sight, ok := s.Devices[at.Device]; ok {
			a := sight.See(at.App)
			a.Running, a.Phase, a.Current, a.Error = state.Release, state.Phase, true, state.Detail
		}
	}
	return s
}
