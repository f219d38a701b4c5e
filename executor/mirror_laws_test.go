package executor_test

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/inprocess"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
)

// doings does random things to a fleet's records.
type doings struct {
	*rand.Rand
	t          *testing.T
	fleet      *inprocess.Fleet
	key        ed25519.PrivateKey
	keys       wire.Keyring
	foreign    ed25519.PrivateKey
	now        time.Time
	specs      []algebra.Deployment
	generation uint64
}

func (d *doings) id() algebra.DeviceID { return algebra.MustDeviceID(fmt.Sprint("d", d.Intn(5))) }

// one does one thing. What the store refuses was not done.
func (d *doings) one() {
	d.now = d.now.Add(time.Duration(1+d.Intn(40)) * time.Second)
	records, err := d.fleet.Read(context.Background())
	must(d.t, err)
	id := d.id()
	device := records.Devices[id]
	spec := d.specs[d.Intn(len(d.specs))]
	write := func(w ...executor.Write) {
		_, err := d.fleet.Write(context.Background(), w)
		must(d.t, err)
	}
	values := algebra.DigestOf([]byte("none"))
	release := wire.App{Version: spec.Version(), Digest: spec.Digest()}
	switch d.Intn(9) {
	case 8:
		run := wire.Run{ID: fmt.Sprint("r-", d.Intn(3)), Plan: algebra.DigestOf(nil), By: "test", Began: d.now, Status: wire.RunActive, Lanes: []wire.Lane{}}
		for range 1 + d.Intn(2) {
			run.Lanes = append(run.Lanes, wire.Lane{State: wire.LaneState(1 + d.Intn(5)), Settles: []algebra.Settled{{App: spec.App(), Rules: spec.Digest()}}})
		}
		write(executor.SetRun{Run: run, Revision: records.Runs[run.ID].Revision})
	case 0, 1:
		write(executor.SetEntry{Entry: wire.DeviceEntry{Device: id, Lifecycle: algebra.Lifecycle(1 + d.Intn(4)),
			Labels: map[string]string{"site": fmt.Sprint(d.Intn(2))}}, Revision: device.Entry.Revision})
	case 2: // planted, so that what unregistered devices say is there too: the hub lets it in while the registry is on its way
		d.fleet.Plant(wire.InfoBucket, wire.Token(id), wire.Encode(wire.DeviceInfo{Device: id, Facts: map[string]string{"arch": fmt.Sprint(d.Intn(2))}}))
	case 3:
		d.fleet.Plant(wire.HeartbeatBucket, wire.Token(id), wire.Encode(wire.Heartbeat{Device: id, Sequence: 1}))
	case 4:
		d.fleet.Plant(wire.StateBucket, wire.StateKey(id, spec.App()), wire.Encode(wire.AppState{Device: id, App: spec.App(), Phase: algebra.Phase(1 + d.Intn(8)),
			Running: wire.RunningOf(algebra.Release{Version: spec.Version(), Deployment: spec.Digest(), Values: values}), Since: d.now}))
	case 5, 6:
		d.generation++
		key := d.key
		if d.Intn(5) == 0 {
			key = d.foreign
		}
		state := wire.DesiredState{Device: id, Generation: d.generation, Previous: algebra.DigestOf(nil), Apps: map[algebra.App]wire.App{spec.App(): release}}
		signed, err := wire.Sign(key, state)
		must(d.t, err)
		if spec.Digest() == d.specs[0].Digest() { // the other one's content is nowhere
			write(executor.PutSpec{Deployment: spec})
		}
		write(executor.SetDesired{State: signed, Revision: device.Desired.Revision})
	case 7:
		q := wire.Quarantined{Run: fmt.Sprint("r-", d.Intn(2)), App: spec.App(), Version: spec.Version(), Digest: spec.Digest(), Devices: id.String(), Reason: "exit 1", Lifted: d.Intn(2) == 0}
		write(executor.SetQuarantine{Record: q, Revision: records.Quarantine[wire.QuarantineKey(q)].Revision})
	}
}

// shuffled is changes in another order that keeps those of one record in theirs.
func (d *doings) shuffled(changes []executor.Change) []executor.Change {
	about := func(c executor.Change) string {
		text := c.Message.Kind() + c.Device.String()
		switch m := c.Message.(type) {
		case wire.AppState:
			return text + m.App.String()
		case wire.Quarantined:
			return text + wire.QuarantineKey(m)
		case wire.Run:
			return text + m.ID
		}
		return text
	}
	order := map[string]int{}
	at := make([]int, len(changes))
	for i, c := range changes {
		order[about(c)] = max(order[about(c)], i) + d.Intn(4)
		at[i] = order[about(c)]
	}
	index := make([]int, len(changes))
	for i := range index {
		index[i] = i
	}
	slices.SortStableFunc(index, func(a, b int) int { return cmp.Compare(at[a], at[b]) })
	out := make([]executor.Change, len(changes))
	for i, n := range index {
		out[i] = changes[n]
	}
	return out
}

