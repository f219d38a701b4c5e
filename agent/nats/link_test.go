package nats_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/agent/agenttest"
	agentnats "github.com/musterfleet/muster/agent/nats"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/executortest"
	"github.com/musterfleet/muster/executor/hub"
	musternats "github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/callout"
)

var d1 = algebra.MustDeviceID("d1.host.example.org")

// far is a fleet's side: a real server with buckets, and a hub unless a test plays it.
type far struct {
	server *musternats.Server
	nc     *nats.Conn
	js     jetstream.JetStream
	hub    *hub.Hub
}

func (f *far) start(t *testing.T, c musternats.ServerConfig, withHub bool) {
	t.Helper()
	var err error
	c.Authorize = func(_ context.Context, token string) (callout.Admission, error) {
		d, err := algebra.ParseDeviceID(token)
		return callout.Admission{Role: identity.Device, Device: d}, err
	}
	f.server, err = musternats.Start(c)
	must(t, err)
	f.nc, err = f.server.Connect()
	must(t, err)
	must(t, musternats.CreateBuckets(t.Context(), f.nc))
	f.js, err = jetstream.New(f.nc)
	must(t, err)
	if withHub {
		f.hub, err = hub.Start(t.Context(), f.nc)
		must(t, err)
	}
}

func (f *far) stop() {
	if f.hub != nil {
		f.hub.Stop()
	}
	f.nc.Close()
	f.server.Stop()
}

func (f *far) put(t *testing.T, bucket, key string, value []byte) {
	t.Helper()
	kv, err := f.js.KeyValue(t.Context(), bucket)
	must(t, err)
	_, err = kv.Put(t.Context(), key, value)
	must(t, err)
}

func (f *far) enrol(t *testing.T) {
	f.put(t, wire.DevicesBucket, wire.Token(d1), wire.Encode(wire.DeviceEntry{Device: d1, Lifecycle: algebra.Enrolled}))
}

// notices collects what a link says, for tests that wait for it.
type notices struct {
	mu    sync.Mutex
	texts []string
}

func (n *notices) add(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.texts = append(n.texts, err.Error())
}

func (n *notices) await(t *testing.T, want string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		n.mu.Lock()
		all := strings.Join(n.texts, "\n")
		n.mu.Unlock()
		if strings.Contains(all, want) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("no notice %q among\n%s", want, all)
		}
	}
}

func connect(t *testing.T, url string, every time.Duration) (*agentnats.Link, *notices) {
	t.Helper()
	n := &notices{}
	l, err := agentnats.Connect(agentnats.Config{URL: url, Device: d1, Token: func() (string, time.Time) { return d1.String(), time.Time{} }, Every: every, Notice: n.add})
	must(t, err)
	t.Cleanup(l.Close)
	return l, n
}

func TestContract(t *testing.T) {
	agenttest.LinkContract(t, func(t *testing.T) agenttest.LinkRig {
		var f far
		f.start(t, musternats.ServerConfig{Dir: t.TempDir()}, true)
		t.Cleanup(f.stop)
		f.enrol(t)
		tr, err := musternats.NewTransport(t.Context(), f.nc)
		must(t, err)
		link, _ := connect(t, f.server.URL(), time.Hour)
		return agenttest.LinkRig{
			Link: link, Device: d1,
			Publish: func(t *testing.T, raw []byte) { f.put(t, wire.DesiredBucket, wire.Token(d1), raw) },
			Store: func(t *testing.T, d algebra.Digest, canonical []byte) {
				f.put(t, wire.SpecsBucket, wire.SpecKey(d), canonical)
			},
			Keep: func(t *testing.T, bucket, key string, value []byte) { f.put(t, bucket, key, value) },
			Ask: func(_ *testing.T, q wire.Message) (wire.Message, error) {
				m, err := f.nc.Request(wire.QuerySubject(d1), wire.Encode(q), 2*time.Second)
				if err != nil {
					return nil, err
				}
				return wire.Decode(m.Data)
			},
			Heard: func(t *testing.T) []wire.Report { return heard(t, tr) },
		}
	})
}

func heard(t *testing.T, tr executor.Transport) []wire.Report {
	t.Helper()
	records, err := tr.Read(t.Context())
	must(t, err)
	return executortest.Reports(records.Devices[d1])
}

