package attacks_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/agent/inprocess"
	agentnats "github.com/musterfleet/muster/agent/nats"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// victim is a device's agent that runs web at generation 5, by the operator's word.
type victim struct {
	runtime *inprocess.Runtime
	stop    func()
	good    wire.Verified
}

func (s *stack) deployment(app string) algebra.Deployment {
	d, err := algebra.NewDeployment(algebra.DeploymentSpec{App: algebra.MustApp(app), Version: algebra.MustVersion("1.0.0"),
		Podman: &algebra.Podman{Containers: []algebra.Container{{Name: app, Image: "registry.example/" + app + ":1"}}}})
	s.must(err)
	_, err = s.kv[wire.SpecsBucket].Put(context.Background(), wire.SpecKey(d.Digest()), d.Canonical())
	s.must(err)
	return d
}

func (s *stack) state(device string, generation uint64, previous algebra.Digest, apps ...string) wire.DesiredState {
	set := wire.DesiredState{Device: algebra.MustDeviceID(device), Generation: generation, Previous: previous, Apps: map[algebra.App]wire.App{}}
	for _, a := range apps {
		d := s.deployment(a)
		set.Apps[d.App()] = wire.App{Version: d.Version(), Digest: d.Digest()}
	}
	return set
}

// publish plays a broker that hands out whatever it likes.
func (s *stack) publish(device string, raw []byte) {
	_, err := s.kv[wire.DesiredBucket].Put(context.Background(), device, raw)
	s.must(err)
}

func (s *stack) victim() victim {
	good, err := wire.Sign(s.sign, s.state("d1", 5, algebra.DigestOf([]byte("4")), "web"))
	s.must(err)
	s.publish("d1", good.Raw())
	link, err := agentnats.Connect(agentnats.Config{URL: s.server.URL(), Device: algebra.MustDeviceID("d1"), Token: func() (string, time.Time) { return s.token(s.claims("d1")), time.Time{} }})
	s.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	v := victim{runtime: &inprocess.Runtime{}, good: good}
	a := &agent.Agent{Device: algebra.MustDeviceID("d1"), Runtime: v.runtime, Link: link, Keys: wire.NewKeyring(s.sign.Public().(ed25519.PublicKey)),
		Facts: func() map[string]string { return nil }, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	done := make(chan struct{})
	go func() { defer close(done); _ = a.Run(ctx) }()
	v.stop = func() {
		cancel()
		<-done
		link.Close()
		for _, b := range []string{wire.DesiredBucket, wire.InfoBucket} {
			_ = s.kv[b].Purge(context.Background(), "d1")
		}
		for _, app := range []string{"web", "evil"} {
			_ = s.kv[wire.StateBucket].Purge(context.Background(), "d1."+app)
			_ = s.kv[wire.SpecsBucket].Purge(context.Background(), wire.SpecKey(s.deployment(app).Digest()))
		}
	}
	if err := v.runs("web"); err != nil {
		v.stop()
		s.t.Fatal(err)
	}
	return v
}

// runs waits until exactly these apps run, and stays so for a moment.
func (v victim) runs(apps ...string) error {
	var have map[algebra.App]agent.Observed
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		have, _ = v.runtime.Observe(context.Background())
		if len(have) == len(apps) {
			return nil
		}
	}
	return fmt.Errorf("%d apps run, want %v", len(have), apps)
}

// ignored is an attack by a desired state that the agent must not take.
func ignored(id, what string, raw func(s *stack, v victim) []byte) attack {
	return attack{id, what, func(s *stack) error {
		v := s.victim()
		defer v.stop()
		s.publish("d1", raw(s, v))
		time.Sleep(200 * time.Millisecond)
		have, err := v.runtime.Observe(context.Background())
		if err != nil {
			return err
		}
		if _, web := have[algebra.MustApp("web")]; !web || len(have) != 1 {
			return fmt.Errorf("%d apps run", len(have))
		}
		return nil
	}}
}

func (s *stack) signedBy(key ed25519.PrivateKey, set wire.DesiredState) []byte {
	v, err := wire.Sign(key, set)
	s.must(err)
	return v.Raw()
}

var stateAttacks = []attack{
	ignored("state-unsigned", "a desired state without an envelope", func(s *stack, _ victim) []byte {
		return []byte(`{"kind":"DesiredState","device":"d1","generation":9,"apps":{}}`)
	}),
	ignored("state-other-operator", "a desired state signed by a key the device does not trust", func(s *stack, v victim) []byte {
		_, key, err := ed25519.GenerateKey(nil)
		s.must(err)
		return s.signedBy(key, s.state("d1", 9, v.good.Digest(), "evil"))
	}),
	ignored("state-other-device", "another device's good desired state", func(s *stack, v victim) []byte {
		return s.signedBy(s.sign, s.state("d2", 9, v.good.Digest(), "evil"))
	}),
	ignored("state-older", "a good desired state of an older generation", func(s *stack, _ victim) []byte {
		return s.signedBy(s.sign, s.state("d1", 4, algebra.DigestOf([]byte("3")), "evil"))
	}),
	ignored("state-same-generation", "another good desired state of the same generation", func(s *stack, v victim) []byte {
		return s.signedBy(s.sign, s.state("d1", 5, algebra.DigestOf([]byte("4")), "evil"))
	}),
	ignored("state-tampered", "a good desired state in which one byte is another", func(s *stack, v victim) []byte {
		raw := s.signedBy(s.sign, s.state("d1", 9, v.good.Digest(), "evil"))
		return bytes.Replace(raw, []byte(`"signature":"`), []byte(`"signature":"A`), 1)
	}),
	ignored("state-empty", "nothing where a desired state was", func(*stack, victim) []byte { return nil }),
	ignored("state-nested", "a desired state nested 100,000 deep", func(*stack, victim) []byte {
		return append(bytes.Repeat([]byte(`{"kind":`), 100000), '}')
	}),
	{"state-spec-swapped", "another deployment under the digest of the wanted one", func(s *stack) error {
		v := s.victim()
		defer v.stop()
		wanted, evil := s.deployment("second"), s.deployment("evil")
		defer func() { _ = s.kv[wire.SpecsBucket].Purge(context.Background(), wire.SpecKey(wanted.Digest())) }()
		_, err := s.kv[wire.SpecsBucket].Put(context.Background(), wire.SpecKey(wanted.Digest()), evil.Canonical())
		s.must(err)
		set := s.state("d1", 6, v.good.Digest(), "web")
		set.Apps[wanted.App()] = wire.App{Version: wanted.Version(), Digest: wanted.Digest()}
		s.publish("d1", s.signedBy(s.sign, set))
		time.Sleep(300 * time.Millisecond)
		have, err := v.runtime.Observe(context.Background())
		s.must(err)
		_ = s.kv[wire.StateBucket].Purge(context.Background(), "d1.second")
		if len(have) != 1 {
			return errors.New("it started what it was not told to")
		}
		return nil
	}},
	{"state-removed", "take the desired state away, and the hub's answers with it", func(s *stack) error {
		v := s.victim()
		defer v.stop()
		s.must(s.kv[wire.DesiredBucket].Purge(context.Background(), "d1"))
		time.Sleep(300 * time.Millisecond)
		return v.runs("web")
	}},
}
