// Package executortest is the contract of the executor's ports as tests: each implementation
// runs the same suite.
package executortest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
)

// Transport checks that open's transports keep the contract of executor.Transport. Each call of
// open gives an empty fleet.
func Transport(t *testing.T, open func(t *testing.T) Fleet) {
	for name, test := range map[string]func(t *testing.T, f Fleet){
		"an empty fleet is empty":                     empty,
		"what is written is read":                     written,
		"a write on a revision that moved is refused": moved,
		"of many writers one wins":                    race,
		"a refused write hinders no other":            sideBySide,
		"reports become records":                      reports,
		"a watch sees what comes after it":            watched,
		"a watch ends with its context":               watchEnds,
		"bad records are named and count as absent":   problems,
		"specs are found by digest":                   specs,
		"runs, their lease and quarantine are kept":   runs,
		"a watch sees runs and leases":                watchedRuns,
		"a watch of all sees what is published":       watchedAll,
		"plans are stored in parts":                   plans,
		"an ended context is an error":                ended,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func empty(t *testing.T, f Fleet) {
	r := read(t, f)
	if len(r.Devices) != 0 || r.World.Revision != 0 || len(r.Problems) != 0 {
		t.Errorf("an empty fleet reads as %+v", r)
	}
}

func written(t *testing.T, f Fleet) {
	world := wire.WorldRecord{World: algebra.DigestOf(nil), Owner: "test"}
	results := write(t, f, executor.SetEntry{Entry: Entry(d1)}, executor.SetEntry{Entry: Entry(d1x)},
		executor.SetDesired{State: Signed(t, d1, 1)}, executor.SetWorld{Record: world})
	r := read(t, f)
	d := r.Devices[d1]
	if len(r.Devices) != 2 || d.Entry.Value.Labels["site"] != "a" || d.Entry.Revision != results[0].Revision || d.Entry.At.IsZero() {
		t.Errorf("entries: %+v", r.Devices)
	}
	v, err := wire.Open(d.Desired.Value, d1, Keys)
	if err != nil || v.State().Generation != 1 || d.Desired.Revision != results[2].Revision {
		t.Errorf("desired %+v: %v", d.Desired, err)
	}
	if r.Devices[d1x].Desired.Revision != 0 {
		t.Errorf("%s has the desired state of %s", d1x, d1)
	}
	if r.World.Value != world || r.World.Revision != results[3].Revision {
		t.Errorf("world %+v", r.World)
	}
	if !d.Heard().IsZero() {
		t.Errorf("heard at %v, though it never reported", d.Heard())
	}
}

func moved(t *testing.T, f Fleet) {
	first := write(t, f, executor.SetDesired{State: Signed(t, d1, 1)})[0]
	for _, revision := range []uint64{0, first.Revision + 1000} {
		expectMoved(t, f, executor.SetDesired{State: Signed(t, d1, 2), Revision: revision})
	}
	second := write(t, f, executor.SetDesired{State: Signed(t, d1, 2), Revision: first.Revision})[0]
	if second.Revision <= first.Revision {
		t.Errorf("revision %d follows %d", second.Revision, first.Revision)
	}
	expectMoved(t, f, executor.SetDesired{State: Signed(t, d1, 3), Revision: first.Revision})
	expectMoved(t, f, executor.SetEntry{Entry: Entry(d1), Revision: 7})
	expectMoved(t, f, executor.SetWorld{Record: wire.WorldRecord{World: algebra.DigestOf(nil), Owner: "x"}, Revision: 7})
	if s, _, err := wire.Claimed(read(t, f).Devices[d1].Desired.Value); err != nil || s.Generation != 2 {
		t.Errorf("generation %d remains, want 2: %v", s.Generation, err)
	}
}

func race(t *testing.T, f Fleet) {
	const writers = 8
	wins := make(chan int, writers)
	for i := range writers {
		entry := Entry(d1)
		entry.SetBy = fmt.Sprint(i)
		go func() {
			n := 0
			results, err := f.Transport.Write(t.Context(), []executor.Write{executor.SetEntry{Entry: entry}, executor.SetEntry{Entry: entry}})
			if err != nil {
				t.Error(err)
			}
			for _, r := range results {
				if r.Err == nil {
					n++
				} else if !errors.Is(r.Err, executor.ErrMoved) {
					t.Error(r.Err)
				}
			}
			wins <- n
		}()
	}
	sum := 0
	for range writers {
		sum += <-wins
	}
	if sum != 1 {
		t.Errorf("%d writes on an absent record won, want 1", sum)
	}
}

func sideBySide(t *testing.T, f Fleet) {
	var writes []executor.Write
	for i := range 300 {
		e := executor.SetEntry{Entry: Entry(algebra.MustDeviceID(fmt.Sprintf("d%03d", i)))}
		if i%3 == 0 {
			e.Revision = 99999
		}
		writes = append(writes, e)
	}
	results, err := f.Transport.Write(t.Context(), writes)
	must(t, err)
	if len(results) != len(writes) {
		t.Fatalf("%d results for %d writes", len(results), len(writes))
	}
	r := read(t, f)
	for i, res := range results {
		d := r.Devices[writes[i].(executor.SetEntry).Entry.Device]
		if i%3 == 0 && !errors.Is(res.Err, executor.ErrMoved) || i%3 != 0 && res.Err != nil || i%3 != 0 && d.Entry.Revision != res.Revision {
			t.Errorf("write %d: %+v, read as %+v", i, res, d.Entry)
		}
	}
}

func reports(t *testing.T, f Fleet) {
	release := algebra.Release{Version: algebra.MustVersion("1"), Deployment: algebra.DigestOf(nil), Values: algebra.Values{}.Digest()}
	state := wire.AppState{Device: d1x, App: web, Phase: algebra.Running, Running: wire.RunningOf(release), Wanted: 3}
	write(t, f, executor.SetEntry{Entry: Entry(d1x)})
	f.Report(t, wire.DeviceInfo{Device: d1x, Facts: map[string]string{"arch": "amd64"}})
	f.Report(t, wire.Heartbeat{Device: d1x, Sequence: 4, Uptime: 90})
	f.Report(t, state)
	d := read(t, f).Devices[d1x]
	if d.Info.Value.Facts["arch"] != "amd64" || d.Heartbeat.Value.Sequence != 4 || d.States[web].Value != state {
		t.Errorf("the device reads as %+v", d)
	}
	if d.Heard() != d.States[web].At || d.Heard().Before(d.Info.At) {
		t.Errorf("heard at %v, last report at %v", d.Heard(), d.States[web].At)
	}
	f.Report(t, wire.AppState{Device: d1x, App: web})
	if d := read(t, f).Devices[d1x]; len(d.States) != 0 {
		t.Errorf("the empty slot still reads as %+v", d.States)
	}
}

func problems(t *testing.T, f Fleet) {
	write(t, f, executor.SetEntry{Entry: Entry(d1)})
	f.Plant(t, wire.DevicesBucket, "d2", []byte("{"))
	f.Plant(t, wire.DevicesBucket, "d3", wire.Encode(Entry(d1)))
	f.Plant(t, wire.StateBucket, "d4.web", []byte(`{"kind":"AppState","device":"d4","app":"db"}`))
	f.Plant(t, wire.InfoBucket, "d5", []byte(`{"kind":"Later"}`))
	r := read(t, f)
	var text []string
	for _, p := range r.Problems {
		text = append(text, p.Error())
	}
	all := strings.Join(text, "\n")
	for _, want := range []string{"record device-info/d5", `kind "Later", want DeviceInfo`, "record device-state/d4.web",
		"it is of db on d4", "record devices/d2", "record devices/d3", "it is of d1"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q among\n%s", want, all)
		}
	}
	if len(r.Problems) != 4 || len(r.Devices) != 1 {
		t.Errorf("%d problems and %d devices, want 4 and 1:\n%s", len(r.Problems), len(r.Devices), all)
	}
}

func specs(t *testing.T, f Fleet) {
	one, two := Deployment(t, "1"), Deployment(t, "2")
	write(t, f, executor.PutSpec{Deployment: one})
	write(t, f, executor.PutSpec{Deployment: one})
	d, err := f.Transport.Spec(t.Context(), one.Digest())
	must(t, err)
	if string(d.Canonical()) != string(one.Canonical()) {
		t.Errorf("stored\n%s, want\n%s", d.Canonical(), one.Canonical())
	}
	if _, err := f.Transport.Spec(t.Context(), two.Digest()); !errors.Is(err, executor.ErrNoSpec) {
		t.Errorf("an unknown digest: %v", err)
	}
	f.Plant(t, wire.SpecsBucket, wire.SpecKey(two.Digest()), one.Canonical())
	if _, err := f.Transport.Spec(t.Context(), two.Digest()); err == nil || !strings.Contains(err.Error(), "what came under its digest is") {
		t.Errorf("a deployment under another's digest: %v", err)
	}
}

func ended(t *testing.T, f Fleet) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Transport.Read(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("read: %v", err)
	}
	if _, err := f.Transport.ReadRuns(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("read runs: %v", err)
	}
	if _, err := f.Transport.Write(ctx, []executor.Write{executor.SetEntry{Entry: Entry(d1)}}); !errors.Is(err, context.Canceled) {
		t.Errorf("write: %v", err)
	}
	if r := read(t, f); len(r.Devices) != 0 {
		t.Errorf("written all the same: %v", r.Devices)
	}
}
