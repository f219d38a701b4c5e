package files

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/musterfleet/muster/algebra"
)

// Set is what Put puts into a slot.
type Set struct {
	App     algebra.App
	Release algebra.Release
	Files   *algebra.Files
	Values  algebra.Values
	// Note is kept with the record, for who uses this package to place files of a kind of its own.
	Note []byte
}

// Start puts all files of the release in place, or none.
func (r *Runtime) Start(ctx context.Context, d algebra.Deployment, v algebra.Values) error {
	set := Set{d.App(), algebra.Release{Version: d.Version(), Deployment: d.Digest(), Values: v.Digest()}, d.Spec().Files, v, nil}
	if err := r.Put(ctx, set); err != nil {
		return fmt.Errorf("start %s: %w", d, err)
	}
	return nil
}

// Put fills an empty slot.
func (r *Runtime) Put(ctx context.Context, set Set) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.put(set)
}

func (r *Runtime) put(set Set) error {
	s := r.slot(set.App)
	if err := os.MkdirAll(string(s), 0o700); err != nil {
		return err
	}
	if _, filled, err := s.read(current); err != nil || filled {
		return errors.Join(err, errors.New("the slot is not empty; stop what is in it first"))
	}
	old, _, err := s.read(leaving)
	if err != nil {
		return err
	}
	next := record{App: set.App, Version: set.Release.Version, Deployment: set.Release.Deployment, Values: set.Release.Values, Note: set.Note}
	var writes []*write
	defer func() {
		for _, w := range writes {
			w.place.close()
		}
	}()
	for i, f := range set.Files.Files {
		if err := r.allowed(f); err != nil {
			return fmt.Errorf("file %s: %w", f.Path, err)
		}
		w, err := r.prepareWrite(s, old, f, fmt.Sprintf(".muster-%s-%d", set.App, i))
		if err != nil {
			return fmt.Errorf("file %s: %w", f.Path, err)
		}
		writes = append(writes, w)
		if w.content, err = r.content(set.Files, f, set.Values); err == nil {
			w.to.Digest, err = w.content.digest()
		}
		if err != nil {
			return fmt.Errorf("file %s: %w", f.Path, err)
		}
		next.Files = append(next.Files, w.to)
	}
	all := next
	for _, f := range old.Files {
		if _, again := next.file(f.Path); !again {
			f.Left = true
			all.Files = append(all.Files, f)
		}
	}
	if err := s.write(pending, all); err != nil {
		return err
	}
	if err := replaceAll(writes); err != nil {
		return errors.Join(err, s.drop(pending))
	}
	// From here on only the records are to follow.
	if err := r.restore(s, record{Files: leftOf(all)}); err != nil {
		return err
	}
	if err := s.write(current, next); err != nil {
		return err
	}
	r.watch.follow(set.App, r.paths(next))
	return errors.Join(s.drop(leaving), s.drop(pending))
}

func leftOf(all record) []recorded {
	var left []recorded
	for _, f := range all.Files {
		if f.Left {
			left = append(left, f)
		}
	}
	return left
}
