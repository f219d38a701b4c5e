package setup_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/musterfleet/muster/agent/setup"
)

func TestMachineIsSetUpOnce(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	m, err := setup.OpenMachine(root)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	me := func(e setup.Entry) setup.Entry { e.UID, e.GID = os.Getuid(), os.Getgid(); return e }
	steps := []setup.Step{
		setup.Place("directory", "/etc/muster", me(setup.Entry{Mode: fs.ModeDir | 0o750})),
		setup.Place("key", "/etc/muster/device.json", me(setup.Entry{Data: []byte("{}"), Mode: 0o600})),
	}
	ctx := context.Background()
	done, err := setup.Run(ctx, m, steps)
	if err != nil || len(done) != 2 || !strings.HasPrefix(done[1], "+ /etc/muster/device.json -rw-------") {
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
	m, err := setup.OpenMachine(root)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	_, err = setup.Run(context.Background(), m, []setup.Step{setup.Place("key", "/key", setup.Entry{Mode: 0o600})})
	if err == nil || !strings.Contains(err.Error(), "key: /key: is L") {
		t.Errorf("a link in the key's place: %v", err)
	}
}
