package agent_test

import (
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// keyOf is an operator's key made of a byte.
func keyOf(seed byte) ed25519.PrivateKey {
	s := make([]byte, ed25519.SeedSize)
	s[0] = seed
	return ed25519.NewKeyFromSeed(s)
}

func ringOf(keys ...ed25519.PrivateKey) wire.Keyring {
	var public []ed25519.PublicKey
	for _, k := range keys {
		public = append(public, k.Public().(ed25519.PublicKey))
	}
	return wire.NewKeyring(public...)
}

func keyset(t *testing.T, by ed25519.PrivateKey, generation uint64, keys ...ed25519.PrivateKey) []byte {
	t.Helper()
	set := wire.Keyset{Generation: generation}
	for _, k := range keys {
		set.Keys = append(set.Keys, k.Public().(ed25519.PublicKey))
	}
	raw, err := wire.SignKeyset(by, set)
	must(t, err)
	return raw
}

// offered is what a state makes of an offer: what it trusts then, and why it refused.
func offered(s agent.State, raw []byte) (next agent.State, refused string, kept *wire.Keyset, accepts bool) {
	next, effects := agent.Step(s, agent.Offered{Raw: raw}, time.Now())
	for _, e := range effects {
		if e, is := e.(agent.Refuse); is {
			refused = e.Reason
		}
		if e, is := e.(agent.Trust); is {
			kept = &e.Keys
		}
		if e, is := e.(agent.Save); is {
			accepts = true
			next, _ = agent.Step(next, agent.Saved{State: e.State}, time.Now())
		}
	}
	return next, refused, kept, accepts
}

// TestKeysRotate: old and new key count together, then the new one alone, and there is no way back.
func TestKeysRotate(t *testing.T) {
	old, fresh, foreign := keyOf(1), keyOf(2), keyOf(3)
	device := algebra.MustDeviceID("d1")
	state := func(by ed25519.PrivateKey, generation uint64) []byte {
		d := wire.DesiredState{Device: device, Generation: generation}
		if generation > 1 {
			d.Previous = algebra.DigestOf(nil)
		}
		return sign(by, d).Raw()
	}
	s, _ := agent.Begin(device, ringOf(old), agent.Memory{})
	step := func(what string, raw []byte, wantRefused string, wantKept, wantAccepted bool) {
		t.Helper()
		next, refused, kept, accepted := offered(s, raw)
		if !strings.Contains(refused, wantRefused) || (refused == "") != (wantRefused == "") || (kept != nil) != wantKept || accepted != wantAccepted {
			t.Errorf("%s: refused %q, keys kept %t, accepted %t", what, refused, kept != nil, accepted)
		}
		s = next
	}
	const unknown = "signed with a key that is not trusted here"
	step("a state under the old key", state(old, 1), "", false, true)
	step("a state under the new key, too early", state(fresh, 2), unknown, false, false)
	step("keys of a stranger", keyset(t, foreign, 9, foreign), unknown, false, false)
	overlap := keyset(t, old, 1, old, fresh)
	step("both keys", overlap, "", true, false)
	step("both keys again", overlap, "", false, false)
	step("the old key still counts", state(old, 2), "", false, true)
	step("the new key counts", state(fresh, 3), "", false, true)
	retired := keyset(t, old, 2, fresh)
	step("the new key alone", retired, "", true, false)
	step("the same again, signed by what it retired", retired, "", false, false)
	step("the old key counts no more", state(old, 4), unknown, false, false)
	step("older keys", overlap, "", false, false)
	step("newer keys under the retired key", keyset(t, old, 3, old), unknown, false, false)
	step("the new key still counts", state(fresh, 4), "", false, true)
	if !s.Settled() && s.Generation() != 4 {
		t.Errorf("generation %d", s.Generation())
	}
}

// TestKeysAreRemembered: after a restart the newest set counts, and what was accepted under a key
// that is retired since is still read.
func TestKeysAreRemembered(t *testing.T) {
	old, fresh := keyOf(1), keyOf(2)
	device := algebra.MustDeviceID("d1")
	path := t.TempDir()
	d := openDir(t, path)
	must(t, d.Save(sign(old, wire.DesiredState{Device: device, Generation: 1}), nil))
	for generation, keys := range [][]ed25519.PrivateKey{{old, fresh}, {fresh}} {
		set, err := wire.OpenKeyset(keyset(t, old, uint64(generation+1), keys...), ringOf(old))
		must(t, err)
		must(t, d.SaveKeys(ringOf(old), set))
	}
	must(t, d.Close())
	d = openDir(t, path)
	m, problems, err := d.Load(device, ringOf(old))
	must(t, err)
	if len(problems) > 0 || m.Keyset.Generation != 2 || m.Accepted.State().Generation != 1 {
		t.Errorf("keys %d, accepted %d, problems %q", m.Keyset.Generation, m.Accepted.State().Generation, problems)
	}
	s, _ := agent.Begin(device, ringOf(old), m)
	if _, trusted := s.Keys()[wire.KeyID(old.Public().(ed25519.PublicKey))]; trusted || len(s.Keys()) != 1 {
		t.Errorf("trusts %v", s.Keys())
	}
	// Who changes the configuration by hand means it.
	m, problems, err = d.Load(device, ringOf(old, keyOf(4)))
	must(t, err)
	if m.Keyset.Generation != 0 || len(problems) != 1 || !strings.Contains(problems[0], "changed") {
		t.Errorf("keys %d, problems %q", m.Keyset.Generation, problems)
	}
	must(t, d.Close())
}
