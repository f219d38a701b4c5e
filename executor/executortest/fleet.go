package executortest

import (
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
)

// Fleet is a transport on an empty fleet and what the suite needs around it.
type Fleet struct {
	Transport executor.Transport
	// Report stores what a device reports, as the hub would; it returns when it is stored.
	Report func(t *testing.T, r wire.Report)
	// Plant stores bytes in a bucket as they are.
	Plant func(t *testing.T, bucket, key string, value []byte)
}

var (
	d1  = algebra.MustDeviceID("d1")
	d1x = algebra.MustDeviceID("d1.host.example.org")
	web = algebra.MustApp("web")
	key = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	// Keys are those the suite signs with.
	Keys = wire.NewKeyring(key.Public().(ed25519.PublicKey))
)

// Entry is a registry entry of an enrolled device.
func Entry(d algebra.DeviceID) wire.DeviceEntry {
	return wire.DeviceEntry{Device: d, Lifecycle: wire.Enrolled, Labels: map[string]string{"site": "a"}, SetBy: "test"}
}

// Signed is a device's desired state of that generation with the suite's key.
func Signed(t *testing.T, d algebra.DeviceID, generation uint64, apps ...algebra.Deployment) wire.Verified {
	t.Helper()
	s := wire.DesiredState{Device: d, Generation: generation, Apps: map[algebra.App]wire.App{}}
	if generation > 1 {
		s.Previous = algebra.DigestOf([]byte("what was before"))
	}
	for _, a := range apps {
		s.Apps[a.App()] = wire.App{Version: a.Version(), Digest: a.Digest()}
	}
	v, err := wire.Sign(key, s)
	must(t, err)
	return v
}

// Deployment is a deployment of web.
func Deployment(t *testing.T, version string) algebra.Deployment {
	t.Helper()
	d, err := algebra.NewDeployment(algebra.DeploymentSpec{App: web, Version: algebra.MustVersion(version),
		Podman: &algebra.Podman{Containers: []algebra.Container{{Name: "web", Image: "example.org/web:" + version, Command: []string{"a<b"}}}}})
	must(t, err)
	return d
}

// Reports is what is recorded of a device's reports.
func Reports(d executor.Device) []wire.Report {
	var reports []wire.Report
	if d.Info.Revision != 0 {
		reports = append(reports, d.Info.Value)
	}
	if d.Heartbeat.Revision != 0 {
		reports = append(reports, d.Heartbeat.Value)
	}
	for _, s := range d.States {
		reports = append(reports, s.Value)
	}
	return reports
}

func read(t *testing.T, f Fleet) executor.Records {
	t.Helper()
	r, err := f.Transport.Read(t.Context())
	must(t, err)
	return r
}

// write carries out writes that must succeed.
func write(t *testing.T, f Fleet, writes ...executor.Write) []executor.Result {
	t.Helper()
	results, err := f.Transport.Write(t.Context(), writes)
	must(t, err)
	for _, r := range results {
		must(t, r.Err)
	}
	return results
}

func expectMoved(t *testing.T, f Fleet, w executor.Write) {
	t.Helper()
	results, err := f.Transport.Write(t.Context(), []executor.Write{w})
	must(t, err)
	if !errors.Is(results[0].Err, executor.ErrMoved) {
		t.Errorf("%T: %v, want ErrMoved", w, results[0].Err)
	}
}

func next(t *testing.T, changes <-chan executor.Change) executor.Change {
	t.Helper()
	select {
	case c, ok := <-changes:
		if !ok {
			t.Fatal("the watch ended")
		}
		return c
	case <-time.After(5 * time.Second):
		t.Fatal("no change within 5 s")
	}
	panic("executortest: unreachable")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
