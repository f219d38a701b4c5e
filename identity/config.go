package identity

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"
)

// Config is how to reach a fleet, who vouches for those that do, and with which keys.
type Config struct {
	// Device is which device this is; empty on the operators' side.
	Device string `toml:"device,omitempty"`

	NATS     NATS     `toml:"nats"`
	OIDC     OIDC     `toml:"oidc,omitempty"`
	Keys     Keys     `toml:"keys"`
	Services Services `toml:"services,omitempty"`
}

// Services is what muster serve needs to let people and devices into a broker of its own fleet.
type Services struct {
	// Keys is the directory of seeds that muster key services makes.
	Keys string `toml:"keys,omitempty"`
	// DeskKeyFile is the key of an account at Zitadel that may make accounts for devices; without
	// one no device can join by itself.
	DeskKeyFile string `toml:"desk_key_file,omitempty"`
}

// NATS is the broker and the token to show it.
type NATS struct {
	URL       string `toml:"url"`
	TokenFile string `toml:"token_file,omitempty"`
}

// OIDC is the issuer of the tokens that the broker takes, and how to get one: a machine by its
// key file, a person by signing in as client ClientID.
type OIDC struct {
	Issuer string `toml:"issuer,omitempty"`
	// Audience is who tokens must be for: at Zitadel the id of the project.
	Audience string `toml:"audience,omitempty"`
	// ClientID is the application that people sign in to.
	ClientID string `toml:"client_id,omitempty"`
	// KeyFile is the key of a service account, in JSON as Zitadel gives it out.
	KeyFile string `toml:"key_file,omitempty"`
	// IntrospectKeyFile is the key of an application of type API in the project, in JSON as
	// Zitadel gives it out. With it opaque tokens are verified too: the issuer is asked.
	IntrospectKeyFile string `toml:"introspect_key_file,omitempty"`
	// Scopes are asked for with each token.
	Scopes []string `toml:"scopes,omitempty"`
	Claims Mapping  `toml:"claims,omitempty"`
}

// Keys are paths of ed25519 keys in PEM: the one desired states are signed with, which only
// operators have, and those that are trusted to have signed.
type Keys struct {
	Sign  string   `toml:"sign,omitempty"`
	Trust []string `toml:"trust"`
}

// variable is a key of the configuration, and its name in the environment. A list has commas.
type variable struct {
	name, key string
	set       func(*Config, string)
	path      bool
}

var variables = []variable{
	{"MUSTER_DEVICE", "device", func(c *Config, v string) { c.Device = v }, false},
	{"MUSTER_NATS_URL", "nats.url", func(c *Config, v string) { c.NATS.URL = v }, false},
	{"MUSTER_NATS_TOKEN_FILE", "nats.token_file", func(c *Config, v string) { c.NATS.TokenFile = v }, true},
	{"MUSTER_OIDC_ISSUER", "oidc.issuer", func(c *Config, v string) { c.OIDC.Issuer = v }, false},
	{"MUSTER_OIDC_AUDIENCE", "oidc.audience", func(c *Config, v string) { c.OIDC.Audience = v }, false},
	{"MUSTER_OIDC_CLIENT_ID", "oidc.client_id", func(c *Config, v string) { c.OIDC.ClientID = v }, false},
	{"MUSTER_OIDC_KEY_FILE", "oidc.key_file", func(c *Config, v string) { c.OIDC.KeyFile = v }, true},
	{"MUSTER_OIDC_INTROSPECT_KEY_FILE", "oidc.introspect_key_file", func(c *Config, v string) { c.OIDC.IntrospectKeyFile = v }, true},
	{"MUSTER_OIDC_SCOPES", "oidc.scopes", func(c *Config, v string) { c.OIDC.Scopes = strings.Split(v, ",") }, false},
	{"MUSTER_KEYS_SIGN", "keys.sign", func(c *Config, v string) { c.Keys.Sign = v }, true},
	{"MUSTER_KEYS_TRUST", "keys.trust", func(c *Config, v string) { c.Keys.Trust = strings.Split(v, ",") }, true},
	{"MUSTER_SERVICES_KEYS", "services.keys", func(c *Config, v string) { c.Services.Keys = v }, true},
	{"MUSTER_SERVICES_DESK_KEY_FILE", "services.desk_key_file", func(c *Config, v string) { c.Services.DeskKeyFile = v }, true},
}

