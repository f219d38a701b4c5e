package identity

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/musterfleet/muster/internal/durable"
)

// Renew asks the fleet to know a device by the key next. Called with one key twice it says that the
// device has it in place. identity/enroll has the real one.
type Renew func(ctx context.Context, key, next *rsa.PrivateKey) (keyID string, until time.Time, err error)

// RenewKey has the fleet know the device by another key than that of its key file, and puts it there.
// It never leaves the device. Cut off at whatever point the device has a key that counts, and the next
// call goes on from there.
func (c OIDC) RenewKey(ctx context.Context, ask Renew) (until time.Time, err error) {
	text, err := ReadSecret(c.KeyFile)
	if err != nil {
		return time.Time{}, fmt.Errorf("renew: %w", err)
	}
	file, err := ParseKeyFile(text)
	if err != nil {
		return time.Time{}, fmt.Errorf("renew: %s: %w", c.KeyFile, err)
	}
	key, err := decodeRSA([]byte(file.Key))
	if err != nil {
		return time.Time{}, fmt.Errorf("renew: %s: %w", c.KeyFile, err)
	}
	next, err := pendingKey(c.renewing())
	if err != nil {
		return time.Time{}, fmt.Errorf("renew: %w", err)
	}
	if !next.Equal(key) {
		if file.KeyID, file.Until, err = ask(ctx, key, next); err != nil {
			return time.Time{}, fmt.Errorf("renew: %w", err)
		}
		file.Key = string(encodeRSA(next))
		if text, err = json.Marshal(file); err != nil {
			return time.Time{}, fmt.Errorf("renew: %w", err)
		}
		if err := durable.Replace(c.KeyFile, text, 0o600); err != nil {
			return time.Time{}, fmt.Errorf("renew: %w", err)
		}
	}
	if _, _, err := ask(ctx, next, next); err != nil {
		return time.Time{}, fmt.Errorf("renew: the new key is in place; the old one was not retired: %w", err)
	}
	return file.Until, os.Remove(c.renewing())
}

// renewing is where the next key is until it is in use.
func (c OIDC) renewing() string { return filepath.Join(filepath.Dir(c.KeyFile), "renewing.key") }

// RenewalDue is when the key of the key file is to be renewed: when two thirds of its life are over, or
// now if a renewal was cut off. It is the zero time for a key without end.
func (c OIDC) RenewalDue() (time.Time, error) {
	if _, err := os.Stat(c.renewing()); err == nil {
		return time.Now(), nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return time.Time{}, err
	}
	text, err := ReadSecret(c.KeyFile)
	if err != nil {
		return time.Time{}, err
	}
	file, err := ParseKeyFile(text)
	if err != nil || file.Until.IsZero() {
		return time.Time{}, err
	}
	info, err := os.Stat(c.KeyFile)
	if err != nil {
		return time.Time{}, err
	}
	from := info.ModTime() // the file is written when the key is given
	return from.Add(file.Until.Sub(from) / 3 * 2), nil
}
