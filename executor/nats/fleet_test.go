package nats_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/executortest"
	"github.com/musterfleet/muster/executor/hub"
	musternats "github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/callout"
)

// authorize takes a device's own id for its token, and "operator" for an operator's.
func authorize(_ context.Context, token string) (callout.Admission, error) {
	if token == "operator" {
		return callout.Admission{Role: identity.Operator, Name: "operator"}, nil
	}
	d, err := algebra.ParseDeviceID(token)
	if token == "stranger" {
		err = errors.New("a stranger")
	}
	return callout.Admission{Role: identity.Device, Device: d}, err
}

func start(t *testing.T) *musternats.Server {
	t.Helper()
	s, err := musternats.Start(musternats.ServerConfig{Dir: t.TempDir(), Authorize: authorize})
	must(t, err)
	t.Cleanup(s.Stop)
	return s
}

// fleet is a server with buckets and a hub, seen by an operator over TCP.
func fleet(t *testing.T) (*musternats.Server, *musternats.Transport, *hub.Hub) {
	t.Helper()
	s := start(t)
	nc, err := s.Connect()
	must(t, err)
	t.Cleanup(nc.Close)
	must(t, musternats.CreateBuckets(t.Context(), nc))
	h, err := hub.Start(t.Context(), nc)
	must(t, err)
	t.Cleanup(h.Stop)
	operator, err := nats.Connect(s.URL(), nats.Token("operator"))
	must(t, err)
	t.Cleanup(operator.Close)
	tr, err := musternats.NewTransport(t.Context(), operator)
	must(t, err)
	return s, tr, h
}

func deviceConn(t *testing.T, s *musternats.Server, d algebra.DeviceID) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(s.URL(), nats.Token(d.String()), nats.CustomInboxPrefix(wire.InboxPrefix(d)),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { t.Logf("%s: %v", d, err) }))
	must(t, err)
	t.Cleanup(nc.Close)
	return nc
}

func TestContract(t *testing.T) {
	executortest.Transport(t, func(t *testing.T) executortest.Fleet {
		s, tr, h := fleet(t)
		raw, err := s.Connect()
		must(t, err)
		t.Cleanup(raw.Close)
		js, err := jetstream.New(raw)
		must(t, err)
		conns := map[algebra.DeviceID]*nats.Conn{}
		return executortest.Fleet{
			Transport: tr,
			Report: func(t *testing.T, r wire.Report) {
				nc := conns[r.About()]
				if nc == nil {
					nc = deviceConn(t, s, r.About())
					conns[r.About()] = nc
				}
				before := streamSeq(t, js, r)
				must(t, nc.Publish(r.Subject(), wire.Encode(r)))
				eventually(t, func() bool { return streamSeq(t, js, r) > before })
				if c := h.Counts(); c.Failed+c.Foreign+c.Malformed+c.Unknown != 0 {
					t.Errorf("counts %+v", c)
				}
			},
			Plant: func(t *testing.T, bucket, key string, value []byte) {
				kv, err := js.KeyValue(t.Context(), bucket)
				must(t, err)
				_, err = kv.Put(t.Context(), key, value)
				must(t, err)
			},
		}
	})
}

func streamSeq(t *testing.T, js jetstream.JetStream, r wire.Report) uint64 {
	bucket, _, _ := wire.Place(r)
	s, err := js.Stream(t.Context(), "KV_"+bucket)
	must(t, err)
	return s.CachedInfo().State.LastSeq
}

func TestBucketWithAnotherConfiguration(t *testing.T) {
	for want, config := range map[string]jetstream.KeyValueConfig{
		"bucket device-heartbeat: storage is File, want Memory":                                              {Bucket: wire.HeartbeatBucket},
		"bucket desired-state: republish is none, want $KV.desired-state.> to desired.>, headers only false": {Bucket: wire.DesiredBucket},
		"bucket devices: history is 5, want 1":                                                               {Bucket: wire.DevicesBucket, History: 5},
		"bucket device-info: ttl is 1h0m0s, want 0s":                                                         {Bucket: wire.InfoBucket, TTL: time.Hour},
	} {
		s := start(t)
		nc, err := s.Connect()
		must(t, err)
		defer nc.Close()
		js, err := jetstream.New(nc)
		must(t, err)
		_, err = js.CreateKeyValue(t.Context(), config)
		must(t, err)
		if err = musternats.CreateBuckets(t.Context(), nc); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		if _, err := js.KeyValue(t.Context(), wire.WorldBucket); !errors.Is(err, jetstream.ErrBucketNotFound) {
			t.Errorf("something was created: %v", err)
		}
	}
}

func TestServerKeepsBucketsOverARestart(t *testing.T) {
	dir := t.TempDir()
	for i := range 2 {
		s, err := musternats.Start(musternats.ServerConfig{Dir: dir, Authorize: authorize})
		must(t, err)
		nc, err := s.Connect()
		must(t, err)
		must(t, musternats.CreateBuckets(t.Context(), nc))
		js, err := jetstream.New(nc)
		must(t, err)
		kv, err := js.KeyValue(t.Context(), wire.WorldBucket)
		must(t, err)
		if i == 0 {
			_, err = kv.Put(t.Context(), "world", []byte("x"))
			must(t, err)
		} else if e, err := kv.Get(t.Context(), "world"); err != nil || string(e.Value()) != "x" {
			t.Errorf("after the restart: %v", err)
		}
		s.Stop()
	}
}

func TestServerRefuses(t *testing.T) {
	s := start(t)
	for _, opt := range []nats.Option{nats.Token("stranger"), nats.Token(""), nats.UserInfo("fleet", "guess"), nats.UserInfo("auth", "")} {
		if nc, err := nats.Connect(s.URL(), opt); err == nil {
			nc.Close()
			t.Error("it connected")
		}
	}
	if _, err := musternats.Start(musternats.ServerConfig{Authorize: authorize}); err == nil {
		t.Error("a server without a directory started")
	}
}
