package setup_test

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/musterfleet/muster/agent/setup"
	"github.com/musterfleet/muster/identity"
)

// machine is one in a directory, with an account "me" that is who runs the test.
func machine(t *testing.T, root string) *setup.Machine {
	t.Helper()
	etc := filepath.Join(root, "etc")
	passwd := fmt.Sprintf("root:x:0:0::/root:/bin/sh\nme:x:%d:%d::/:/bin/sh\n", os.Getuid(), os.Getgid())
	if err := errors.Join(os.MkdirAll(etc, 0o755), os.WriteFile(filepath.Join(etc, "passwd"), []byte(passwd), 0o644)); err != nil {
		t.Fatal(err)
	}
	m, err := setup.OpenMachine(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func TestMachineIsSetUpOnce(t *testing.T) {
	root := t.TempDir()
	m := machine(t, root)
	steps := []setup.Step{
		setup.Place("directory", "/etc/muster", "me", setup.Entry{Mode: fs.ModeDir | 0o750}),
		setup.Place("key", "/etc/muster/device.json", "me", setup.Entry{Data: []byte("{}"), Mode: 0o600}),
	}
	ctx := context.Background()
	done, err := setup.Run(ctx, m, steps)
	if err != nil || len(done) != 2 || !strings.HasPrefix(done[1], "+ /etc/muster/device.json  -rw------- me  2 bytes") {
		t.Fatalf("first run: %q, %v", done, err)
	}
	if again, err := setup.Run(ctx, m, steps); err != nil || len(again) > 0 {
		t.Errorf("second run: %q, %v", again, err)
	}
	info, err := os.Stat(filepath.Join(root, "etc/muster/device.json"))
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("the key: %v, %v", info, err)
	}
}

func TestMachineRefusesLinks(t *testing.T) {
	root := t.TempDir()
	if err := os.Symlink("/etc/passwd", filepath.Join(root, "key")); err != nil {
		t.Fatal(err)
	}
	m := machine(t, root)
	_, err := setup.Run(context.Background(), m, []setup.Step{setup.Place("key", "/key", "me", setup.Entry{Mode: 0o600})})
	if err == nil || !strings.Contains(err.Error(), "key: /key: is L") {
		t.Errorf("a link in the key's place: %v", err)
	}
}

// The files that setup places are those that a device which joins by itself writes.
func TestCredentialIsWhatJoinInstalls(t *testing.T) {
	ctx := context.Background()
	intent := identity.EnrollmentIntent{URL: "tls://hub.example:4222", Token: "once", Device: "d1"}
	credential, err := intent.Resolve(ctx, t.TempDir(), func(context.Context, identity.EnrollmentIntent, *rsa.PrivateKey) (identity.Enrolled, error) {
		return identity.Enrolled{Device: "d1", Issuer: "https://issuer.example", Audience: "fleet", UserID: "u", KeyID: "k", Trust: []byte("trust")}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	m := machine(t, root)
	steps, err := setup.Credential("/muster", "me", credential, false)
	if err != nil {
		t.Fatal(err)
	}
	if done, err := setup.Run(ctx, m, steps); err != nil || len(done) != 4 {
		t.Fatalf("%q, %v", done, err)
	}
	if err := credential.Install(filepath.Join(root, "joined")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"device.json", "operator.pub", "config.toml"} {
		placed, err := m.Read("/muster/" + name)
		joined, err2 := m.Read("/joined/" + name)
		if err != nil || err2 != nil || !placed.Equal(joined) {
			t.Errorf("%s: setup and join differ: %v, %v", name, err, err2)
		}
	}
	if _, err := setup.Credential("/muster", "me", identity.DeviceCredential{}, false); err == nil {
		t.Error("no credential was taken for one")
	}
}
