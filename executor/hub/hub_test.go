package hub_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/executortest"
	"github.com/musterfleet/muster/executor/hub"
	musternats "github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/callout"
)

var d1, d2 = algebra.MustDeviceID("d1"), algebra.MustDeviceID("d2")

// fleet is a real server with buckets and so many hubs.
func fleet(t *testing.T, hubs int) (*musternats.Server, *musternats.Transport, []*hub.Hub) {
	t.Helper()
	s, err := musternats.Start(musternats.ServerConfig{Dir: t.TempDir(), Authorize: func(_ context.Context, token string) (callout.Admission, error) {
		d, err := algebra.ParseDeviceID(token)
		return callout.Admission{Role: identity.Device, Device: d}, err
	}})
	must(t, err)
	t.Cleanup(s.Stop)
	own := func() *nats.Conn {
		nc, err := s.Connect()
		must(t, err)
		t.Cleanup(nc.Close)
		return nc
	}
	must(t, musternats.CreateBuckets(t.Context(), own()))
	tr, err := musternats.NewTransport(t.Context(), own())
	must(t, err)
	var running []*hub.Hub
	for range hubs {
		h, err := hub.Start(t.Context(), own())
		must(t, err)
		t.Cleanup(h.Stop)
		running = append(running, h)
	}
	return s, tr, running
}

func deviceConn(t *testing.T, s *musternats.Server, d algebra.DeviceID) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(s.URL(), nats.Token(d.String()), nats.CustomInboxPrefix(wire.InboxPrefix(d)))
	must(t, err)
	t.Cleanup(nc.Close)
	return nc
}

func set(t *testing.T, tr executor.Transport, e wire.DeviceEntry, revision uint64) uint64 {
	t.Helper()
	results, err := tr.Write(t.Context(), []executor.Write{executor.SetEntry{Entry: e, Revision: revision}})
	must(t, err)
	must(t, results[0].Err)
	return results[0].Revision
}

func TestHubRefuses(t *testing.T) {
	s, tr, hubs := fleet(t, 1)
	h := hubs[0]
	set(t, tr, executortest.Entry(d1), 0)
	nc, stranger := deviceConn(t, s, d1), deviceConn(t, s, d2)
	publish := func(nc *nats.Conn, subject string, data []byte) { must(t, nc.Publish(subject, data)) }
	beat := wire.Heartbeat{Device: d1, Sequence: 1}
	publish(nc, "report.d1.heartbeat", wire.Encode(wire.Heartbeat{Device: d2, Sequence: 1})) // another's
	publish(nc, "report.d1.info", wire.Encode(beat))                                         // of another kind
	publish(nc, "report.d1.state.db", wire.Encode(wire.AppState{Device: d1, App: algebra.MustApp("web")}))
	publish(nc, "report.d1.heartbeat", []byte("{"))
	publish(nc, "report.d1.heartbeat", []byte(`{"kind":"Later","device":"d1"}`))
	publish(nc, "report.d1.info", wire.Encode(wire.DeviceInfo{Device: d1, Facts: map[string]string{"x": strings.Repeat("x", 1<<17)}}))
	publish(stranger, "report.d2.heartbeat", wire.Encode(wire.Heartbeat{Device: d2, Sequence: 1}))
	publish(nc, beat.Subject(), []byte(`{"kind":"Heartbeat","device":"d1","sequence":1,"later":"kept"}`))
	for _, c := range []struct {
		nc   *nats.Conn
		from algebra.DeviceID
		ask  wire.Message
		want string
	}{
		{nc, d1, wire.AskState{Device: d2, Nonce: "n1"}, "not of the device"},
		{stranger, d2, wire.AskState{Device: d2, Nonce: "n2"}, "not enrolled"},
		{nc, d1, wire.AskSpec{Device: d1, Nonce: "n3", Digest: algebra.DigestOf(nil)}, "no deployment"},
	} {
		m, err := c.nc.Request(wire.RequestSubject(c.from), wire.Encode(c.ask), time.Second)
		must(t, err)
		if reply, err := wire.Decode(m.Data); err != nil || !strings.Contains(reply.(wire.Refusal).Reason, c.want) {
			t.Errorf("%+v is answered %+v, %v", c.ask, reply, err)
		}
	}
	eventually(t, func() bool { return h.Counts().Stored == 1 })
	if have, want := h.Counts(), (hub.Counts{Stored: 1, Malformed: 3, Foreign: 4, Unknown: 2}); have != want {
		t.Errorf("counts %+v, want %+v", have, want)
	}
	eventually(t, func() bool {
		r, err := tr.Read(t.Context())
		return err == nil && r.Devices[d1].Heartbeat.Revision == 1
	})
	if r, err := tr.Read(t.Context()); err != nil || r.Devices[d1].Info.Revision != 0 || len(r.Devices) != 1 {
		t.Errorf("stored: %+v, %v", r, err)
	}
}

