package identity_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/musterfleet/muster/identity"
)

// mount is a directory as the kubelet makes it: files are links through ..data to a version of all.
func mount(t *testing.T, mode os.FileMode, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name := range files {
		must(t, os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)))
	}
	version(t, dir, "..2026_11_26_00_00_00.1", mode, files)
	return dir
}

// version exchanges all files of a mount at once.
func version(t *testing.T, dir, name string, mode os.FileMode, files map[string]string) {
	t.Helper()
	must(t, os.Mkdir(filepath.Join(dir, name), 0o755))
	for file, text := range files {
		must(t, os.WriteFile(filepath.Join(dir, name, file), []byte(text), mode))
		must(t, os.Chmod(filepath.Join(dir, name, file), mode))
	}
	must(t, os.Symlink(name, filepath.Join(dir, "..data_tmp")))
	must(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
}

// secret is one with a file for each key.
func secret(t *testing.T) map[string]string {
	t.Helper()
	keys := t.TempDir()
	must(t, identity.CreateKeys(filepath.Join(keys, "op.key"), filepath.Join(keys, "op.pub")))
	private, err := os.ReadFile(filepath.Join(keys, "op.key"))
	must(t, err)
	public, err := os.ReadFile(filepath.Join(keys, "op.pub"))
	must(t, err)
	return map[string]string{
		"nats.url": "tls://fleet.example:4222\n", "nats.token_file": "secret\n", "oidc.issuer": "https://acme.zitadel.cloud", "oidc.audience": "69234237810729019",
		"oidc.key_file": `{"type":"serviceaccount"}`, "oidc.scopes": "openid,profile", "keys.sign": string(private), "keys.trust": string(public), "unrelated": "x",
	}
}

func TestMountedSecretIsAConfiguration(t *testing.T) {
	files := secret(t)
	for _, mode := range []os.FileMode{0o400, 0o440, 0o600} { // as it is told, with an fsGroup, of an operator's
		dir := mount(t, mode, files)
		c, err := identity.Load(dir, func(name string) string { return map[string]string{"MUSTER_OIDC_AUDIENCE": "of the environment"}[name] })
		must(t, err)
		token, err := c.NATS.Token()
		must(t, err)
		if c.NATS.URL != "tls://fleet.example:4222" || token != "secret" || c.OIDC.Issuer != "https://acme.zitadel.cloud" ||
			c.OIDC.Audience != "of the environment" || c.OIDC.KeyFile != filepath.Join(dir, "oidc.key_file") || len(c.OIDC.Scopes) != 2 {
			t.Errorf("mode %04o: read %+v", mode, c)
		}
		if _, err := c.Keys.SigningKey(); err != nil {
			t.Error(err)
		}
		if trusted, err := c.Keys.Trusted(); err != nil || len(trusted) != 1 {
			t.Errorf("%d keys, %v", len(trusted), err)
		}
		// The Secret changes: paths follow, and the next Load reads the rest.
		files := secret(t)
		files["nats.token_file"], files["nats.url"] = "next", "tls://other.example:4222"
		version(t, dir, "..2026_11_26_01_00_00.2", mode, files)
		if token, err = c.NATS.Token(); err != nil || token != "next" {
			t.Errorf("after a change the token is %q (%v)", token, err)
		}
		if c, err = identity.Load(dir, noEnv); err != nil || c.NATS.URL != "tls://other.example:4222" {
			t.Errorf("after a change it is read as %+v (%v)", c, err)
		}
	}
}

func TestMountedFileIsTheSameShape(t *testing.T) {
	files := secret(t)
	dir := mount(t, 0o400, map[string]string{"op.pub": files["keys.trust"], "device.json": "{}", "nats.url": "tls://wins.example:4222",
		"config.toml": "device = \"gw-1\"\n[nats]\nurl = \"tls://fleet.example:4222\"\n[oidc]\nkey_file = \"device.json\"\n[keys]\ntrust = [\"op.pub\"]\n"})
	c, err := identity.Load(dir, noEnv)
	must(t, err)
	if c.Device != "gw-1" || c.NATS.URL != "tls://wins.example:4222" || c.OIDC.KeyFile != filepath.Join(dir, "device.json") {
		t.Errorf("read %+v", c)
	}
	if trusted, err := c.Keys.Trusted(); err != nil || len(trusted) != 1 {
		t.Errorf("%d keys, %v", len(trusted), err)
	}
}

func TestMountThatOthersReadIsRefused(t *testing.T) {
	for mode, refused := range map[os.FileMode]bool{0o644: true, 0o444: true, 0o404: true, 0o420: true, 0o400: false, 0o440: false} {
		_, err := identity.Load(mount(t, mode, secret(t)), noEnv)
		if refused != (err != nil) {
			t.Errorf("mode %04o: %v", mode, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "defaultMode: 0400") || strings.Count(err.Error(), "others may read it") != 3) {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
	files := secret(t)
	files["nats.uri"] = "x"
	if _, err := identity.Load(mount(t, 0o400, files), noEnv); err == nil || !strings.Contains(err.Error(), "unknown key nats.uri; known are device, nats.url") {
		t.Errorf("an unknown key: %v", err)
	}
	// Outside of a mount the group is others too.
	path := filepath.Join(t.TempDir(), "t")
	must(t, os.WriteFile(path, []byte("x"), 0o640))
	must(t, os.Chmod(path, 0o640))
	if _, err := identity.ReadSecret(path); err == nil {
		t.Error("a file that the group reads is taken")
	}
}
