//go:build remote && containers_image_openpgp

package podman

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"github.com/containers/podman/v5/pkg/bindings/images"
	"github.com/containers/podman/v5/pkg/bindings/system"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
)

var _ agent.Collector = (*Runtime)(nil)

// A disk fuller than fullAt has images collected until it is no fuller than roomAt.
const (
	fullAt = 0.85
	roomAt = 0.75
)

// Collect removes images that this agent fetched and that nothing needs, the longest unfetched
// first, while the disk of podman's storage is full. Images of others are left alone.
func (r *Runtime) Collect(ctx context.Context, keep []algebra.Deployment) error {
	full, err := r.full(ctx)
	if err != nil || full < fullAt {
		return err
	}
	r.fetching.Lock()
	defer r.fetching.Unlock()
	needed := map[string]bool{}
	for _, d := range keep {
		if p := d.Spec().Podman; p != nil {
			for _, c := range p.Containers {
				needed[c.Image] = true
			}
		}
	}
	for _, name := range r.fetched.list() {
		if needed[name] {
			continue
		}
		// Without force an image that a container of anybody uses is not removed.
		_, errs := images.Remove(r.call(ctx), []string{name}, nil)
		if err := errors.Join(errs...); err != nil && !notFound(err) {
			if there, _ := images.Exists(r.call(ctx), name, nil); there {
				continue
			}
		}
		if err := r.fetched.drop(name); err != nil {
			return err
		}
		if full, err = r.full(ctx); err != nil || full <= roomAt {
			return err
		}
	}
	return nil
}

// full is the share of the disk of podman's storage that is used.
func (r *Runtime) full(ctx context.Context) (float64, error) {
	if r.Full != nil {
		return r.Full()
	}
	root, err := r.storage(ctx)
	if err != nil {
		return 0, fmt.Errorf("podman's storage: %w", err)
	}
	var s syscall.Statfs_t
	if err := syscall.Statfs(root, &s); err != nil {
		return 0, fmt.Errorf("podman's storage: %w", err)
	}
	return 1 - float64(s.Bavail)/float64(s.Blocks), nil
}

// storage is where podman keeps images. It is asked for once: podman finds out about the whole
// machine to answer, which takes longer than to start a container.
func (r *Runtime) storage(ctx context.Context) (string, error) {
	r.finding.Lock()
	defer r.finding.Unlock()
	if r.root == "" {
		info, err := system.Info(r.call(ctx), nil)
		if err != nil {
			return "", err
		}
		r.root = info.Store.GraphRoot
	}
	return r.root, nil
}

// fetchedImages are the names of images that this agent fetched, the longest unfetched first, in
// a file. Without one nothing is remembered, and nothing collected.
type fetchedImages struct{ file string }

func (f fetchedImages) list() []string {
	var names []string
	raw, err := os.ReadFile(f.file)
	if err != nil || json.Unmarshal(raw, &names) != nil {
		return nil // what is not remembered stays
	}
	return names
}

func (f fetchedImages) add(name string) error { return f.change(name, true) }

func (f fetchedImages) drop(name string) error { return f.change(name, false) }

func (f fetchedImages) change(name string, add bool) error {
	if f.file == "" {
		return nil
	}
	names := slices.DeleteFunc(f.list(), func(n string) bool { return n == name })
	if add {
		names = append(names, name)
	}
	raw, err := json.Marshal(names)
	if err != nil {
		return err
	}
	if err := os.WriteFile(f.file+".tmp", raw, fs.FileMode(0o600)); err != nil {
		return err
	}
	return os.Rename(f.file+".tmp", f.file)
}
