package agenttest

import (
	"context"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// LinkContract checks the contract of agent.Link on what open brings up, anew for each test.
func LinkContract(t *testing.T, open func(t *testing.T) LinkRig) {
	for _, c := range []struct {
		name string
		test func(*testing.T, LinkRig)
	}{
		{"where nothing was published nothing is delivered", nothingPublished},
		{"what was published before is delivered", publishedBefore},
		{"what is published after is delivered", publishedAfter},
		{"a slow reader gets the newest", slowReader},
		{"desired ends with its context", desiredEnds},
		{"a spec comes by its digest", specByDigest},
		{"a spec that is not there is an error", specMissing},
		{"a spec of another digest is an error", specForged},
		{"reports arrive", reportsArrive},
		{"keys come before the state", keysFirst},
		{"a secret comes as it is kept, or as none", secretComes},
		{"a question is answered", questionAnswered},
		{"an ended context is an error", linkEnded},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func nothingPublished(t *testing.T, r LinkRig) {
	select {
	case raw := <-desired(t, r):
		t.Errorf("delivered %q", raw)
	case <-time.After(200 * time.Millisecond):
	}
}

func publishedBefore(t *testing.T, r LinkRig) {
	r.Publish(t, SignedFor(t, r.Device, 1))
	AwaitGeneration(t, desired(t, r), r.Device, 1)
}

func publishedAfter(t *testing.T, r LinkRig) {
	states := desired(t, r)
	for generation := range uint64(3) {
		r.Publish(t, SignedFor(t, r.Device, generation+1))
		AwaitGeneration(t, states, r.Device, generation+1)
	}
}

func slowReader(t *testing.T, r LinkRig) {
	states := desired(t, r)
	for generation := range uint64(50) {
		r.Publish(t, SignedFor(t, r.Device, generation+1))
	}
	AwaitGeneration(t, states, r.Device, 50)
}

func desiredEnds(t *testing.T, r LinkRig) {
	ctx, cancel := context.WithCancel(t.Context())
	states, err := r.Link.Desired(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	end := time.After(5 * time.Second)
	for {
		select {
		case _, open := <-states:
			if !open {
				return
			}
		case <-end:
			t.Fatal("still open after 5 s")
		}
	}
}

func specByDigest(t *testing.T, r LinkRig) {
	want := linkSpec(t, "1.10")
	r.Store(t, want.Digest(), want.Canonical())
	have, err := r.Link.Spec(t.Context(), want.Digest())
	if err != nil || have.Digest() != want.Digest() || string(have.Canonical()) != string(want.Canonical()) {
		t.Errorf("%v, %v", have, err)
	}
}

func specMissing(t *testing.T, r LinkRig) {
	d := linkSpec(t, "1.10").Digest()
	if _, err := r.Link.Spec(t.Context(), d); err == nil || !strings.Contains(err.Error(), "no deployment "+d.Short()) {
		t.Errorf("%v", err)
	}
}

func specForged(t *testing.T, r LinkRig) {
	right := linkSpec(t, "1.10").Digest()
	r.Store(t, right, linkSpec(t, "6.66").Canonical())
	if d, err := r.Link.Spec(t.Context(), right); err == nil || !strings.Contains(err.Error(), "what came under its digest is") {
		t.Errorf("%v, %v", d, err)
	}
}

func reportsArrive(t *testing.T, r LinkRig) {
	app := algebra.MustApp("web")
	want := []wire.Report{
		wire.DeviceInfo{Device: r.Device, Facts: map[string]string{"arch": "amd64"}},
		wire.Heartbeat{Device: r.Device, Sequence: 2, Uptime: 30},
		wire.AppState{Device: r.Device, App: app, Phase: algebra.Failed, LastError: "exit code 1"},
	}
	report := func(reports ...wire.Report) {
		for _, m := range reports {
			if err := r.Link.Report(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
	}
	report(wire.Heartbeat{Device: r.Device, Sequence: 1})
	report(want...)
	awaitHeard(t, r, want)
	report(wire.AppState{Device: r.Device, App: app})
	awaitHeard(t, r, want[:2])
}

func keysFirst(t *testing.T, r LinkRig) {
	set, err := wire.SignKeyset(linkKey, wire.Keyset{Generation: 1, Keys: []ed25519.PublicKey{linkKey.Public().(ed25519.PublicKey)}})
	if err != nil {
		t.Fatal(err)
	}
	r.Keep(t, wire.KeysetBucket, wire.KeysetKey, set)
	r.Publish(t, SignedFor(t, r.Device, 1))
	states := desired(t, r)
	select {
	case raw := <-states:
		if !wire.IsKeyset(raw) {
			t.Errorf("first comes %s", raw)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came within 10 s")
	}
	AwaitGeneration(t, states, r.Device, 1)
}

func secretComes(t *testing.T, r LinkRig) {
	source := r.Link.(agent.SecretSource)
	if raw, err := source.Secret(t.Context(), "db-password"); err != nil || raw != nil {
		t.Errorf("where there is none comes %q, %v", raw, err)
	}
	r.Keep(t, wire.SecretsBucket, wire.SecretKey(r.Device, "db-password"), []byte(`{"kind":"Signed"}`))
	if raw, err := source.Secret(t.Context(), "db-password"); err != nil || string(raw) != `{"kind":"Signed"}` {
		t.Errorf("%q, %v", raw, err)
	}
}

func questionAnswered(t *testing.T, r LinkRig) {
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- r.Link.Serve(ctx, func(_ context.Context, q wire.Message) wire.Message {
			ask := q.(wire.AskDoctor)
			return wire.DoctorAnswer{Device: ask.Device, Nonce: ask.Nonce, Findings: []wire.Finding{{Topic: "x", Condition: wire.Well}}}
		})
	}()
	question := wire.AskDoctor{Device: r.Device, Nonce: "n1"}
	var answer wire.Message
	var err error
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if answer, err = r.Ask(t, question); err == nil {
			break
		}
	}
	if a, ok := answer.(wire.DoctorAnswer); !ok || a.Nonce != "n1" || len(a.Findings) != 1 {
		t.Errorf("%+v, %v", answer, err)
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func linkEnded(t *testing.T, r LinkRig) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Link.Report(ctx, wire.Heartbeat{Device: r.Device, Sequence: 1}); err == nil {
		t.Error("a report went out")
	}
	if _, err := r.Link.Spec(ctx, linkSpec(t, "1").Digest()); err == nil {
		t.Error("a spec came")
	}
}