// TestBurstIsStored: when all devices report at once, what the store cannot take yet waits.
func TestBurstIsStored(t *testing.T) {
	s, tr, hubs := fleet(t, 1)
	set(t, tr, executortest.Entry(d1), 0)
	nc := deviceConn(t, s, d1)
	const burst = 20_000
	for i := range burst {
		m := wire.Heartbeat{Device: d1, Sequence: uint64(i + 1)}
		must(t, nc.Publish(m.Subject(), wire.Encode(m)))
	}
	for end := time.Now().Add(time.Minute); hubs[0].Counts().Stored+hubs[0].Counts().Failed < burst && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	if c := hubs[0].Counts(); c.Stored != burst || c.Failed != 0 {
		t.Errorf("of %d reports: %+v", burst, c)
	}
}

// TestSpecIsAskedOnce: what has a digest is answered without the store from the second time on.
func TestSpecIsAskedOnce(t *testing.T) {
	s, tr, _ := fleet(t, 1)
	set(t, tr, executortest.Entry(d1), 0)
	nc := deviceConn(t, s, d1)
	spec := executortest.Deployment(t, "1")
	ask := func() wire.Message {
		m, err := nc.Request(wire.RequestSubject(d1), wire.Encode(wire.AskSpec{Device: d1, Nonce: "n", Digest: spec.Digest()}), 5*time.Second)
		must(t, err)
		answer, err := wire.Decode(m.Data)
		must(t, err)
		return answer
	}
	if _, refused := ask().(wire.Refusal); !refused {
		t.Error("a deployment that is not stored is not refused")
	}
	results, err := tr.Write(t.Context(), []executor.Write{executor.PutSpec{Deployment: spec}})
	must(t, err)
	must(t, results[0].Err)
	for range 2 {
		if _, err := wire.OpenSpec(spec.Digest(), ask().(wire.SpecAnswer).Spec); err != nil {
			t.Error(err)
		}
		own, err := s.Connect()
		must(t, err)
		js, err := jetstream.New(own)
		must(t, err)
		kv, err := js.KeyValue(t.Context(), wire.SpecsBucket)
		must(t, err)
		must(t, kv.Purge(t.Context(), wire.SpecKey(spec.Digest()))) // nobody does; it shows who answered
		own.Close()
	}
}

func TestHubsShareTheWork(t *testing.T) {
	s, tr, hubs := fleet(t, 2)
	set(t, tr, executortest.Entry(d1), 0)
	nc := deviceConn(t, s, d1)
	const beats = 200
	for i := range beats {
		m := wire.Heartbeat{Device: d1, Sequence: uint64(i + 1)}
		must(t, nc.Publish(m.Subject(), wire.Encode(m)))
	}
	stored := func() uint64 { return hubs[0].Counts().Stored + hubs[1].Counts().Stored }
	eventually(t, func() bool { return stored() >= beats })
	time.Sleep(20 * time.Millisecond)
	a, b := hubs[0].Counts(), hubs[1].Counts()
	if stored() != beats || a.Stored == 0 || b.Stored == 0 {
		t.Errorf("of %d reports the hubs stored %d and %d", beats, a.Stored, b.Stored)
	}
}

func TestRevokedDeviceIsNotHeard(t *testing.T) {
	s, tr, hubs := fleet(t, 1)
	revision := set(t, tr, executortest.Entry(d1), 0)
	nc := deviceConn(t, s, d1)
	beat := wire.Heartbeat{Device: d1, Sequence: 1}
	must(t, nc.Publish(beat.Subject(), wire.Encode(beat)))
	eventually(t, func() bool { return hubs[0].Counts().Stored == 1 })
	revoked := executortest.Entry(d1)
	revoked.Lifecycle = algebra.Revoked
	set(t, tr, revoked, revision)
	eventually(t, func() bool { // the hub follows the registry
		must(t, nc.Publish(beat.Subject(), wire.Encode(beat)))
		return hubs[0].Counts().Unknown > 0
	})
}

