package operator_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/inprocess"
	"github.com/musterfleet/muster/executor/operator"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/proofs/bench"
)

// piped is a fleet whose news come from a test.
type piped struct {
	*inprocess.Fleet
	feed chan executor.Change
}

func (p *piped) WatchAll(context.Context) (<-chan executor.Change, error) { return p.feed, nil }

// atRest is n devices that run what they are to: registered with three labels, published to, and
// heard of. Nothing of it costs an operator anything after it has read it.
func atRest(t *testing.T, n int, key ed25519.PrivateKey, w algebra.World, now time.Time) *piped {
	p := &piped{Fleet: inprocess.New(func() time.Time { return now }), feed: make(chan executor.Change, 256)}
	spec := w.Deployments[0].Deployment
	rel := algebra.Release{Version: spec.Version(), Deployment: spec.Digest(), Values: algebra.Values{}.Digest()}
	var writes []executor.Write
	for i := range n {
		id := algebra.MustDeviceID(fmt.Sprintf("edge%08d.lab.example.org", i))
		signed, err := wire.Sign(key, wire.DesiredState{Device: id, Generation: 1, Apps: map[algebra.App]wire.App{spec.App(): {Version: rel.Version, Digest: rel.Deployment}}})
		must(t, err)
		writes = append(writes, executor.SetDesired{State: signed}, executor.SetEntry{Entry: wire.DeviceEntry{Device: id, Lifecycle: algebra.Enrolled,
			Labels: map[string]string{"site": fmt.Sprint("s", i%100), "ring": fmt.Sprint(i % 10), "env": "prod"}}})
		p.Plant(wire.StateBucket, wire.StateKey(id, spec.App()), wire.Encode(wire.AppState{Device: id, App: spec.App(), Phase: algebra.Running, Running: wire.RunningOf(rel), Wanted: 1, Since: now}))
		p.Plant(wire.InfoBucket, wire.Token(id), wire.Encode(wire.DeviceInfo{Device: id, Facts: map[string]string{"arch": "aarch64", "os": "linux", "kernel": "6.12", "mem": "4GiB"}}))
	}
	_, err := p.Write(t.Context(), append(writes, executor.PutSpec{Deployment: spec}))
	must(t, err)
	return p
}

// TestBenchServeAtRest: what an operator costs while nothing happens but heartbeats, one of each device
// in 30 s.
func TestBenchServeAtRest(t *testing.T) {
	bench.Start(t)
	rows := [][]string{{"devices", "reads the fleet in", "holds", "a heartbeat", "all heartbeats"}}
	for _, n := range []int{10_000, 100_000} {
		public, key, err := ed25519.GenerateKey(nil)
		must(t, err)
		w, now := world(t, web("1")), time.Now()
		p := atRest(t, n, key, w, now)
		worlds := make(chan operator.Loaded, 1)
		worlds <- operator.Loaded{World: w, Judge: judge(w)}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		o := &operator.Operator{Fleet: p, Worlds: worlds, Now: time.Now, Applier: executor.Applier{Keys: wire.NewKeyring(public), Key: key, By: "muster serve", Holder: "bench"}}
		before := heap()
		read := bench.CPU(func() {
			go func() { ended <- o.Run(ctx) }()
			for o.Status().Standing.State != operator.InSync {
				time.Sleep(time.Millisecond)
			}
		})
		holds := heap() - before
		beats := make([]executor.Change, n)
		for i := range beats {
			id := algebra.MustDeviceID(fmt.Sprintf("edge%08d.lab.example.org", i))
			beats[i] = executor.Change{Device: id, Message: wire.Heartbeat{Device: id, Sequence: 2}, Revision: uint64(10*n + i), At: now.Add(30 * time.Second)}
		}
		cpu := bench.CPU(func() {
			for _, b := range beats {
				p.feed <- b
			}
			for len(p.feed) > 0 {
				time.Sleep(time.Millisecond)
			}
		})
		stop()
		must(t, <-ended)
		rows = append(rows, []string{bench.Power(n), bench.Short(read), fmt.Sprintf("%d MiB", holds>>20), bench.Short(cpu / time.Duration(n)),
			fmt.Sprintf("%.2f %% of a core", 100*cpu.Seconds()/30)})
	}
	bench.Record(t, bench.Section{Title: "Serve at rest", Rows: rows,
		Text: "`executor/operator` over a fleet in process that runs what it is to, one app a device, and is heard of every 30 s; time of the processor,\n" +
			"garbage collection included, without the broker's client. Nothing but heartbeats costs anything then: it plans nothing and writes nothing.\n" +
			"Target: almost nothing per second beyond heartbeats."})
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
