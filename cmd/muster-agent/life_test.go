package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	natsgo "github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/agent/agenttest"
	"github.com/musterfleet/muster/agent/podman/sandbox"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/hub"
	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/callout"
)

var (
	edge = algebra.MustDeviceID("edge-001")
	web  = algebra.MustApp("web")
)

// life is a fleet's side with one real device: broker, hub, podman, and the agent as it is run.
type life struct {
	t         *testing.T
	podman    *sandbox.Service
	args      []string
	keys      identity.Keys
	transport *nats.Transport
	conn      *natsgo.Conn
	endFleet  func()
	specs     map[string]algebra.Deployment
	published uint64
	last      wire.Verified
}

func newLife(t *testing.T) *life {
	dir, args := bench(t)
	l := &life{t: t, podman: agenttest.Podman(t), specs: map[string]algebra.Deployment{},
		keys: identity.Keys{Sign: filepath.Join(dir, "op.key"), Trust: []string{filepath.Join(dir, "op.pub")}}}
	server, err := nats.Start(nats.ServerConfig{Dir: t.TempDir(), Authorize: func(context.Context, string) (callout.Admission, error) {
		return callout.Admission{Role: identity.Device, Device: edge}, nil
	}})
	l.must(err)
	l.conn, err = server.Connect()
	l.must(err)
	l.must(nats.CreateBuckets(t.Context(), l.conn))
	h, err := hub.Start(t.Context(), l.conn)
	l.must(err)
	l.transport, err = nats.NewTransport(t.Context(), l.conn)
	l.must(err)
	var once sync.Once
	l.endFleet = func() { once.Do(func() { h.Stop(); l.conn.Close(); server.Stop() }) }
	t.Cleanup(l.endFleet)
	l.write(executor.SetEntry{Entry: wire.DeviceEntry{Device: edge, Lifecycle: wire.Enrolled}})
	l.args = append(args, "--nats", server.URL(), "--podman", l.podman.Socket)
	return l
}

func (l *life) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *life) write(writes ...executor.Write) {
	l.t.Helper()
	results, err := l.transport.Write(l.t.Context(), writes)
	l.must(err)
	for _, r := range results {
		l.must(r.Err)
	}
}

// publish has the device run web at a version.
func (l *life) publish(version string) {
	l.t.Helper()
	d, err := algebra.NewDeployment(algebra.DeploymentSpec{App: web, Version: algebra.MustVersion(version), Podman: &algebra.Podman{
		Containers: []algebra.Container{{Name: "web", Image: sandbox.Image1, Pull: "never", StopSeconds: 1, Command: []string{"sh", "-c", "echo I am " + version + "; exec sleep 1000"}}}}})
	l.must(err)
	key, err := l.keys.SigningKey()
	l.must(err)
	l.published++
	s := wire.DesiredState{Device: edge, Generation: l.published, Apps: map[algebra.App]wire.App{web: {Version: d.Version(), Digest: d.Digest()}}}
	if l.published > 1 {
		s.Previous = l.last.Digest()
	}
	l.last, err = wire.Sign(key, s)
	l.must(err)
	records, err := l.transport.Read(l.t.Context())
	l.must(err)
	l.write(executor.PutSpec{Deployment: d}, executor.SetDesired{State: l.last, Revision: records.Devices[edge].Desired.Revision})
}

// start runs the agent until stop, which gives what it logged.
func (l *life) start(more ...string) (stop func() string) {
	ctx, cancel := context.WithCancel(context.Background())
	var log, out bytes.Buffer
	ended := make(chan int)
	go func() {
		ended <- run(ctx, append(append([]string{}, l.args...), more...), func(string) string { return "" }, &out, &log)
	}()
	var once sync.Once
	stop = func() string {
		once.Do(func() {
			cancel()
			if code := <-ended; code != 0 {
				l.t.Errorf("the agent ended with %d: %s", code, log.String())
			}
		})
		return log.String()
	}
	l.t.Cleanup(func() { stop() })
	return stop
}

// until waits until web is reported as it should be.
func (l *life) until(what string, good func(wire.AppState) bool) {
	l.t.Helper()
	var last wire.AppState
	for begun := time.Now(); time.Since(begun) < 20*time.Second; time.Sleep(20 * time.Millisecond) {
		records, err := l.transport.Read(l.t.Context())
		l.must(err)
		if last = records.Devices[edge].States[web].Value; good(last) {
			return
		}
	}
	l.t.Fatalf("after 20 s not %s: %+v", what, last)
}

func at(version string) func(wire.AppState) bool {
	return func(s wire.AppState) bool {
		return s.Phase == algebra.Running && s.Running.Version.String() == version && s.LastError == ""
	}
}

func saying(text string) func(wire.AppState) bool {
	return func(s wire.AppState) bool { return strings.Contains(s.LastError, text) }
}

// runs reports whether podman runs a container of web.
func (l *life) runs() bool {
	return strings.TrimSpace(agenttest.Run(l.t, l.podman, "ps", "--quiet", "--filter", "label=muster.fleet/app=web")) != ""
}

// TestLife: one device through a hold, a veto, questions, and a boot with no network.
func TestLife(t *testing.T) {
	l := newLife(t)
	stop := l.start()
	l.publish("1")
	l.until("at 1", at("1"))

	// Asked from afar.
	said := ""
	for begun := time.Now(); !strings.Contains(said, "I am 1") && time.Since(begun) < 10*time.Second; time.Sleep(50 * time.Millisecond) {
		raw, err := l.conn.Request(wire.QuerySubject(edge), wire.Encode(wire.AskLogs{Device: edge, Nonce: "n", App: web}), 5*time.Second)
		l.must(err)
		said = string(raw.Data)
	}
	if !strings.Contains(said, "I am 1") {
		t.Errorf("logs: %s", said)
	}

	// Held at the device: what runs stays, and the fleet sees why.
	state := l.args[slices.Index(l.args, "--state")+1]
	if code, out, text := call(t.Context(), "hold", "under", "repair", "--state", state); code != 0 {
		t.Fatalf("hold: %d, %s%s", code, out, text)
	}
	l.publish("2")
	l.until("held", saying("held on the device: under repair"))
	if code, _, text := call(t.Context(), "release", "--state", state); code != 0 {
		t.Fatalf("release: %d, %s", code, text)
	}
	l.until("at 2", at("2"))
	stop()

	// Vetoed by a program of the device's owner, until it has no objections.
	veto := filepath.Join(t.TempDir(), "veto")
	l.must(os.WriteFile(veto, []byte("#!/bin/sh\necho \"$MUSTER_ACTION $MUSTER_APP $MUSTER_HAVE $MUSTER_WANT: patient on the table\"; exit 1\n"), 0o700))
	stop = l.start("--veto", veto)
	l.publish("3")
	l.until("vetoed", saying("refused by the device: replace web 2 3: patient on the table"))
	if !l.runs() {
		t.Error("what was vetoed to stop was stopped")
	}
	l.must(os.WriteFile(veto, []byte("#!/bin/sh\nexit 0\n"), 0o700))
	l.until("at 3", at("3"))
	stop()

	// The network and all containers go; what was accepted comes back without any of it.
	l.endFleet()
	agenttest.Run(t, l.podman, "rm", "--all", "--force", "--time", "0")
	stop = l.start()
	for begun := time.Now(); !l.runs(); time.Sleep(50 * time.Millisecond) {
		if time.Since(begun) > 20*time.Second {
			t.Fatalf("not running 20 s after a boot without a network: %s", stop())
		}
	}
	if log := stop(); !strings.Contains(log, "generation=3") {
		t.Errorf("another generation than the last: %s", log)
	}
}
