package agent_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/agent/agenttest"
	"github.com/musterfleet/muster/agent/inprocess"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

var remember = flag.Bool("remember", false, "write testdata/older: see executor/wire/testdata/README.md")

var (
	nextKey  = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
	oldFault = agent.Fault{Count: 3, At: time.Unix(1e9, 5).UTC(), Retry: time.Unix(1e9+60, 0).UTC(), Reason: "because"}
)

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

// remembers fills a state directory: three sets, what failed, and the keys that the fleet sent.
func remembers(t *testing.T, path string) {
	d := openDir(t, path)
	for _, v := range chain(3) {
		must(t, d.Save(v, []algebra.Deployment{specOf(v)}))
		must(t, d.Prune(v.State().Generation))
	}
	a := algebra.MustApp("a")
	must(t, d.SaveFaults(agent.Faults{{App: a, Deployment: simSpecs[a][2].Digest(), Values: algebra.Values{}.Digest()}: oldFault}))
	must(t, d.SaveKeys(simRing, wire.Keyset{Generation: 2, Keys: []ed25519.PublicKey{public(nextKey)}}))
	must(t, d.Close())
}

// TestOlderMemoryIsRead: an agent goes on from the state directory that the version before left, with
// its set in force, its floor, what is poisoned, and the keys that the fleet sent to it.
func TestOlderMemoryIsRead(t *testing.T) {
	const older = "testdata/older"
	if *remember {
		must(t, os.RemoveAll(older))
		remembers(t, older)
		must(t, os.Remove(filepath.Join(older, "lock")))
	}
	path := filepath.Join(t.TempDir(), "state")
	must(t, os.CopyFS(path, os.DirFS(older)))
	d := openDir(t, path)
	defer d.Close()
	m, problems := load(t, d)
	if len(problems) > 0 || m.Accepted.Digest() != chain(3)[2].Digest() || m.Floor != 3 || len(m.Specs) != 2 || m.Keyset.Generation != 2 || len(m.Faults) != 1 {
		t.Fatalf("generation %d, floor %d, %d deployments, keys of generation %d, faults %v, problems %q",
			m.Accepted.State().Generation, m.Floor, len(m.Specs), m.Keyset.Generation, m.Faults, problems)
	}
	for _, f := range m.Faults {
		if f != oldFault {
			t.Errorf("fault %+v became %+v", oldFault, f)
		}
	}
	s, _ := agent.Begin(simDevice, simRing, m)
	next := chain(4)[3].State()
	for name, c := range map[string]struct {
		key   ed25519.PrivateKey
		takes bool
	}{"a key the fleet sent": {nextKey, true}, "a key that was retired": {simKey, false}} {
		_, effects := agent.Step(s, agent.Offered{Raw: sign(c.key, next).Raw()}, time.Unix(2e9, 0))
		takes := false
		for _, e := range effects {
			_, saves := e.(agent.Save)
			takes = takes || saves
		}
		if takes != c.takes {
			t.Errorf("signed with %s: taken is %t", name, takes)
		}
	}
}

// asking is a link on which the test asks.
type asking struct {
	agenttest.Link
	answers chan func(context.Context, wire.Message) wire.Message
}

func (l *asking) Serve(ctx context.Context, answer func(context.Context, wire.Message) wire.Message) error {
	l.answers <- answer
	<-ctx.Done()
	return nil
}

// TestOlderMessagesMoveTheAgent: what the version before publishes and asks is taken and answered.
func TestOlderMessagesMoveTheAgent(t *testing.T) {
	text, err := os.ReadFile("../executor/wire/testdata/older.ndjson")
	must(t, err)
	ring := wire.NewKeyring(public(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))))
	link := &asking{answers: make(chan func(context.Context, wire.Message) wire.Message, 1)}
	start(t, &agent.Agent{Device: simDevice, Runtime: &inprocess.Runtime{}, Link: link, Keys: ring})
	answer := <-link.answers
	asked, did := 0, map[string]int{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		m, err := wire.Decode([]byte(line))
		must(t, err)
		switch m.(type) {
		case wire.AskLogs, wire.AskDoctor:
			asked++
			if a := answer(t.Context(), m); a == nil || a.Kind() == (wire.Refusal{}).Kind() {
				t.Errorf("%s is answered by %v", line, a)
			}
		case wire.Signed:
			s, _ := agent.Begin(simDevice, ring, agent.Memory{})
			_, effects := agent.Step(s, agent.Offered{Raw: []byte(line)}, time.Unix(2e9, 0))
			for _, e := range effects {
				switch e := e.(type) {
				case agent.Save:
					did["saved"]++
				case agent.Trust:
					did["trusted"]++
				case agent.Refuse:
					did[e.Reason]++
				}
			}
		}
	}
	// The third that is signed is a secret, which is no desired state.
	if asked != 2 || did["saved"] != 1 || did["trusted"] != 1 || len(did) != 3 {
		t.Errorf("%d questions, %v", asked, did)
	}
}

// ahead is a fleet whose deployments are of a newer version.
type ahead struct{ agenttest.Link }

func (*ahead) Spec(_ context.Context, d algebra.Digest) (algebra.Deployment, error) {
	return wire.OpenSpec(d, []byte(`{"app":"a","version":"0","wasm":{"module":"x"}}`))
}

// TestDeploymentOfTomorrowIsTold: of a deployment that this version cannot run whole nothing is run, and
// the fleet is told what is not known.
func TestDeploymentOfTomorrowIsTold(t *testing.T) {
	link := &ahead{}
	start(t, &agent.Agent{Device: simDevice, Runtime: &inprocess.Runtime{}, Link: link, Keys: simRing})
	apps, _ := set(map[algebra.App]int{appA: 0})
	link.Publish(publish(nil, apps).Raw())
	s := link.App(t, appA, func(s wire.AppState) bool { return s.Phase == algebra.Failed })
	if !strings.Contains(s.LastError, `field "wasm" is not known to this version`) {
		t.Errorf("it is told %q", s.LastError)
	}
}