// Load reads a configuration file, or a directory as Kubernetes mounts a Secret, and the environment
// over it. A path of "" reads the environment alone. Unknown keys are errors.
func Load(path string, env func(string) string) (c Config, err error) {
	if path != "" {
		info, found := os.Stat(path)
		switch {
		case errors.Is(found, fs.ErrNotExist):
			return Config{}, fmt.Errorf("config %s: no such file; muster dev writes one, or give --nats and MUSTER_ variables", path)
		case found == nil && info.IsDir():
			c, err = loadDir(path)
		default:
			c, err = loadFile(path)
			c = c.in(filepath.Dir(path))
		}
		if err != nil {
			return Config{}, err
		}
	}
	for _, v := range variables {
		if value := env(v.name); value != "" {
			v.set(&c, value)
		}
	}
	return c, nil
}

// loadFile reads a file in TOML. Paths are as they stand there.
func loadFile(path string) (Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("config %s: %w", path, err)
	}
	c, err := parseConfig(text)
	if err != nil {
		return Config{}, fmt.Errorf("config %s: %w", path, err)
	}
	return c, nil
}

func parseConfig(text []byte) (Config, error) {
	var c Config
	meta, err := toml.Decode(string(text), &c)
	if err != nil {
		return Config{}, err
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return Config{}, fmt.Errorf("unknown key %s; known are %s", unknown[0], knownKeys())
	}
	return c, nil
}

func knownKeys() string {
	var keys []string
	for _, v := range variables {
		keys = append(keys, v.key)
	}
	return strings.Join(append(keys, "oidc.claims"), ", ")
}

// in makes the paths relative to dir.
func (c Config) in(dir string) Config {
	at := func(p string) string {
		if p == "" || filepath.IsAbs(p) {
			return p
		}
		return filepath.Join(dir, p)
	}
	c.NATS.TokenFile, c.OIDC.KeyFile, c.Keys.Sign = at(c.NATS.TokenFile), at(c.OIDC.KeyFile), at(c.Keys.Sign)
	c.OIDC.IntrospectKeyFile = at(c.OIDC.IntrospectKeyFile)
	c.Services.Keys, c.Services.DeskKeyFile = at(c.Services.Keys), at(c.Services.DeskKeyFile)
	trust := make([]string, len(c.Keys.Trust))
	for i, p := range c.Keys.Trust {
		trust[i] = at(p)
	}
	c.Keys.Trust = trust
	return c
}

// Write stores the configuration where Load reads it.
func (c Config) Write(path string) error {
	text, err := c.text()
	if err != nil {
		return fmt.Errorf("config %s: %w", path, err)
	}
	return os.WriteFile(path, text, 0o600)
}

func (c Config) text() ([]byte, error) {
	var b bytes.Buffer
	err := toml.NewEncoder(&b).Encode(c)
	return b.Bytes(), err
}

// Token reads the token to show the broker; none is configured: the empty token.
func (n NATS) Token() (string, error) {
	if n.TokenFile == "" {
		return "", nil
	}
	b, err := ReadSecret(n.TokenFile)
	if err != nil {
		return "", fmt.Errorf("token: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// Ask is the scopes to ask for with a token. Zitadel puts roles, metadata and the project into a
// token only if it is asked to; other issuers pass over scopes that they do not know.
func (c OIDC) Ask() []string {
	if len(c.Scopes) > 0 {
		return c.Scopes
	}
	return []string{"openid", "profile", "urn:zitadel:iam:user:metadata",
		"urn:zitadel:iam:org:project:id:" + c.Audience + ":aud", "urn:zitadel:iam:org:projects:roles"}
}
