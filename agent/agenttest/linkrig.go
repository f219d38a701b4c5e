package agenttest

import (
	"crypto/ed25519"
	"fmt"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// LinkRig is a link of an enrolled device to an otherwise empty fleet, and the fleet's end of it.
type LinkRig struct {
	Link   agent.Link
	Device algebra.DeviceID
	// Publish makes the signed bytes the device's desired state.
	Publish func(t *testing.T, raw []byte)
	// Store keeps bytes as the deployment of a digest, right or wrong.
	Store func(t *testing.T, d algebra.Digest, canonical []byte)
	// Keep stores bytes at a key of a bucket, as an operator's command does.
	Keep func(t *testing.T, bucket, key string, value []byte)
	// Ask puts a question to the device, and gives what comes back.
	Ask func(t *testing.T, question wire.Message) (wire.Message, error)
	// Heard is everything that is recorded of the device, reports that were overtaken left out.
	Heard func(t *testing.T) []wire.Report
}

// linkKey signs what the suite publishes.
var linkKey = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

// SignedFor is a desired state of the device that runs nothing.
func SignedFor(t *testing.T, d algebra.DeviceID, generation uint64) []byte {
	t.Helper()
	s := wire.DesiredState{Device: d, Generation: generation}
	if generation > 1 {
		s.Previous = algebra.DigestOf(nil)
	}
	v, err := wire.Sign(linkKey, s)
	if err != nil {
		t.Fatal(err)
	}
	return v.Raw()
}

// AwaitGeneration reads until the device's state of that generation comes.
func AwaitGeneration(t *testing.T, states <-chan []byte, d algebra.DeviceID, generation uint64) {
	t.Helper()
	ring := wire.NewKeyring(linkKey.Public().(ed25519.PublicKey))
	end := time.After(10 * time.Second)
	last := "nothing"
	for {
		select {
		case raw, open := <-states:
			if !open {
				t.Fatalf("closed; the last was %s", last)
			}
			if wire.IsKeyset(raw) {
				continue // a link that asks again is told the keys again
			}
			v, err := wire.Open(raw, d, ring)
			if err != nil {
				t.Fatal(err)
			}
			if v.State().Generation == generation {
				return
			}
			last = fmt.Sprintf("generation %d", v.State().Generation)
		case <-end:
			t.Fatalf("generation %d did not come within 10 s; the last was %s", generation, last)
		}
	}
}

func awaitHeard(t *testing.T, r LinkRig, want []wire.Report) {
	t.Helper()
	encode := func(reports []wire.Report) map[string]string {
		texts := map[string]string{}
		for _, m := range reports {
			texts[m.Subject()] = string(wire.Encode(m))
		}
		return texts
	}
	text := fmt.Sprint(encode(want))
	for end := time.Now().Add(5 * time.Second); fmt.Sprint(encode(r.Heard(t))) != text; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("heard %v, want %s", encode(r.Heard(t)), text)
		}
	}
}

func desired(t *testing.T, r LinkRig) <-chan []byte {
	t.Helper()
	states, err := r.Link.Desired(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return states
}

func linkSpec(t *testing.T, version string) algebra.Deployment {
	t.Helper()
	d, err := algebra.NewDeployment(algebra.DeploymentSpec{App: algebra.MustApp("web"), Version: algebra.MustVersion(version),
		Podman: &algebra.Podman{Containers: []algebra.Container{{Name: "web", Image: "example.org/web:" + version}}}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}
