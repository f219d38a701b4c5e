package agent

import (
	"crypto/ed25519"
	"os"
	"path/filepath"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// Cut off after any step, in the middle of any write, the directory holds the old generation
// or the new one, whole, and the next save goes through.
func TestSaveCutOff(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	ring := wire.NewKeyring(key.Public().(ed25519.PublicKey))
	device, app := algebra.MustDeviceID("d1"), algebra.MustApp("web")
	spec, err := algebra.NewDeployment(algebra.DeploymentSpec{App: app, Version: algebra.MustVersion("1"),
		Podman: &algebra.Podman{Containers: []algebra.Container{{Name: "web", Image: "x"}}}})
	if err != nil {
		t.Fatal(err)
	}
	sets := make([]wire.Verified, 3)
	for i := range sets {
		s := wire.DesiredState{Device: device, Generation: uint64(i) + 1, Apps: map[algebra.App]wire.App{app: {Version: spec.Version(), Digest: spec.Digest()}}}
		if i > 0 {
			s.Previous = sets[i-1].Digest()
		}
		if sets[i], err = wire.Sign(key, s); err != nil {
			t.Fatal(err)
		}
	}
	old, fresh := 0, 0
	for cut := 0; ; cut++ {
		path := t.TempDir()
		d, err := OpenDir(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Save(sets[0], nil); err != nil {
			t.Fatal(err)
		}
		steps := d.saveSteps(sets[1], []algebra.Deployment{spec})
		if cut > len(steps) {
			break
		}
		if err := inOrder(steps[:cut]); err != nil {
			t.Fatal(err)
		}
		tear(t, path)
		m, problems, err := d.Load(device, ring)
		if err != nil || len(problems) > 0 {
			t.Fatalf("cut after step %d of %d: %v, %v", cut, len(steps), problems, err)
		}
		switch m.Accepted.Digest() {
		case sets[0].Digest():
			old++
		case sets[1].Digest():
			fresh++
			if len(m.Specs) != 1 {
				t.Errorf("cut after step %d: the new generation is in force without its deployment", cut)
			}
		default:
			t.Fatalf("cut after step %d of %d: neither generation is in force", cut, len(steps))
		}
		if m.Floor != m.Accepted.State().Generation {
			t.Errorf("cut after step %d: floor %d, generation %d", cut, m.Floor, m.Accepted.State().Generation)
		}
		for _, next := range sets[1:] {
			if err := d.Save(next, []algebra.Deployment{spec}); err != nil {
				t.Fatalf("after a cut at step %d: %v", cut, err)
			}
			if err := d.Prune(next.State().Generation); err != nil {
				t.Fatalf("after a cut at step %d: %v", cut, err)
			}
			if m, problems, err := d.Load(device, ring); err != nil || len(problems) > 0 || m.Accepted.Digest() != next.Digest() {
				t.Fatalf("after a cut at step %d and another save: %v, %v", cut, problems, err)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if old < 8 || fresh < 2 {
		t.Errorf("%d cuts left the old generation, %d the new one: the cuts miss a side", old, fresh)
	}
}

// tear cuts every file that is still being built in half, as a crash during its write would.
func tear(t *testing.T, path string) {
	t.Helper()
	for _, pattern := range []string{"generations/*.tmp/*", "specs/*.tmp"} {
		files, err := filepath.Glob(filepath.Join(path, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			info, err := os.Stat(f)
			if err == nil {
				err = os.Truncate(f, info.Size()/2)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}
