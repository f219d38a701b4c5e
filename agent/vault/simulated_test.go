package vault_test

import (
	"testing"

	"github.com/musterfleet/muster/agent/vault"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// TestSimulatedKeys: the vaults of played devices open what is sealed to them, and to no other.
func TestSimulatedKeys(t *testing.T) {
	for _, id := range []string{"edge-001", "edge-002", "edge-003"} {
		b := &bucket{held: map[wire.SecretName][]byte{}}
		device := algebra.MustDeviceID(id)
		v, err := vault.Simulated(device, b, func() wire.Keyring { return trusted })
		if err != nil {
			t.Fatal(err)
		}
		for range 50 {
			b.held["db"] = sealed(t, operator, v, wire.Secret{Device: device, Name: "db", Revision: 1, Use: wire.ForContainers}, "x")
			if text, _, err := v.Secret(t.Context(), "db", wire.ForContainers); err != nil || string(text) != "x" {
				t.Fatalf("%s: %q, %v", id, text, err)
			}
		}
	}
}
