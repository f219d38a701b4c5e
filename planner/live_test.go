package planner_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/planfile"
)

// following is planner.Live or a wrong variant.
type following interface {
	Apply(...planner.Delta) []planner.News
	Plan() planner.Plan
}

// model is a situation that deltas change plainly.
type model struct {
	algebratest.Situation
	now time.Time
	*rand.Rand
	worlds []algebra.World
	// Quarantine and Settled are not among what a situation has.
	Quarantine []algebra.Quarantine
	Settled    []algebra.Settled
}

func (m *model) reality() algebra.Reality {
	r := m.Reality()
	r.ObservedAt, r.Quarantine, r.Settled = m.now, m.Quarantine, m.Settled
	return r
}

// lively is a World with two rules besides that depend on what is observed and on the time.
func lively(w algebra.World) algebra.World {
	v := algebratest.FullVocabulary()
	v.Versions = map[string][]string{}
	for _, d := range w.Deployments {
		v.Versions[d.App().String()] = append(v.Versions[d.App().String()], d.Version().String())
	}
	first, last := w.Deployments[0], w.Deployments[len(w.Deployments)-1]
	w.Assignments = append(slices.Clone(w.Assignments),
		algebra.Definition{Name: "z-silent", Dynamic: true, Expr: v.MustBind(fmt.Sprintf(`!(heartbeat within 5m) -> {%s} at 20`, first))},
		algebra.Definition{Name: "z-young", Dynamic: true, Expr: v.MustBind(fmt.Sprintf(`any(deploy: phase = Running & since within 10m) -> {%s} at 20`, last))})
	waves := algebra.DefaultRollout().Waves
	w.Rollouts = []algebra.Rollout{{Name: "web", App: algebra.MustApp("web"), Waves: waves},
		{Name: "ring", Fleet: v.MustBind(`label("ring") = "0"`), Waves: waves}, {Name: "site", Fleet: v.MustBind(`label("site") = "a"`), Waves: waves}}
	return w
}

// next is a random delta, and the model after it.
func (m *model) next() planner.Delta {
	device := func() algebra.DeviceID {
		if len(m.Devices) == 0 || m.Intn(6) == 0 {
			return algebra.MustDeviceID(fmt.Sprintf("edge%03d", m.Intn(4)))
		}
		return m.Devices[m.Intn(len(m.Devices))].ID
	}
	id := device()
	i := slices.IndexFunc(m.Devices, func(d algebra.Device) bool { return d.ID == id })
	switch m.Intn(14) {
	case 13:
		m.Settled = nil
		for _, c := range planner.Make(m.World, m.reality()).Courses {
			for _, s := range c.Settles {
				if m.Intn(3) > 0 {
					m.Settled = append(m.Settled, s)
				}
			}
		}
		return planner.Settlements{List: m.Settled}
	case 12:
		return m.register(id, i)
	case 11:
		facts := map[string]string{"arch": []string{"aarch64", "x86_64"}[m.Intn(2)]}
		if i >= 0 {
			m.Devices = slices.Clone(m.Devices)
			m.Devices[i].Facts = facts
		}
		return planner.Reported{Device: id, Facts: facts}
	case 10:
		d := m.some()
		m.Quarantine = []algebra.Quarantine{{App: d.App(), Version: d.Version(), Deployment: d.Digest(), Devices: []algebra.DeviceID{id}, Run: "r1", Reason: "exit 1"}}
		return planner.Quarantines{List: m.Quarantine}
	case 0:
		d := algebra.Device{ID: id, Labels: map[string]string{"ring": fmt.Sprint(m.Intn(2)), "site": "a"}, Facts: map[string]string{"arch": "aarch64"}}
		if i < 0 {
			m.Devices = append(slices.Clone(m.Devices), d)
		} else {
			m.Devices = slices.Clone(m.Devices)
			m.Devices[i] = d
		}
		return planner.PutDevice{Device: d}
	case 1:
		m.Devices = slices.DeleteFunc(slices.Clone(m.Devices), func(d algebra.Device) bool { return d.ID == id })
		maps.DeleteFunc(m.Published, func(at algebra.Slot, _ algebra.Release) bool { return at.Device == id })
		return planner.RemoveDevice{Device: id}
	case 2:
		key, value := []string{"ring", "site", "fw", "owner"}[m.Intn(4)], []string{"0", "1", "a"}[m.Intn(3)]
		delta := planner.SetLabel{Device: id, Key: key, Value: value, Absent: m.Intn(4) == 0}
		if i >= 0 {
			m.Devices = slices.Clone(m.Devices)
			labels := maps.Clone(m.Devices[i].Labels)
			if labels == nil {
				labels = map[string]string{}
			}
			if labels[key] = value; delta.Absent {
				delete(labels, key)
			}
			m.Devices[i].Labels = labels
		}
		return delta
	case 3:
		rec := m.Records[id]
		rec.Heard = m.now.Add(-time.Duration(m.Intn(8)) * time.Minute)
		m.Records[id] = rec
		return planner.Heard{Device: id, At: rec.Heard}
	case 4, 5:
		at := algebra.Slot{Device: id, App: m.some().App()}
		state := algebra.SlotState{Release: m.release(id), Phase: algebra.Phase(1 + m.Intn(8)), Since: m.now.Add(-time.Duration(m.Intn(12)) * time.Minute)}
		if m.Intn(3) == 0 {
			state.Release = m.Published[at]
		}
		if m.Intn(5) == 0 {
			state = algebra.SlotState{}
			delete(m.Slots, at)
		} else {
			m.Slots[at] = state
		}
		return planner.Said{At: at, State: state}
	case 6:
		rec := algebra.Record{Registry: uint64(m.Intn(5)), Desired: uint64(m.Intn(5)), Lifecycle: algebra.Lifecycle(1 + m.Intn(4)), Heard: m.now}
		m.Records[id] = rec
		return planner.SetRecord{Device: id, Record: rec}
	case 7:
		return m.publishSome(id, i >= 0)
	case 8:
		m.World = m.another()
		return planner.Declared{World: m.World}
	}
	m.now = m.now.Add(time.Duration(m.Intn(12)-1) * time.Minute)
	return planner.Tick{At: m.now}
}

