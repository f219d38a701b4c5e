package callout_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	musternats "github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/callout"
	"github.com/musterfleet/muster/identity/enroll"
)

var gw1 = algebra.MustDeviceID("gw-1.example")

// text is a log that can be read while it is written.
type text struct {
	mu sync.Mutex
	strings.Builder
}

func (b *text) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Builder.Write(p)
}

func (b *text) all() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.String()
}

func serve(t *testing.T, authorize callout.Authorizer) (*musternats.Server, *text) {
	t.Helper()
	log := &text{}
	s, err := musternats.Start(musternats.ServerConfig{Dir: t.TempDir(), Authorize: authorize, Log: slog.New(slog.NewTextHandler(log, nil))})
	must(t, err)
	t.Cleanup(s.Stop)
	return s, log
}

func connect(s *musternats.Server, token string, opts ...nats.Option) (*nats.Conn, error) {
	return nats.Connect(s.URL(), append(opts, nats.Token(token), nats.MaxReconnects(0), nats.Timeout(4*time.Second))...)
}

func TestDecisionsAreCountedAndLogged(t *testing.T) {
	s, log := serve(t, func(_ context.Context, token string) (callout.Admission, error) {
		switch token {
		case "good-token-of-gw-1":
			return callout.Admission{Role: identity.Device, Device: gw1, Name: "gw-1", Until: time.Now().Add(time.Minute)}, nil
		case "role-without-a-place":
			return callout.Admission{Role: identity.Role(77), Name: "who"}, nil
		case "device-without-id":
			return callout.Admission{Role: identity.Device}, nil
		case "person-without-id":
			return callout.Admission{Role: identity.Viewer}, nil
		case "nobody":
			return callout.Admission{}, nil
		}
		return callout.Admission{}, errors.New("because of a secret reason")
	})
	nc, err := connect(s, "good-token-of-gw-1")
	must(t, err)
	nc.Close()
	for _, token := range []string{"", "bad-token-that-is-secret", "role-without-a-place", "device-without-id", "person-without-id", "nobody"} {
		if nc, err := connect(s, token); err == nil {
			nc.Close()
			t.Errorf("%q connects", token)
		} else if strings.Contains(err.Error(), "secret reason") {
			t.Errorf("who is refused is told why: %v", err)
		}
	}
	if c := s.Callout(); c.Admitted != 1 || c.Refused != 6 || c.Malformed != 0 {
		t.Errorf("counted %+v", c)
	}
	all := log.all()
	if !strings.Contains(all, "secret reason") || strings.Count(all, "msg=refused") != 6 || strings.Contains(all, "good-token") || strings.Contains(all, "bad-token") {
		t.Errorf("logged:\n%s", all)
	}
}

// TestSlowAnswersAreRefusals: the server waits for as long as it is told and no longer.
func TestSlowAnswersAreRefusals(t *testing.T) {
	s, _ := serve(t, func(ctx context.Context, _ string) (callout.Admission, error) {
		<-ctx.Done()
		return callout.Admission{}, ctx.Err()
	})
	if nc, err := connect(s, "a token"); err == nil {
		nc.Close()
		t.Error("who could not be asked about is in")
	}
}

// TestACrowdStandsInLine: a fleet that comes back at once, faster than tokens can be verified, is let
// in one after the other, and nobody has to come twice.
func TestACrowdStandsInLine(t *testing.T) {
	var one sync.Mutex
	s, _ := serve(t, func(context.Context, string) (callout.Admission, error) {
		one.Lock()
		defer one.Unlock()
		time.Sleep(60 * time.Millisecond)
		return callout.Admission{Role: identity.Device, Device: gw1, Name: "gw-1"}, nil
	})
	const crowd = 60 // takes longer than a server waits by itself
	var coming sync.WaitGroup
	var turned atomic.Int32
	for range crowd {
		coming.Go(func() {
			nc, err := nats.Connect(s.URL(), nats.Token("a token"), nats.MaxReconnects(0), nats.Timeout(12*time.Second))
			if err != nil {
				turned.Add(1)
				return
			}
			nc.Close()
		})
	}
	coming.Wait()
	if n := turned.Load(); n > 0 {
		t.Errorf("%d of %d were turned away", n, crowd)
	}
}