// told is all of a reality that a plan depends on, as text.
func told(r algebra.Reality) string {
	var b strings.Builder
	for i := range uint32(r.Roster.Len()) {
		d := r.Roster.Device(i)
		fmt.Fprintf(&b, "%s %v %v %+v\n", d.ID, d.Labels, d.Facts, r.Records[d.ID])
		for _, app := range []string{"web", "db"} {
			at := algebra.Slot{Device: d.ID, App: algebra.MustApp(app)}
			rel := r.Published.Release(i, at.App)
			fmt.Fprintf(&b, "  %s %v known %t, runs %+v\n", app, rel, !r.Specs[rel.Deployment].IsZero(), r.Slots[at])
		}
	}
	fmt.Fprintf(&b, "%+v %+v\n", r.Quarantine, r.Settled)
	return b.String()
}

func mirrorLaw(t *testing.T, hear func(*executor.Mirror, []executor.Change) error, moved *int) gopter.Prop {
	return prop.ForAll(func(seed int64) (bool, error) {
		public, private, _ := ed25519.GenerateKey(nil)
		_, foreign, _ := ed25519.GenerateKey(nil)
		d := &doings{Rand: rand.New(rand.NewSource(seed)), t: t, key: private, foreign: foreign, keys: wire.NewKeyring(public), now: time.Unix(1e9, 0), generation: 1}
		d.fleet = inprocess.New(func() time.Time { return d.now })
		for _, v := range []string{"1", "2"} {
			d.specs = append(d.specs, world(t, v).Deployments[0].Deployment)
		}
		for range d.Intn(20) {
			d.one()
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		feed, err := d.fleet.WatchAll(ctx)
		must(t, err)
		for range d.Intn(3) { // between the watch and the read: heard and read
			d.one()
		}
		m, _, err := executor.NewMirror(ctx, d.fleet, d.keys, world(t, "1"), d.now)
		must(t, err)
		for range 5 {
			for range d.Intn(12) {
				d.one()
			}
			d.fleet.Plant(wire.RunsBucket, "mark", wire.Encode(wire.Run{ID: "mark", Plan: algebra.DigestOf(nil), By: "test", Status: wire.RunPaused, Lanes: []wire.Lane{}}))
			var changes []executor.Change
			for c := range feed {
				if run, is := c.Message.(wire.Run); is && run.ID == "mark" {
					break
				}
				changes = append(changes, c)
			}
			changes = d.shuffled(changes)
			*moved += len(changes)
			for part := range slices.Chunk(changes, 4) {
				if err := hear(m, part); err != nil {
					return false, err
				}
			}
			want, _, err := executor.Observe(ctx, d.fleet, d.keys, d.now)
			must(t, err)
			anew, _, err := executor.NewMirror(ctx, d.fleet, d.keys, world(t, "1"), d.now)
			must(t, err)
			have, all := m.Marks, anew.Marks
			if have.Runs, all.Runs = 0, 0; have != all { // the run that marks the end is kept from it
				return false, fmt.Errorf("it has come to %+v, and the records go to %+v", have, all)
			}
			if have, want := told(m.Live.Reality()), told(want); have != want {
				return false, fmt.Errorf("after %d changes it is\n%s\nand it was read as\n%s", len(changes), have, want)
			}
			plan := m.Live.Plan()
			if want := planner.Make(m.Live.World(), want); planner.Summary(plan) != planner.Summary(want) {
				return false, fmt.Errorf("planned %s, want %s", planner.Summary(plan), planner.Summary(want))
			}
		}
		return true, nil
	}, gen.Int64().WithShrinker(gopter.NoShrinker))
}

func TestMirrorIsObserve(t *testing.T) {
	moved := 0
	algebratest.Law(t, 60)(mirrorLaw(t, func(m *executor.Mirror, c []executor.Change) error {
		_, _, err := m.Hear(t.Context(), c...)
		return err
	}, &moved))
	if moved < 60*10 {
		t.Errorf("only %d changes", moved)
	}
}

func TestMirrorLawSeesWrongMirrors(t *testing.T) {
	n := 0
	check := algebratest.Planted(t, 60)
	for name, wrong := range map[string]func(executor.Change) bool{
		"facts are forgotten":       func(c executor.Change) bool { _, is := c.Message.(wire.DeviceInfo); return is },
		"quarantines are forgotten": func(c executor.Change) bool { _, is := c.Message.(wire.Quarantined); return is },
		"runs are forgotten":        func(c executor.Change) bool { _, is := c.Message.(wire.Run); return is },
		"nobody is heard":           func(c executor.Change) bool { _, is := c.Message.(wire.Heartbeat); return is },
		"nothing is published":      func(c executor.Change) bool { return c.Envelope != nil },
	} {
		check(name, mirrorLaw(t, func(m *executor.Mirror, c []executor.Change) error {
			_, _, err := m.Hear(t.Context(), slices.DeleteFunc(slices.Clone(c), wrong)...)
			return err
		}, &n))
	}
}