// register enters a device in the registry or changes its entry.
func (m *model) register(id algebra.DeviceID, i int) planner.Delta {
	d := planner.Registered{Device: id, Labels: map[string]string{"ring": fmt.Sprint(m.Intn(2)), "site": "a"},
		Revision: uint64(m.Intn(5)), Lifecycle: algebra.Lifecycle(1 + m.Intn(4))}
	m.Devices = slices.Clone(m.Devices)
	if i < 0 {
		m.Devices = append(m.Devices, algebra.Device{ID: id, Labels: d.Labels})
	} else {
		m.Devices[i].Labels = d.Labels
	}
	rec := m.Records[id]
	rec.Registry, rec.Lifecycle = d.Revision, d.Lifecycle
	m.Records[id] = rec
	return d
}

// some is a deployment that the World has, or had.
func (m *model) some() algebra.Deployment {
	w := m.worlds[m.Intn(len(m.worlds))]
	return w.Deployments[m.Intn(len(w.Deployments))].Deployment
}

func (m *model) release(id algebra.DeviceID) algebra.Release {
	d := m.some()
	for _, dev := range m.Devices {
		if dev.ID == id {
			values, _ := d.Values(dev)
			return algebra.Release{Version: d.Version(), Deployment: d.Digest(), Values: values.Digest()}
		}
	}
	return algebra.Release{Version: d.Version(), Deployment: d.Digest()}
}

func (m *model) publishSome(id algebra.DeviceID, known bool) planner.Delta {
	delta := planner.Published{Device: id, Revision: uint64(m.Intn(9)), Apps: map[algebra.App]algebra.Release{}, Specs: map[algebra.Digest]algebra.Deployment{}}
	for range m.Intn(3) {
		d := m.some()
		delta.Apps[d.App()] = algebra.Release{Version: d.Version(), Deployment: d.Digest(), Values: algebra.Values{}.Digest()}
		if m.Intn(2) == 0 {
			delta.Specs[d.Digest()] = d
		}
	}
	if !known {
		return delta
	}
	maps.DeleteFunc(m.Published, func(at algebra.Slot, _ algebra.Release) bool { return at.Device == id })
	for app, rel := range delta.Apps {
		m.Published[algebra.Slot{Device: id, App: app}] = rel
	}
	rec := m.Records[id]
	rec.Desired = delta.Revision
	m.Records[id] = rec
	maps.Copy(m.Specs, delta.Specs)
	return delta
}

// another is a World a little or quite another.
func (m *model) another() algebra.World {
	w := m.World
	w.Assignments, w.Devices = slices.Clone(w.Assignments), slices.Clone(w.Devices)
	i := m.Intn(len(w.Assignments))
	switch m.Intn(6) {
	case 5:
		w.Rollouts = w.Rollouts[:m.Intn(len(w.Rollouts)+1)]
	case 0:
		return m.worlds[m.Intn(len(m.worlds))]
	case 1:
		w.Assignments[i].Abstract = !w.Assignments[i].Abstract
	case 2:
		w.Assignments[i].Source.Line += 3
	case 3:
		w.Assignments[i].Name += "x"
	case 4:
		if len(w.Devices) > 0 {
			w.Devices = w.Devices[1:]
		}
	}
	return w
}

// liveLaw: after any deltas the plan is Make of what has become, to the byte of its file, and
// every device of which the plan says something else was in the news.
func liveLaw(start func(algebra.World, algebra.Reality) following, steps int, planned *int) gopter.Prop {
	return prop.ForAll(func(s, other algebratest.Situation, seed int64) (bool, error) {
		return liveCase(start, steps, planned, s, other, seed)
	}, whole(algebratest.Situations()), whole(algebratest.Situations()), gen.Int64())
}

// whole keeps a failing case as it is: each try to shrink it would plan some hundred times.
func whole(g gopter.Gen) gopter.Gen { return g.WithShrinker(gopter.NoShrinker) }