func TestHubNeedsItsBuckets(t *testing.T) {
	s, err := musternats.Start(musternats.ServerConfig{Dir: t.TempDir(), Authorize: func(_ context.Context, _ string) (callout.Admission, error) {
		return callout.Admission{Role: identity.Operator, Name: "operator"}, nil
	}})
	must(t, err)
	defer s.Stop()
	nc, err := s.Connect()
	must(t, err)
	defer nc.Close()
	if _, err := hub.Start(t.Context(), nc); err == nil || !strings.Contains(err.Error(), "hub: bucket desired-state") {
		t.Errorf("%v", err)
	}
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not happen within 5 s")
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestNewerAgentIsTold: a question of a kind that this hub does not know is refused at once, and by
// its nonce, so that an agent one version ahead need not wait in vain.
func TestNewerAgentIsTold(t *testing.T) {
	s, tr, _ := fleet(t, 1)
	set(t, tr, wire.DeviceEntry{Device: d1, Lifecycle: wire.Enrolled}, 0)
	nc := deviceConn(t, s, d1)
	ask := func(text string) wire.Message {
		m, err := nc.Request(wire.RequestSubject(d1), []byte(text), 5*time.Second)
		must(t, err)
		answer, err := wire.Decode(m.Data)
		must(t, err)
		return answer
	}
	r, ok := ask(`{"kind":"AskWeather","device":"d1","nonce":"n7","where":"here"}`).(wire.Refusal)
	if !ok || r.Nonce != "n7" || r.Device != d1 || !strings.Contains(r.Reason, "AskWeather is not known") {
		t.Errorf("a question of tomorrow: %+v", r)
	}
	r, ok = ask(`{"kind":"AskWeather","device":"d2","nonce":"n8"}`).(wire.Refusal)
	if !ok || !strings.Contains(r.Reason, "not of the device whose subject") {
		t.Errorf("in another device's name: %+v", r)
	}
	// A field of tomorrow in a question of today is passed over.
	if a, ok := ask(`{"kind":"AskState","device":"d1","nonce":"n9","urgent":true}`).(wire.StateAnswer); !ok || a.Nonce != "n9" {
		t.Errorf("a field of tomorrow: %+v", a)
	}
}

// TestWhoAsksAgainIsAnsweredLast: a device that asks and asks costs an answer now and then, of which one
// is to what it asked last, and another device does not wait behind all that.
func TestWhoAsksAgainIsAnsweredLast(t *testing.T) {
	s, tr, hubs := fleet(t, 1)
	set(t, tr, executortest.Entry(d1), 0)
	set(t, tr, executortest.Entry(d2), 0)
	nc, other := deviceConn(t, s, d1), deviceConn(t, s, d2)
	answers, err := nc.SubscribeSync(wire.InboxPrefix(d1) + ".answers")
	must(t, err)
	var told sync.Map
	hubs[0].OnState(func(id algebra.DeviceID) { told.Store(id, true) })
	const asks = 20_000
	for i := range asks {
		must(t, nc.PublishRequest(wire.RequestSubject(d1), answers.Subject, wire.Encode(wire.AskState{Device: d1, Nonce: fmt.Sprint(i)})))
	}
	_, err = other.Request(wire.RequestSubject(d2), wire.Encode(wire.AskState{Device: d2, Nonce: "n"}), 5*time.Second)
	must(t, err)
	for last := ""; last != fmt.Sprint(asks-1); {
		m, err := answers.NextMsg(5 * time.Second)
		must(t, err)
		answer, err := wire.Decode(m.Data)
		must(t, err)
		last = answer.(wire.StateAnswer).Nonce
	}
	eventually(t, func() bool { c := hubs[0].Counts(); return c.Answered+c.Overtaken == asks+1 })
	eventually(t, func() bool {
		_, first := told.Load(d1)
		_, second := told.Load(d2)
		return first && second
	})
	if c := hubs[0].Counts(); c.Overtaken < asks/2 {
		t.Errorf("of %d requests of one device %d were answered", asks, c.Answered-1)
	}
}
