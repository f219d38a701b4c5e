package agent

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/internal/durable"
)

// trusted is keys.json: the newest set, and what is needed to know where it counts.
type trusted struct {
	wire.Keyset
	// Former were trusted before: what was accepted then is still read from this directory, but
	// nothing new is accepted under them.
	Former []ed25519.PublicKey `json:"former,omitempty"`
	// Configured names the keys of the configuration that the set took the place of. If those
	// are changed by hand, what the fleet sent before counts no more.
	Configured []string `json:"configured"`
}

func names(keys wire.Keyring) []string { return slices.Sorted(maps.Keys(keys)) }

// keys reads which keys count. ring is those to read this directory's own memory with.
func (d *Dir) keys(configured wire.Keyring) (set wire.Keyset, ring wire.Keyring, problems []string) {
	t, err := d.trusted()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return wire.Keyset{}, configured, nil
	case err != nil:
		return wire.Keyset{}, configured, []string{fmt.Sprintf("state directory: keys.json cannot be used, the configuration's keys are trusted: %v", err)}
	case !slices.Equal(t.Configured, names(configured)):
		return wire.Keyset{}, configured, []string{"the trusted keys of the configuration were changed; those that the fleet sent before are forgotten"}
	}
	ring = maps.Clone(configured)
	maps.Copy(ring, t.Ring())
	maps.Copy(ring, wire.NewKeyring(t.Former...))
	return t.Keyset, ring, nil
}

func (d *Dir) trusted() (trusted, error) {
	var t trusted
	raw, err := os.ReadFile(filepath.Join(d.path, "keys.json"))
	if err == nil {
		err = json.Unmarshal(raw, &t)
	}
	return t, err
}

// SaveKeys keeps a set in the place of the one before.
func (d *Dir) SaveKeys(configured wire.Keyring, set wire.Keyset) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := trusted{Keyset: set, Configured: names(configured)}
	if before, err := d.trusted(); err == nil {
		former := wire.NewKeyring(append(before.Former, before.Keys...)...)
		for _, id := range names(former) {
			next.Former = append(next.Former, former[id])
		}
	}
	raw, err := json.MarshalIndent(next, "", "  ")
	if err != nil {
		return err
	}
	return durable.Replace(filepath.Join(d.path, "keys.json"), raw, 0o600)
}