func liveCase(start func(algebra.World, algebra.Reality) following, steps int, planned *int, s, other algebratest.Situation, seed int64) (bool, error) {
	s.World, other.World = lively(s.World), lively(other.World)
	s.Records, s.Slots, s.Published, s.Specs = maps.Clone(s.Records), maps.Clone(s.Slots), maps.Clone(s.Published), maps.Clone(s.Specs)
	m := &model{Situation: s, now: algebratest.Now, Rand: rand.New(rand.NewSource(seed)), worlds: []algebra.World{s.World, other.World}}
	live := start(m.World, m.reality())
	before := planner.Make(m.World, m.reality()).Whole()
	for step := range steps {
		var deltas []planner.Delta
		for range 1 + m.Intn(3) {
			deltas = append(deltas, m.next())
		}
		news := live.Apply(deltas...)
		r := m.reality()
		want := planner.Make(m.World, r).Whole()
		if step%4 == 0 || step == steps-1 { // to see the plan brings what differs into the base
			have := live.Plan().Whole()
			if x, y := filed(have, r), filed(want, r); !bytes.Equal(x, y) {
				return false, fmt.Errorf("step %d, after %T: %s", step, deltas, firstDifference(x, y))
			}
		}
		told := map[algebra.DeviceID]bool{}
		for _, n := range news {
			told[n.Device] = true
		}
		for _, t := range append(before.Targets(), want.Targets()...) {
			x, y := said1(before, t.Device), said1(want, t.Device)
			if x != y {
				*planned++
			}
			if x != y && !told[t.Device] {
				return false, fmt.Errorf("after %T %s is not told:\n%s\n%s", deltas, t.Device, x, y)
			}
		}
		before = want
	}
	return true, nil
}

// firstDifference shows where two files part.
func firstDifference(x, y []byte) string {
	have, want := bytes.Split(x, []byte("\n")), bytes.Split(y, []byte("\n"))
	for i := range want {
		if i >= len(have) || !bytes.Equal(have[i], want[i]) && !bytes.Contains(want[i], []byte("sha256:")) && !bytes.Contains(want[i], []byte("p-")) {
			from, to := max(0, i-12), min(len(want), i+6)
			return fmt.Sprintf("live\n%s\nbatch\n%s", bytes.Join(have[min(from, len(have)):min(to, len(have))], []byte("\n")), bytes.Join(want[from:to], []byte("\n")))
		}
	}
	return "in a digest only"
}

func filed(p planner.Plan, r algebra.Reality) []byte {
	return planfile.From(p, r, planfile.Request{}, algebratest.Now).JSON()
}

// said1 is what a plan says of one device, but for the waves, which depend on all of them.
func said1(p planner.Plan, id algebra.DeviceID) string {
	p = p.Of(func(t planner.Target) bool { return t.Device == id })
	p.Courses, p.Emptied = nil, nil
	for i := range p.Changes {
		p.Changes[i].Batch = 0
	}
	slices.SortFunc(p.Changes, func(a, b planner.Change) int { return a.Action.Target().Compare(b.Action.Target()) })
	return planner.Text(p, planner.Style{Whole: true})
}

func TestLiveIsMake(t *testing.T) {
	planned := 0
	algebratest.Law(t, 60)(liveLaw(func(w algebra.World, r algebra.Reality) following { return planner.NewLive(w, r) }, 40, &planned))
	if planned < 60*40/4 {
		t.Errorf("the deltas changed the plan of %d devices only", planned)
	}
}

// forgetful is a Live that some deltas do not reach.
type forgetful struct {
	*planner.Live
	drop func(planner.Delta) bool
}

func (f forgetful) Apply(deltas ...planner.Delta) []planner.News {
	return f.Live.Apply(slices.DeleteFunc(slices.Clone(deltas), f.drop)...)
}

func TestLiveLawSeesWrongLives(t *testing.T) {
	n := 0
	check := algebratest.Planted(t, 60)
	for name, drop := range map[string]func(planner.Delta) bool{
		"time stands still":        func(d planner.Delta) bool { _, ok := d.(planner.Tick); return ok },
		"no sign of life":          func(d planner.Delta) bool { _, ok := d.(planner.Heard); return ok },
		"the registry stays":       func(d planner.Delta) bool { _, ok := d.(planner.Registered); return ok },
		"facts stay":               func(d planner.Delta) bool { _, ok := d.(planner.Reported); return ok },
		"labels stay":              func(d planner.Delta) bool { _, ok := d.(planner.SetLabel); return ok },
		"nothing is ever settled":  func(d planner.Delta) bool { _, ok := d.(planner.Settlements); return ok },
		"the first World for good": func(d planner.Delta) bool { _, ok := d.(planner.Declared); return ok },
	} {
		check(name, liveLaw(func(w algebra.World, r algebra.Reality) following {
			return forgetful{planner.NewLive(w, r), drop}
		}, 40, &n))
	}
	check("news are not told", liveLaw(func(w algebra.World, r algebra.Reality) following {
		return silent{planner.NewLive(w, r)}
	}, 10, &n))
}

// silent tells nothing.
type silent struct{ *planner.Live }

func (s silent) Apply(deltas ...planner.Delta) []planner.News {
	s.Live.Apply(deltas...)
	return nil
}
