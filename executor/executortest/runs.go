package executortest

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
)

// run is a run of that name, in that status.
func run(id string, status wire.RunStatus) wire.Run {
	return wire.Run{ID: id, Plan: algebra.DigestOf([]byte(id)), By: "test", Status: status, Lanes: []wire.Lane{{Rollout: "web", State: wire.LaneGoing}}}
}

func runs(t *testing.T, f Fleet) {
	one, two := run("r-1", wire.RunActive), run("r-2", wire.RunPaused)
	lease := wire.Lease{Holder: "ana", Run: "r-1", Fence: 3, Intent: "d[1-3]", Above: 7}
	apart := wire.Quarantined{Run: "r-1", App: web, Version: algebra.MustVersion("1"), Digest: algebra.DigestOf(nil), Devices: "d1", Reason: "it fails"}
	results := write(t, f, executor.SetRun{Run: one}, executor.SetRun{Run: two}, executor.SetLease{Lease: lease}, executor.SetQuarantine{Record: apart})
	r := read(t, f)
	if len(r.Runs) != 2 || !reflect.DeepEqual(r.Runs["r-1"].Value, one) || !reflect.DeepEqual(r.Runs["r-2"].Value, two) || r.Runs["r-1"].Revision != results[0].Revision {
		t.Errorf("runs: %+v", r.Runs)
	}
	if r.Lease.Value != lease || r.Lease.Revision != results[2].Revision || r.Lease.At.IsZero() {
		t.Errorf("lease: %+v", r.Lease)
	}
	if q := r.Quarantine[wire.QuarantineKey(apart)]; len(r.Quarantine) != 1 || q.Value != apart {
		t.Errorf("quarantine: %+v", r.Quarantine)
	}
	write(t, f, executor.SetEntry{Entry: Entry(d1)}, executor.SetWorld{Record: wire.WorldRecord{World: algebra.DigestOf(nil), Owner: "ana"}})
	f.Report(t, wire.Heartbeat{Device: d1, Sequence: 1})
	all := read(t, f)
	if len(all.Devices) != 1 || all.World.Revision == 0 {
		t.Errorf("beside runs: %+v, %d devices", all.World, len(all.Devices))
	}
	all.Devices = map[algebra.DeviceID]executor.Device{}
	if some, err := f.Transport.ReadRuns(t.Context()); err != nil || !reflect.DeepEqual(some, all) {
		t.Errorf("runs by themselves: %+v, %v; want %+v", some, err, all)
	}
	expectMoved(t, f, executor.SetRun{Run: one})
	expectMoved(t, f, executor.SetLease{Lease: lease})
	expectMoved(t, f, executor.SetQuarantine{Record: apart, Revision: results[3].Revision + 1000})
	one.Status = wire.RunCancelling
	write(t, f, executor.SetRun{Run: one, Revision: results[0].Revision})
	if have := read(t, f).Runs["r-1"].Value.Status; have != wire.RunCancelling {
		t.Errorf("the run is %s, want cancelling", have)
	}
}

func watchedRuns(t *testing.T, f Fleet) {
	changes, err := f.Transport.Watch(t.Context())
	must(t, err)
	results := write(t, f, executor.SetRun{Run: run("r-1", wire.RunPaused)}, executor.SetLease{Lease: wire.Lease{Holder: "ana", Fence: 1}})
	seen := map[string]bool{}
	for range 2 {
		c := next(t, changes)
		if m, ok := c.Message.(wire.Run); ok {
			seen["run"] = m.Status == wire.RunPaused && c.Revision == results[0].Revision && c.Device.IsZero()
		}
		if m, ok := c.Message.(wire.Lease); ok {
			seen["lease"] = m.Holder == "ana" && c.Revision == results[1].Revision
		}
	}
	if !seen["run"] || !seen["lease"] {
		t.Errorf("seen: %v", seen)
	}
}

func watchedAll(t *testing.T, f Fleet) {
	watcher, ok := f.Transport.(executor.Watcher)
	if !ok {
		t.Skip("this transport does not watch desired states")
	}
	some, err := f.Transport.Watch(t.Context())
	must(t, err)
	all, err := watcher.WatchAll(t.Context())
	must(t, err)
	write(t, f, executor.SetEntry{Entry: Entry(d1)})
	signed := Signed(t, d1, 1)
	results := write(t, f, executor.SetDesired{State: signed}, executor.SetWorld{Record: wire.WorldRecord{World: algebra.DigestOf(nil), Owner: "ana"}},
		executor.SetQuarantine{Record: wire.Quarantined{Run: "r-1", App: web, Version: algebra.MustVersion("1"), Digest: algebra.DigestOf(nil), Devices: "d1", Reason: "it fails"}})
	seen := map[string]executor.Change{}
	for range 4 {
		c := next(t, all)
		seen[c.Message.Kind()] = c
	}
	if c := seen["Signed"]; c.Device != d1 || !bytes.Equal(c.Envelope, signed.Raw()) || c.Revision != results[0].Revision {
		t.Errorf("published: %+v", c)
	}
	if seen["WorldRecord"].Revision != results[1].Revision || seen["Quarantined"].Revision != results[2].Revision || seen["DeviceEntry"].Device != d1 {
		t.Errorf("seen: %+v", seen)
	}
	write(t, f, executor.SetRun{Run: run("r-1", wire.RunPaused)})
	want := map[string]bool{"DeviceEntry": true, "Quarantined": true, "Run": true}
	for range len(want) { // and nothing in between
		if kind := next(t, some).Message.Kind(); want[kind] {
			delete(want, kind)
		} else {
			t.Errorf("a watch of devices, runs and quarantines sees a %s", kind)
		}
	}
}

func plans(t *testing.T, f Fleet) {
	digest := algebra.DigestOf([]byte("a plan"))
	parts := [][]byte{bytes.Repeat([]byte("p"), executor.PlanPart), []byte("rest")}
	for range 2 { // whoever stores it again stores the same
		write(t, f, executor.PutPlan{Sealed: digest, Part: 0, Data: parts[0]}, executor.PutPlan{Sealed: digest, Part: 1, Data: parts[1]})
	}
	for i, want := range parts {
		if have, err := f.Transport.PlanPart(t.Context(), digest, i); err != nil || !bytes.Equal(have, want) {
			t.Errorf("part %d: %d bytes, want %d: %v", i, len(have), len(want), err)
		}
	}
	if _, err := f.Transport.PlanPart(t.Context(), digest, 2); !errors.Is(err, executor.ErrNoPlan) {
		t.Errorf("a part that is not there: %v", err)
	}
	if r := read(t, f); len(r.Problems) > 0 {
		t.Errorf("problems: %v", r.Problems)
	}
}