func TestTokensToJoinOpenOneSubject(t *testing.T) {
	k := enroll.NewToken(nil)
	s, _ := serve(t, callout.WithOffers(func(_ context.Context, have enroll.Token) (time.Time, error) {
		if have != k {
			return time.Time{}, errors.New("not one of ours")
		}
		return time.Now().Add(time.Minute), nil
	}, func(context.Context, string) (callout.Admission, error) { return callout.Admission{}, errors.New("no") }))
	denied := make(chan string, 8)
	nc, err := connect(s, k.Text(), nats.CustomInboxPrefix(enroll.Inbox(k.ID)),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { denied <- err.Error() }))
	must(t, err)
	defer nc.Close()
	must(t, nc.Publish(enroll.Subject(k.ID), nil))
	must(t, nc.Publish(wire.RequestSubject(gw1), nil))
	must(t, nc.Flush())
	select {
	case d := <-denied:
		if !strings.Contains(strings.ToLower(d), "hub.get.") {
			t.Errorf("denied %s", d)
		}
	case <-time.After(3 * time.Second):
		t.Error("it may ask as a device")
	}
	for _, bad := range []string{enroll.NewToken(nil).Text(), "mt1.x.y.z"} {
		if nc, err := connect(s, bad); err == nil {
			nc.Close()
			t.Errorf("%s connects", bad)
		}
	}
}

// TestRevocationEndsConnections of the revoked device within a second, and no others; and those of one
// that was revoked while nobody watched.
func TestRevocationEndsConnections(t *testing.T) {
	s, log := serve(t, func(_ context.Context, token string) (callout.Admission, error) {
		d, err := algebra.ParseDeviceID(token)
		return callout.Admission{Role: identity.Device, Device: d}, err
	})
	ops, err := s.Connect()
	must(t, err)
	defer ops.Close()
	must(t, musternats.CreateBuckets(t.Context(), ops))
	js, err := jetstream.New(ops)
	must(t, err)
	devices, err := js.KeyValue(t.Context(), wire.DevicesBucket)
	must(t, err)
	put := func(id string, l algebra.Lifecycle) {
		d := algebra.MustDeviceID(id)
		_, err := devices.Put(t.Context(), wire.Token(d), wire.Encode(wire.DeviceEntry{Device: d, Lifecycle: l}))
		must(t, err)
	}
	closed := map[string]chan struct{}{}
	for _, id := range []string{"gw-1.example", "gw-1", "gw-2", "late"} {
		put(id, algebra.Enrolled)
		gone := make(chan struct{})
		closed[id] = gone
		nc, err := connect(s, id, nats.ClosedHandler(func(*nats.Conn) { close(gone) }))
		must(t, err)
		defer nc.Close()
	}
	put("late", algebra.Revoked) // before anybody watches
	sys, err := s.System()
	must(t, err)
	defer sys.Close()
	stop, err := callout.Revocations(t.Context(), devices, sys, slog.New(slog.NewTextHandler(log, nil)))
	must(t, err)
	defer stop()
	ended := func(id string) {
		t.Helper()
		from := time.Now()
		select {
		case <-closed[id]:
		case <-time.After(3 * time.Second):
			t.Fatalf("%s is still connected", id)
		}
		if took := time.Since(from); took > time.Second {
			t.Errorf("%s: it took %s", id, took)
		}
	}
	ended("late")
	put("gw-1.example", algebra.Revoked)
	ended("gw-1.example")
	must(t, devices.Delete(t.Context(), "gw-2"))
	ended("gw-2")
	select {
	case <-closed["gw-1"]:
		t.Error("a device whose name begins alike was cut off")
	case <-time.After(300 * time.Millisecond):
	}
}

// TestInBucketSaysWhatItCannotRead: an entry that is none, or of another device, is an error.
func TestInBucketSaysWhatItCannotRead(t *testing.T) {
	s, _ := serve(t, func(context.Context, string) (callout.Admission, error) { return callout.Admission{}, errors.New("no") })
	ops, err := s.Connect()
	must(t, err)
	defer ops.Close()
	must(t, musternats.CreateBuckets(t.Context(), ops))
	js, err := jetstream.New(ops)
	must(t, err)
	devices, err := js.KeyValue(t.Context(), wire.DevicesBucket)
	must(t, err)
	look := callout.InBucket(devices)
	if _, known, err := look(t.Context(), gw1); known || err != nil {
		t.Errorf("one that is not there: %t, %v", known, err)
	}
	for name, value := range map[string][]byte{
		"garbage":        []byte("{"),
		"another kind":   wire.Encode(wire.Heartbeat{Device: gw1, Sequence: 1}),
		"another device": wire.Encode(wire.DeviceEntry{Device: algebra.MustDeviceID("gw-2"), Lifecycle: algebra.Enrolled}),
	} {
		_, err := devices.Put(t.Context(), wire.Token(gw1), value)
		must(t, err)
		if l, known, err := look(t.Context(), gw1); err == nil || known {
			t.Errorf("%s: %s, %t", name, l, known)
		}
	}
	ops.Close()
	if _, known, err := look(t.Context(), gw1); err == nil || known {
		t.Error("without a store a device is known")
	}
}

func TestStartRefusesWhatCannotWork(t *testing.T) {
	if _, err := callout.Start(callout.Config{}); err == nil {
		t.Error("it starts with nothing")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
