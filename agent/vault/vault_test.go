package vault_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/musterfleet/muster/agent/vault"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

var (
	d1       = algebra.MustDeviceID("d1")
	operator = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
	stranger = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, ed25519.SeedSize))
	trusted  = wire.NewKeyring(operator.Public().(ed25519.PublicKey))
)

// bucket is what a hub has: any bytes.
type bucket struct {
	held map[wire.SecretName][]byte
	away error
}

func (b *bucket) Secret(_ context.Context, n wire.SecretName) ([]byte, error) {
	return b.held[n], b.away
}

func open(t *testing.T, dir string, b *bucket) *vault.Vault {
	t.Helper()
	v, err := vault.Open(dir, d1, b, func() wire.Keyring { return trusted })
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func sealed(t *testing.T, by ed25519.PrivateKey, to *vault.Vault, s wire.Secret, text string) []byte {
	t.Helper()
	var err error
	if s.Box, s.Sender, err = vault.Seal([]byte(text), to.Public()); err != nil {
		t.Fatal(err)
	}
	raw, err := wire.SignSecret(by, s)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	b := &bucket{held: map[wire.SecretName][]byte{}}
	v := open(t, dir, b)
	of := func(name wire.SecretName, revision uint64) wire.Secret {
		return wire.Secret{Device: d1, Name: name, Revision: revision, Use: wire.ForContainers}
	}
	expect := func(what string, name wire.SecretName, text string, revision uint64, refused string) {
		t.Helper()
		have, r, err := v.Secret(t.Context(), name, wire.ForContainers)
		switch {
		case refused != "" && (err == nil || !strings.Contains(err.Error(), refused)):
			t.Errorf("%s: %q, %v; want %q", what, have, err, refused)
		case refused == "" && (err != nil || string(have) != text || r != revision):
			t.Errorf("%s: %q at %d, %v; want %q at %d", what, have, r, err, text, revision)
		}
	}
	expect("none", "db", "", 0, "the fleet has no such secret")
	first := sealed(t, operator, v, of("db", 1), "hunter2")
	b.held["db"] = first
	expect("the first", "db", "hunter2", 1, "")
	b.held["db"] = sealed(t, operator, v, of("db", 2), "hunter3")
	expect("the second", "db", "hunter3", 2, "")
	b.held["db"] = first
	expect("an old one again", "db", "", 0, "revision 1 is older than 2")
	b.held["db"] = sealed(t, stranger, v, of("db", 3), "evil")
	expect("a stranger's", "db", "", 0, "not trusted here")
	b.held["db"] = sealed(t, operator, v, of("other", 3), "other")
	expect("another's name", "db", "", 0, "what came under its name is other")
	elsewhere := of("db", 3)
	elsewhere.Device = algebra.MustDeviceID("d2")
	b.held["db"] = sealed(t, operator, v, elsewhere, "foreign")
	expect("another device's", "db", "", 0, "signed for another device")
	b.held["db"] = sealed(t, operator, open(t, t.TempDir(), b), of("db", 3), "x")
	expect("sealed to another key", "db", "", 0, "sealed to another key")
	registry := of("db", 3)
	registry.Use = wire.ForRegistry
	b.held["db"] = sealed(t, operator, v, registry, "{}")
	expect("for a registry", "db", "", 0, "is for registry, not for containers")

	// With no network, and after a restart, the last one seen counts.
	b.away = errors.New("no hub")
	public := v.Public()
	v = open(t, dir, b)
	if v.Public() != public {
		t.Error("the device has another key after a restart")
	}
	expect("offline", "db", "hunter3", 2, "")
	expect("offline and never seen", "api", "", 0, "no hub")

	// Nothing of it is on the disk in clear.
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte("hunter")) {
			t.Errorf("%s has the secret in clear", path)
		}
		info, _ := d.Info()
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	b.away, b.held["db"] = nil, nil
	expect("taken away", "db", "", 0, "the fleet has no such secret")
	b.away = errors.New("no hub")
	expect("taken away, offline", "db", "", 0, "no hub")
}
