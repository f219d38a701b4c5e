package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// signer is what an operator signs secrets with, and the keys of devices that were seen.
type signer struct {
	private ed25519.PrivateKey
	pins    *pins
}

func (c *cluster) signer(configFile string) (signer, error) {
	key, err := c.signingKey()
	if err != nil {
		return signer{}, err
	}
	p, err := openPins(configFile)
	return signer{key, p}, err
}

// configFile is the path of the configuration, empty where there is only the environment.
func (s *source) configFile() string { return cmp.Or(s.config, os.Getenv("MUSTER_CONFIG")) }

// pins are the curve keys of devices as they were first seen, in a file beside the configuration,
// one device and key on a line. A key comes over the fleet's side: if that is taken over later, it
// cannot put a key of its own in the place of a device's.
type pins struct {
	file string
	keys map[string]string
}

// openPins reads them. Without a configuration file none are kept.
func openPins(configFile string) (*pins, error) {
	p := &pins{keys: map[string]string{}}
	if configFile == "" {
		return p, nil
	}
	p.file = filepath.Join(filepath.Dir(configFile), "devices.xkeys")
	text, err := os.ReadFile(p.file)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, fmt.Errorf("keys of devices: %w", err)
	}
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	for lines.Scan() {
		if id, key, ok := strings.Cut(strings.TrimSpace(lines.Text()), " "); ok {
			p.keys[id] = key
		}
	}
	return p, nil
}

// check refuses a key in the place of another that was seen before.
func (p *pins) check(d algebra.DeviceID, xkey string, newKey bool) error {
	if seen := p.keys[d.String()]; seen != "" && seen != xkey && !newKey {
		return fmt.Errorf("its key is another than the one seen before, %s; if it was set up anew, give --new-key", seen)
	}
	return nil
}

// note remembers a key. The file is replaced whole.
func (p *pins) note(d algebra.DeviceID, xkey string) error {
	if p.keys[d.String()] == xkey || p.file == "" {
		return nil
	}
	p.keys[d.String()] = xkey
	var b strings.Builder
	for _, id := range slices.Sorted(maps.Keys(p.keys)) {
		fmt.Fprintf(&b, "%s %s\n", id, p.keys[id])
	}
	if err := os.WriteFile(p.file+".new", []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("keys of devices: %w", err)
	}
	return os.Rename(p.file+".new", p.file)
}

// registryLogin is the text of a registry's credentials.
func registryLogin(user, password string) ([]byte, error) {
	return json.Marshal(wire.RegistryLogin{Username: user, Password: password})
}

// claimedSecret is a stored secret, and the id of the key it says it is signed with.
func claimedSecret(raw []byte) (wire.Secret, string) {
	m, err := wire.Decode(raw)
	signed, is := m.(wire.Signed)
	if err != nil || !is {
		return wire.Secret{}, ""
	}
	s, _ := wire.ClaimedSecret(signed.Payload) // what cannot be read shows as nothing
	return s, signed.Key
}

func claimedRevision(raw []byte) uint64 {
	s, _ := claimedSecret(raw)
	return s.Revision
}

// eachEntry reads all keys of a bucket.
func eachEntry(ctx context.Context, kv jetstream.KeyValue, each func(jetstream.KeyValueEntry)) error {
	w, err := kv.WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return err
	}
	defer func() { _ = w.Stop() }()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e := <-w.Updates():
			if e == nil {
				return nil
			}
			each(e)
		}
	}
}
