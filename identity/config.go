package identity

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"
)

// Config is how to reach a fleet and with which keys.
type Config struct {
	NATS NATS `toml:"nats"`
	Keys Keys `toml:"keys"`
}

// NATS is the broker and the token to show it.
type NATS struct {
	URL       string `toml:"url"`
	TokenFile string `toml:"token_file"`
}

// Keys are paths of ed25519 keys in PEM: the one desired states are signed with, which only
// operators have, and those that are trusted to have signed.
type Keys struct {
	Sign  string   `toml:"sign"`
	Trust []string `toml:"trust"`
}

// Load reads a configuration file, and the environment over it. A path of "" reads the
// environment alone. Unknown keys are errors.
func Load(path string, env func(string) string) (Config, error) {
	var c Config
	if path != "" {
		meta, err := toml.DecodeFile(path, &c)
		if errors.Is(err, fs.ErrNotExist) {
			return Config{}, fmt.Errorf("config %s: no such file; muster dev writes one, or give --nats and MUSTER_ variables", path)
		}
		if err != nil {
			return Config{}, fmt.Errorf("config %s: %w", path, err)
		}
		if unknown := meta.Undecoded(); len(unknown) > 0 {
			return Config{}, fmt.Errorf("config %s: unknown key %s; known are nats.url, nats.token_file, keys.sign, keys.trust", path, unknown[0])
		}
		c = c.in(filepath.Dir(path))
	}
	if v := env("MUSTER_NATS_URL"); v != "" {
		c.NATS.URL = v
	}
	if v := env("MUSTER_NATS_TOKEN_FILE"); v != "" {
		c.NATS.TokenFile = v
	}
	if v := env("MUSTER_KEYS_SIGN"); v != "" {
		c.Keys.Sign = v
	}
	if v := env("MUSTER_KEYS_TRUST"); v != "" {
		c.Keys.Trust = strings.Split(v, ",")
	}
	return c, nil
}

// in makes the paths relative to dir.
func (c Config) in(dir string) Config {
	at := func(p string) string {
		if p == "" || filepath.IsAbs(p) {
			return p
		}
		return filepath.Join(dir, p)
	}
	c.NATS.TokenFile, c.Keys.Sign = at(c.NATS.TokenFile), at(c.Keys.Sign)
	trust := make([]string, len(c.Keys.Trust))
	for i, p := range c.Keys.Trust {
		trust[i] = at(p)
	}
	c.Keys.Trust = trust
	return c
}

// Write stores the configuration where Load reads it.
func (c Config) Write(path string) error {
	var b strings.Builder
	if err := toml.NewEncoder(&b).Encode(c); err != nil {
		return fmt.Errorf("config %s: %w", path, err)
	}
	return os.WriteFile(path, []byte(b.String()), 0o600)
}

// Token reads the token to show the broker; none is configured: the empty token.
func (n NATS) Token() (string, error) {
	if n.TokenFile == "" {
		return "", nil
	}
	b, err := readSecret(n.TokenFile)
	if err != nil {
		return "", fmt.Errorf("token: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// readSecret refuses a file that others may read.
func readSecret(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s: others may read it (mode %04o); chmod 600 it", path, info.Mode().Perm())
	}
	return os.ReadFile(path)
}
