package identity_test

import (
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/musterfleet/muster/identity"
)

func noEnv(string) string { return "" }

// TestConfigAndKeysRoundTrip writes what muster dev writes and reads it as the others do.
func TestConfigAndKeysRoundTrip(t *testing.T) {
	dir := t.TempDir()
	must(t, identity.CreateKeys(filepath.Join(dir, "op.key"), filepath.Join(dir, "op.pub")))
	must(t, os.WriteFile(filepath.Join(dir, "op.token"), []byte("secret\n"), 0o600))
	path := filepath.Join(dir, "config.toml")
	must(t, identity.Config{
		NATS: identity.NATS{URL: "nats://127.0.0.1:4222", TokenFile: "op.token"},
		Keys: identity.Keys{Sign: "op.key", Trust: []string{"op.pub"}},
	}.Write(path))

	c, err := identity.Load(path, noEnv)
	must(t, err)
	token, err := c.NATS.Token()
	must(t, err)
	if token != "secret" || c.NATS.URL != "nats://127.0.0.1:4222" {
		t.Errorf("read token %q and url %q", token, c.NATS.URL)
	}
	private, err := c.Keys.SigningKey()
	must(t, err)
	trusted, err := c.Keys.Trusted()
	must(t, err)
	if !ed25519.Verify(trusted[0], []byte("x"), ed25519.Sign(private, []byte("x"))) {
		t.Error("the trusted key does not verify what the signing key signs")
	}

	must(t, identity.CreateKeys(filepath.Join(dir, "op.key"), filepath.Join(dir, "op.pub")))
	again, err := c.Keys.SigningKey()
	must(t, err)
	if !private.Equal(again) {
		t.Error("CreateKeys replaced a key that existed")
	}
}

func TestEnvironmentWins(t *testing.T) {
	c, err := identity.Load("", func(name string) string {
		return map[string]string{"MUSTER_NATS_URL": "nats://b", "MUSTER_KEYS_TRUST": "/a.pub,/b.pub"}[name]
	})
	must(t, err)
	if c.NATS.URL != "nats://b" || len(c.Keys.Trust) != 2 {
		t.Errorf("read %+v", c)
	}
}

func TestBadConfigurationsAreNamed(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, []byte(text), mode))
		return path
	}
	load := func(text string) error {
		_, err := identity.Load(write("c.toml", text, 0o600), noEnv)
		return err
	}
	token := func(path string) error {
		_, err := identity.NATS{TokenFile: path}.Token()
		return err
	}
	sign := func(path string) error {
		_, err := identity.Keys{Sign: path}.SigningKey()
		return err
	}
	_, missing := identity.Load(filepath.Join(dir, "none.toml"), noEnv)
	_, untrusted := identity.Keys{}.Trusted()
	for want, err := range map[string]error{
		"unknown key nats.uri":  load("[nats]\nuri = \"x\"\n"),
		"line 2":                load("[nats\n"),
		"no such file":          missing,
		"others may read it":    token(write("t", "x", 0o644)),
		"want PEM":              sign(write("k", "nonsense", 0o600)),
		"none is configured":    sign(""),
		"none are configured":   untrusted,
		"chmod 600 it":          sign(write("k2", "nonsense", 0o640)),
		"no such file or direc": token(filepath.Join(dir, "gone")),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
