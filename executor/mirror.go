package executor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
)

// Mirror keeps a plan in step with the fleet's records: it is Observe and planner.Make, by what
// changes. It serves one goroutine at a time.
//
// Law: after any changes, in any order that keeps those of one record in theirs, its reality is
// what Observe reads, and its marks are those of the records.
type Mirror struct {
	Live *planner.Live
	// World, Runs and Lease are what Read and the changes said of the fleet as a whole.
	World Kept[wire.WorldRecord]
	Runs  map[string]Kept[wire.Run]
	Lease Kept[wire.Lease]
	// Marks are how far it has come.
	Marks Marks

	from  Reader
	keys  wire.Keyring
	apart map[string]Kept[wire.Quarantined]
	// early is news of devices that the registry does not know yet, by what it is about: records
	// of different buckets arrive in any order.
	early map[algebra.DeviceID]map[string]Change
}

// NewMirror reads the fleet once. What is watched must have begun before, so that nothing is
// missed. The problems name records that could not be read; such a record counts as absent.
func NewMirror(ctx context.Context, t Reader, keys wire.Keyring, w algebra.World, now time.Time) (*Mirror, []error, error) {
	records, err := t.Read(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read the fleet: %w", err)
	}
	r, problems, err := observe(ctx, t, records, keys, now)
	if err != nil {
		return nil, nil, err
	}
	m := &Mirror{World: records.World, Runs: records.Runs, Lease: records.Lease, Marks: records.marks(), from: t, keys: keys,
		apart: records.Quarantine, early: map[algebra.DeviceID]map[string]Change{}}
	for id, d := range records.Devices {
		if d.Entry.Revision == 0 {
			m.keepAll(id, d)
		}
	}
	m.Live = planner.NewLive(w, r)
	return m, problems, nil
}

// Hear takes changes in and tells the devices whose part of the plan is another now; of a device
// that is told twice the last counts. Problems name records that could not be read. The error is
// of the store, which did not give the content of what is published: what that holds on its
// device is not known then, and the next plan says so.
func (m *Mirror) Hear(ctx context.Context, changes ...Change) (news []planner.News, problems []error, err error) {
	t := taking{Mirror: m, ctx: ctx, heard: map[algebra.DeviceID]time.Time{}}
	for _, c := range changes {
		m.Marks = m.Marks.Join(heard(c))
		if _, known := m.Live.Record(c.Device); known || c.Device.IsZero() {
			t.take(c)
			continue
		}
		if _, entry := c.Message.(wire.DeviceEntry); !entry {
			m.keep(c)
			continue
		}
		news = append(news, t.apply()...) // from here on the device is known
		t.take(c)
		news = append(news, t.apply()...)
		for _, was := range m.early[c.Device] {
			t.take(was)
		}
		delete(m.early, c.Device)
	}
	return append(news, t.apply()...), t.problems, errors.Join(t.failed...)
}

func (m *Mirror) keep(c Change) {
	about := c.Message.Kind()
	if s, ok := c.Message.(wire.AppState); ok {
		about += " " + s.App.String()
	}
	if m.early[c.Device] == nil {
		m.early[c.Device] = map[string]Change{}
	}
	m.early[c.Device][about] = c
}

func (m *Mirror) keepAll(id algebra.DeviceID, d Device) {
	if r := d.Info; r.Revision > 0 {
		m.keep(Change{Device: id, Message: r.Value, Revision: r.Revision, At: r.At})
	}
	if r := d.Heartbeat; r.Revision > 0 {
		m.keep(Change{Device: id, Message: r.Value, Revision: r.Revision, At: r.At})
	}
	if r := d.Desired; r.Revision > 0 {
		m.keep(Change{Device: id, Message: wire.Signed{}, Envelope: r.Value, Revision: r.Revision, At: r.At})
	}
	for _, r := range d.States {
		m.keep(Change{Device: id, Message: r.Value, Revision: r.Revision, At: r.At})
	}
}

// taking is one Hear under way.
type taking struct {
	*Mirror
	ctx      context.Context
	deltas   []planner.Delta
	heard    map[algebra.DeviceID]time.Time
	problems []error
	failed   []error
}

func (t *taking) apply() []planner.News {
	deltas := t.deltas
	t.deltas = nil
	return t.Live.Apply(deltas...)
}

func (t *taking) add(d planner.Delta) { t.deltas = append(t.deltas, d) }

// hear notes a sign of life: of two the newer counts, whichever comes first.
func (t *taking) hear(c Change) {
	last, ok := t.heard[c.Device]
	if !ok {
		rec, _ := t.Live.Record(c.Device)
		last = rec.Heard
	}
	if c.At.After(last) {
		t.heard[c.Device] = c.At
		t.add(planner.Heard{Device: c.Device, At: c.At})
	}
}

func (t *taking) take(c Change) {
	rec, _ := t.Live.Record(c.Device)
	switch said := c.Message.(type) {
	case wire.Heartbeat:
		t.hear(c)
	case wire.AppState:
		t.hear(c)
		t.add(planner.Said{At: algebra.Slot{Device: c.Device, App: said.App}, State: slotState(said)})
	case wire.DeviceInfo:
		t.hear(c)
		t.add(planner.Reported{Device: c.Device, Facts: said.Facts})
	case wire.DeviceEntry:
		if c.Revision > rec.Registry {
			t.add(planner.Registered{Device: c.Device, Labels: said.Labels, Revision: c.Revision, Lifecycle: said.Lifecycle})
		}
	case wire.Signed:
		if c.Revision > rec.Desired {
			t.publish(c)
		}
	case wire.Quarantined:
		key := wire.QuarantineKey(said)
		t.apart[key] = newer(t.apart[key], said, c)
		list, wrong := quarantines(t.apart)
		t.problems = append(t.problems, wrong...)
		t.add(planner.Quarantines{List: list})
	case wire.WorldRecord:
		t.World = newer(t.World, said, c)
	case wire.Run:
		before := t.Runs[said.ID]
		t.Runs[said.ID] = newer(before, said, c)
		if movedOn(before.Value, t.Runs[said.ID].Value) {
			t.add(planner.Settlements{List: settled(t.Runs)})
		}
	case wire.Lease:
		t.Lease = newer(t.Lease, said, c)
	case wire.AskState, wire.AskSpec, wire.StateAnswer, wire.SpecAnswer, wire.Refusal, wire.AskLogs, wire.LogsAnswer,
		wire.AskDoctor, wire.DoctorAnswer, wire.AskSecret, wire.SecretAnswer, wire.Unsupported:
		panic(fmt.Sprintf("executor: ChangeOf gave a %s", said.Kind()))
	}
}

// publish takes a device's desired state. One whose signature does not hold publishes nothing.
func (t *taking) publish(c Change) {
	p := planner.Published{Device: c.Device, Revision: c.Revision, Specs: map[algebra.Digest]algebra.Deployment{}}
	v, err := wire.Open(c.Envelope, c.Device, t.keys)
	if err != nil {
		t.problems = append(t.problems, err)
	} else {
		p.Apps = v.State().Releases()
	}
	for app, rel := range p.Apps {
		if t.Live.Knows(rel.Deployment) {
			continue
		}
		spec, err := t.from.Spec(t.ctx, rel.Deployment)
		switch {
		case errors.Is(err, ErrNoSpec):
			t.problems = append(t.problems, fmt.Errorf("%s@%s is published and its content is not stored: %w", app, rel.Version, err))
		case err != nil:
			t.failed = append(t.failed, fmt.Errorf("read the fleet: %w", err))
		default:
			p.Specs[rel.Deployment] = spec
		}
	}
	t.add(p)
}
