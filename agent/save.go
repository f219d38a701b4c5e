package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/internal/durable"
)

// Save puts an accepted set in force on disk, and keeps the deployments with it. Cut off
// anywhere it leaves the old set in force or the new one; it may be called again.
func (d *Dir) Save(v wire.Verified, specs []algebra.Deployment) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return inOrder(d.saveSteps(v, specs))
}

// SaveSpec keeps a deployment.
func (d *Dir) SaveSpec(spec algebra.Deployment) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return durable.Replace(d.spec(spec), spec.Canonical(), 0o600)
}

func (d *Dir) spec(spec algebra.Deployment) string {
	return filepath.Join(d.path, "specs", strings.TrimPrefix(spec.Digest().String(), "sha256:")+".json")
}

// SaveFaults keeps the faults in the place of those before.
func (d *Dir) SaveFaults(f Faults) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	entries := make([]faultEntry, 0, len(f))
	for k, fault := range f {
		entries = append(entries, faultEntry{k.App, k.Deployment, k.Values, fault})
	}
	slices.SortFunc(entries, func(a, b faultEntry) int {
		return bytes.Compare([]byte(a.App.String()+a.Deployment.String()+a.Values.String()), []byte(b.App.String()+b.Deployment.String()+b.Values.String()))
	})
	raw, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		return err
	}
	return durable.Replace(filepath.Join(d.path, "faults.json"), raw, 0o600)
}

// A step is one operation on the disk. Saving is a list of them, so that a test can cut it
// off after each.
type step = func() error

func inOrder(steps []step) error {
	for _, s := range steps {
		if err := s(); err != nil {
			return err
		}
	}
	return nil
}

func (d *Dir) saveSteps(v wire.Verified, specs []algebra.Deployment) []step {
	var steps []step
	for _, spec := range specs {
		if _, err := os.Stat(d.spec(spec)); err != nil {
			steps = append(steps, durable.Steps(d.spec(spec), spec.Canonical(), 0o600)...)
		}
	}
	number := strconv.FormatUint(v.State().Generation, 10)
	all, final := filepath.Join(d.path, "generations"), d.generation(v.State().Generation)
	building, link := final+".tmp", filepath.Join(d.path, "current.tmp")
	if now, err := os.ReadFile(filepath.Join(final, "set.json")); err != nil || !bytes.Equal(now, v.Raw()) {
		steps = append(steps,
			func() error { return os.RemoveAll(building) },
			func() error { return os.Mkdir(building, 0o700) },
			func() error { return durable.Write(filepath.Join(building, "set.json"), v.Raw(), 0o600) },
			func() error { return durable.SyncDir(building) },
			func() error { return os.RemoveAll(final) }, // unreadable, or never in force
			func() error { return os.Rename(building, final) },
			func() error { return durable.SyncDir(all) },
		)
	}
	return append(steps,
		func() error { return ignore(fs.ErrNotExist, os.Remove(link)) },
		func() error { return os.Symlink(filepath.Join("generations", number), link) },
		func() error { return os.Rename(link, filepath.Join(d.path, "current")) },
		func() error { return durable.SyncDir(d.path) },
	)
}

// Prune drops all generations but the one in force and the newest before it, and the
// deployments that neither names.
func (d *Dir) Prune(inForce uint64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	generations, err := d.generations()
	if err != nil {
		return err
	}
	kept := 0
	for _, g := range generations {
		if g <= inForce && kept < 2 {
			kept++
			continue
		}
		if err := os.RemoveAll(d.generation(g)); err != nil {
			return err
		}
	}
	return d.pruneSpecs()
}

func (d *Dir) pruneSpecs() error {
	generations, err := d.generations()
	if err != nil {
		return err
	}
	named := map[string]bool{}
	for _, g := range generations {
		raw, err := os.ReadFile(filepath.Join(d.generation(g), "set.json"))
		if err != nil {
			return nil // it cannot be told what is still named, so everything is kept
		}
		s, _, err := wire.Claimed(raw)
		if err != nil {
			return nil
		}
		for _, app := range s.Apps {
			named[strings.TrimPrefix(app.Digest.String(), "sha256:")+".json"] = true
		}
	}
	entries, err := os.ReadDir(filepath.Join(d.path, "specs"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !named[e.Name()] {
			if err := os.Remove(filepath.Join(d.path, "specs", e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

func ignore(target, err error) error {
	if errors.Is(err, target) {
		return nil
	}
	return err
}
