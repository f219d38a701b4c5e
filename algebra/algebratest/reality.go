package algebratest

import (
	"fmt"
	"slices"
	"time"

	"github.com/leanovate/gopter"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/proofs/reference"
	"github.com/musterfleet/muster/selectors/selectorstest"
)

// FullVocabulary is Vocabulary with everything the language has.
func FullVocabulary() selectorstest.Vocabulary {
	v, small := selectorstest.Full(), Vocabulary()
	v.Nodes, v.Labels = small.Nodes, small.Labels
	return v
}

// Seen is a reality in which devices reported what FullVocabulary asks about.
type Seen struct{ algebra.Reality }

// Realities makes realities of up to six devices, each heard at some time or never, that run
// up to three apps. Some reports are of devices that are not in the roster.
func Realities() gopter.Gen {
	return throw(func(p *gopter.GenParameters) Seen {
		r := algebra.NewReality(MustRoster(devices(p)), selectorstest.Now)
		for _, id := range ids {
			at := algebra.Slot{Device: algebra.MustDeviceID(id)}
			if p.Rng.Intn(4) > 0 {
				r.Records[at.Device] = algebra.Record{Heard: ago(p, 0, time.Second, 4*time.Minute, 5*time.Minute, 2*time.Hour, 72*time.Hour)}
			}
			for _, app := range []string{"web", "agent", "db"} {
				at.App = algebra.MustApp(app)
				state := algebra.SlotState{Phase: pick(p.Rng, []algebra.Phase{0, algebra.Running, algebra.Failed, algebra.Pulling}), Restarts: pick(p.Rng, []int{0, 3, 12})}
				if p.Rng.Intn(4) > 0 {
					state.Release.Version = algebra.MustVersion(pick(p.Rng, []string{"2.1.0", "2.2.0-rc.1", "nightly"}))
					state.Since = ago(p, time.Minute, 3*time.Hour, 48*time.Hour)
				}
				if p.Rng.Intn(2) == 0 {
					r.Slots[at] = state
				}
			}
		}
		return Seen{r}
	})
}

func ago(p *gopter.GenParameters, lengths ...time.Duration) time.Time {
	return selectorstest.Now.Add(-pick(p.Rng, lengths))
}

// Reference is the devices in the words of the oracle.
func (s Seen) Reference() []reference.Device {
	list := ReferenceDevices(s.Roster)
	for i := range list {
		d := &list[i]
		d.Now = s.ObservedAt
		d.Heard = s.Records[algebra.MustDeviceID(d.ID)].Heard
		for at, state := range s.Slots {
			if at.Device.String() != d.ID {
				continue
			}
			run := map[string]string{"app": at.App.String(), "restarts": fmt.Sprint(state.Restarts)}
			if v := state.Release.Version.String(); v != "" {
				run["version"] = v
			}
			if state.Phase != 0 {
				run["phase"] = state.Phase.String()
			}
			if !state.Since.IsZero() {
				run["since"] = state.Since.Format(time.RFC3339)
			}
			d.Runs = append(d.Runs, run)
		}
	}
	return list
}

// String is what a failing law prints.
func (s Seen) String() string {
	out := ""
	for d := range s.Roster.Devices() {
		out += fmt.Sprintf("\n  %s %v %v heard %s", d.ID, d.Labels, d.Facts, s.Records[d.ID].Heard)
	}
	var slots []string
	for at, state := range s.Slots {
		slots = append(slots, fmt.Sprintf("\n  %s/%s %s %s since %s, %d restarts", at.Device, at.App, state.Release.Version, state.Phase, state.Since, state.Restarts))
	}
	slices.Sort(slots)
	return out + fmt.Sprint(slots)
}
