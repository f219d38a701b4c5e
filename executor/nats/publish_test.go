package nats_test

import (
	"crypto/ed25519"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/executortest"
	musternats "github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/wire"
)

func writeEntry(t *testing.T, tr *musternats.Transport, e wire.DeviceEntry) {
	t.Helper()
	results, err := tr.Write(t.Context(), []executor.Write{executor.SetEntry{Entry: e}})
	must(t, err)
	must(t, results[0].Err)
}

// TestStateReachesTheDevice is the whole way: published, republished, asked for, fetched.
func TestStateReachesTheDevice(t *testing.T) {
	s, tr, _ := fleet(t)
	d := algebra.MustDeviceID("d1.host.example.org")
	spec := executortest.Deployment(t, "1.10")
	writeEntry(t, tr, executortest.Entry(d))
	nc := deviceConn(t, s, d)
	sub, err := nc.SubscribeSync(wire.DesiredSubject(d))
	must(t, err)
	must(t, nc.Flush())

	answer := func(ask wire.Message) wire.Message {
		m, err := nc.Request(wire.RequestSubject(d), wire.Encode(ask), 5*time.Second)
		must(t, err)
		reply, err := wire.Decode(m.Data)
		must(t, err)
		return reply
	}
	before := answer(wire.AskState{Device: d, Nonce: "a"}).(wire.StateAnswer)
	if before.Revision != 0 || before.State != nil || before.Nonce != "a" || before.Device != d {
		t.Errorf("before anything was published: %+v", before)
	}
	results, err := tr.Write(t.Context(), []executor.Write{executor.PutSpec{Deployment: spec},
		executor.SetDesired{State: executortest.Signed(t, d, 1, spec)}})
	must(t, err)
	must(t, results[1].Err)
	m, err := sub.NextMsg(5 * time.Second)
	must(t, err)
	for name, raw := range map[string][]byte{"followed": m.Data, "asked": answer(wire.AskState{Device: d, Nonce: "b"}).(wire.StateAnswer).State} {
		v, err := wire.Open(raw, d, executortest.Keys)
		if err != nil || v.State().Apps[spec.App()].Digest != spec.Digest() {
			t.Errorf("%s: %+v, %v", name, v.State(), err)
		}
	}
	got := answer(wire.AskSpec{Device: d, Nonce: "c", Digest: spec.Digest()}).(wire.SpecAnswer)
	if _, err := wire.OpenSpec(spec.Digest(), got.Spec); err != nil {
		t.Error(err)
	}
}

// BenchmarkPublish compares compare-and-set publishing with the plain asynchronous one, of the
// same bytes: go test -bench Publish -run ^$ ./executor/nats
func BenchmarkPublish(b *testing.B) {
	s, err := musternats.Start(musternats.ServerConfig{Dir: b.TempDir(), Authorize: authorize})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Stop()
	nc, err := s.Connect()
	if err != nil {
		b.Fatal(err)
	}
	defer nc.Close()
	if err := musternats.CreateBuckets(b.Context(), nc); err != nil {
		b.Fatal(err)
	}
	tr, err := musternats.NewTransport(b.Context(), nc)
	if err != nil {
		b.Fatal(err)
	}
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(4096))
	if err != nil {
		b.Fatal(err)
	}
	const batch = 10000
	signed := make([]wire.Verified, batch)
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	for i := range signed {
		d := algebra.MustDeviceID(fmt.Sprintf("edge-%06d", i))
		if signed[i], err = wire.Sign(key, wire.DesiredState{Device: d, Generation: 1}); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("cas", func(b *testing.B) {
		writes, results := make([]executor.Write, batch), make([]executor.Result, batch)
		for b.Loop() {
			for i, v := range signed {
				writes[i] = executor.SetDesired{State: v, Revision: results[i].Revision}
			}
			if results, err = tr.Write(b.Context(), writes); err != nil {
				b.Fatal(err)
			}
			for _, r := range results {
				if r.Err != nil {
					b.Fatal(r.Err)
				}
			}
		}
		b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "writes/s")
	})
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			for _, v := range signed {
				m := nats.NewMsg("$KV." + wire.DesiredBucket + "." + wire.Token(v.State().Device))
				m.Data = v.Raw()
				if _, err := js.PublishMsgAsync(m, jetstream.WithStallWait(10*time.Second)); err != nil {
					b.Fatal(err)
				}
			}
			<-js.PublishAsyncComplete()
		}
		b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "writes/s")
	})
}