// TestServerAway: the agent starts before the server does, loses it, and finds what was
// published while it was away.
func TestServerAway(t *testing.T) {
	t.Parallel()
	var f far
	f.start(t, musternats.ServerConfig{Dir: t.TempDir()}, false)
	url := f.server.URL()
	f.stop()
	var port int
	if _, err := fmt.Sscanf(url, "nats://127.0.0.1:%d", &port); err != nil {
		t.Fatalf("url %q: %v", url, err)
	}
	link, _ := connect(t, url, time.Hour)
	states, err := link.Desired(t.Context())
	must(t, err)
	if err := link.Report(t.Context(), wire.Heartbeat{Device: d1, Sequence: 1}); err == nil {
		t.Error("a report went out without a server: the agent would not keep it")
	}

	c := musternats.ServerConfig{Dir: t.TempDir(), Port: port}
	f.start(t, c, true)
	f.enrol(t)
	f.put(t, wire.DesiredBucket, wire.Token(d1), agenttest.SignedFor(t, d1, 1))
	agenttest.AwaitGeneration(t, states, d1, 1)
	f.put(t, wire.DesiredBucket, wire.Token(d1), agenttest.SignedFor(t, d1, 2))
	agenttest.AwaitGeneration(t, states, d1, 2)
	f.stop()

	f.start(t, c, true)
	defer f.stop()
	f.put(t, wire.DesiredBucket, wire.Token(d1), agenttest.SignedFor(t, d1, 3))
	agenttest.AwaitGeneration(t, states, d1, 3)
}

// TestForgedAnswers: only an answer to this device's own question counts.
func TestForgedAnswers(t *testing.T) {
	t.Parallel()
	var f far
	f.start(t, musternats.ServerConfig{Dir: t.TempDir()}, false)
	defer f.stop()
	other := algebra.MustDeviceID("d2")
	asked := 0
	_, err := f.nc.Subscribe(wire.AllRequests, func(m *nats.Msg) {
		decoded, err := wire.Decode(m.Data)
		ask, ok := decoded.(wire.AskState)
		if err != nil || !ok {
			return
		}
		forged := agenttest.SignedFor(t, d1, 6)
		asked++
		reply := []wire.Message{
			wire.StateAnswer{Device: d1, Nonce: "guessed", Revision: 6, State: forged},
			wire.StateAnswer{Device: other, Nonce: ask.Nonce, Revision: 6, State: forged},
			wire.Refusal{Device: d1, Nonce: ask.Nonce, Reason: "not today"},
			wire.StateAnswer{Device: d1, Nonce: ask.Nonce, Revision: 7, State: agenttest.SignedFor(t, d1, 7)},
		}[min(asked-1, 3)]
		_ = m.Respond(wire.Encode(reply))
	})
	must(t, err)
	must(t, f.nc.Flush())
	link, n := connect(t, f.server.URL(), time.Hour)
	states, err := link.Desired(t.Context())
	must(t, err)
	select {
	case raw := <-states:
		s, _, err := wire.Claimed(raw)
		if err != nil || s.Generation != 7 {
			t.Errorf("generation %d came first: %v", s.Generation, err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("no answer counted")
	}
	n.await(t, "a StateAnswer that is no answer to this request")
	n.await(t, "refused by the hub: not today")
}

// TestNotEnrolled: a device that is not enrolled is told so, and served when it is.
func TestNotEnrolled(t *testing.T) {
	t.Parallel()
	var f far
	f.start(t, musternats.ServerConfig{Dir: t.TempDir()}, true)
	defer f.stop()
	f.put(t, wire.DesiredBucket, wire.Token(d1), agenttest.SignedFor(t, d1, 1))
	link, n := connect(t, f.server.URL(), time.Hour)
	states, err := link.Desired(t.Context())
	must(t, err)
	n.await(t, "refused by the hub: device d1.host.example.org is not enrolled")
	f.enrol(t)
	agenttest.AwaitGeneration(t, states, d1, 1)
}

// TestAsksFromTimeToTime: a message that got lost is made up for.
func TestAsksFromTimeToTime(t *testing.T) {
	t.Parallel()
	var f far
	f.start(t, musternats.ServerConfig{Dir: t.TempDir()}, true)
	defer f.stop()
	f.enrol(t)
	link, _ := connect(t, f.server.URL(), 50*time.Millisecond)
	states, err := link.Desired(t.Context())
	must(t, err)
	f.put(t, wire.DesiredBucket, wire.Token(d1), agenttest.SignedFor(t, d1, 1))
	for range 3 { // once as published, the rest as answers
		agenttest.AwaitGeneration(t, states, d1, 1)
	}
}

func TestConnectRefusesWhatCannotWork(t *testing.T) {
	token := func() (string, time.Time) { return "", time.Time{} }
	for name, c := range map[string]agentnats.Config{
		"no device": {URL: "nats://127.0.0.1", Token: token},
		"no url":    {Device: d1, Token: token},
		"no token":  {URL: "nats://127.0.0.1", Device: d1},
		"bad url":   {URL: "nats://127.0.0.1:port", Device: d1, Token: token},
	} {
		if _, err := agentnats.Connect(c); err == nil {
			t.Errorf("%s: connected", name)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
