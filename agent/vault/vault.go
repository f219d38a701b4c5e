package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/nats-io/nkeys"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/internal/durable"
)

// Vault opens the secrets of one device.
type Vault struct {
	device algebra.DeviceID
	source agent.SecretSource
	// trusted are the operators' keys as they are now: they change.
	trusted func() wire.Keyring
	dir     string
	key     nkeys.KeyPair
	public  string
	mu      sync.Mutex // one secret at a time
}

// ErrNone says that the fleet has no such secret for the device.
var ErrNone = errors.New("the fleet has no such secret for this device; muster secret set makes one")

// Open reads the device's key in dir, or makes one, which never leaves it.
func Open(dir string, device algebra.DeviceID, source agent.SecretSource, trusted func() wire.Keyring) (*Vault, error) {
	v := &Vault{device: device, source: source, trusted: trusted, dir: dir}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	err := v.readKey()
	if errors.Is(err, fs.ErrNotExist) {
		err = v.makeKey()
	}
	if err == nil {
		v.public, err = v.key.PublicKey()
	}
	if err != nil {
		return nil, fmt.Errorf("secrets: key of the device: %w", err)
	}
	return v, nil
}

// Simulated is the vault of a device that is only played: its key follows from its id, so it is
// the same each time, keeps nothing on disk, and protects nothing.
func Simulated(device algebra.DeviceID, source agent.SecretSource, trusted func() wire.Keyring) (*Vault, error) {
	raw := sha256.Sum256([]byte("simulated " + device.String()))
	seed, err := nkeys.EncodeSeed(nkeys.PrefixByteCurve, raw[:])
	if err != nil {
		return nil, err
	}
	key, err := nkeys.FromCurveSeed(seed)
	if err != nil {
		return nil, err
	}
	v := &Vault{device: device, source: source, trusted: trusted, key: key}
	v.public, err = key.PublicKey()
	return v, err
}

func (v *Vault) keyFile() string { return filepath.Join(v.dir, "device.seed") }

func (v *Vault) readKey() error {
	seed, err := os.ReadFile(v.keyFile())
	if err == nil {
		v.key, err = nkeys.FromCurveSeed(bytes.TrimSpace(seed))
	}
	return err
}

func (v *Vault) makeKey() error {
	key, err := nkeys.CreateCurveKeys()
	if err != nil {
		return err
	}
	seed, err := key.Seed()
	if err != nil {
		return err
	}
	v.key = key
	return durable.Replace(v.keyFile(), seed, 0o600)
}

// Public is what secrets for the device are sealed to.
func (v *Vault) Public() string { return v.public }

// Secret is the text of a secret and its revision: the fleet's newest, or while that cannot be
// asked the one last seen.
func (v *Vault) Secret(ctx context.Context, name wire.SecretName, use wire.SecretUse) ([]byte, uint64, error) {
	if err := name.Check(use); err != nil {
		return nil, 0, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	kept, keptErr := v.kept(name)
	raw, err := v.source.Secret(ctx, name)
	switch {
	case err == nil && raw == nil && keptErr == nil:
		// It was taken away: what was kept goes too.
		return nil, 0, errors.Join(fmt.Errorf("secret %s: %w", name, ErrNone), os.Remove(v.file(name)))
	case err == nil && raw == nil:
		return nil, 0, fmt.Errorf("secret %s: %w", name, ErrNone)
	case err != nil && keptErr == nil:
		return v.open(kept, use)
	case err != nil:
		return nil, 0, err
	}
	s, err := wire.OpenSecret(raw, v.device, v.trusted())
	if err == nil && s.Name != name {
		err = fmt.Errorf("secret %s: what came under its name is %s", name, s.Name)
	}
	if err == nil && keptErr == nil && s.Revision < kept.Revision {
		err = fmt.Errorf("secret %s: revision %d is older than %d, which was seen", name, s.Revision, kept.Revision)
	}
	if err != nil {
		return nil, 0, err
	}
	text, revision, err := v.open(s, use)
	if err == nil && v.dir != "" && (keptErr != nil || s.Revision > kept.Revision) {
		err = durable.Replace(v.file(name), raw, 0o600)
	}
	return text, revision, err
}

func (v *Vault) open(s wire.Secret, use wire.SecretUse) ([]byte, uint64, error) {
	if s.Use != use {
		return nil, 0, fmt.Errorf("secret %s: is for %s, not for %s", s.Name, s.Use, use)
	}
	text, err := v.key.Open(s.Box, s.Sender)
	if err != nil {
		return nil, 0, fmt.Errorf("secret %s: sealed to another key than this device's %s; set it again", s.Name, v.public)
	}
	return text, s.Revision, nil
}

func (v *Vault) file(name wire.SecretName) string {
	return filepath.Join(v.dir, strings.ReplaceAll(string(name), ":", "_")+".json")
}

// kept is the secret as it was last seen.
func (v *Vault) kept(name wire.SecretName) (wire.Secret, error) {
	if v.dir == "" {
		return wire.Secret{}, fs.ErrNotExist
	}
	raw, err := os.ReadFile(v.file(name))
	if err != nil {
		return wire.Secret{}, err
	}
	s, err := wire.OpenSecret(raw, v.device, v.trusted())
	if err == nil && s.Name != name {
		err = fmt.Errorf("secret %s: what was kept under its name is %s", name, s.Name)
	}
	return s, err
}

// Seal makes a box of a text that only the holder of the curve key can open.
func Seal(text []byte, to string) (box []byte, sender string, err error) {
	pair, err := nkeys.CreateCurveKeys() // of this box alone, and forgotten
	if err != nil {
		return nil, "", err
	}
	if sender, err = pair.PublicKey(); err != nil {
		return nil, "", err
	}
	box, err = pair.Seal(text, to)
	return box, sender, err
}
