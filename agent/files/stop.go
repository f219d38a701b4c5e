package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// Stop empties the slot. The files stay for Linger, for a set that takes them over.
func (r *Runtime) Stop(ctx context.Context, app algebra.App) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.slot(app)
	_, filled, err := s.read(current)
	if err == nil && filled {
		err = s.move(current, leaving)
	}
	if err != nil {
		return fmt.Errorf("stop %s: %w", app, err)
	}
	if filled {
		r.watch.follow(app, nil)
		r.later(app)
	}
	return nil
}

// later has what leaves go when its time is over.
func (r *Runtime) later(app algebra.App) {
	time.AfterFunc(r.Linger, func() {
		if r.watch.ctx.Err() != nil {
			return // the next Open goes on
		}
		if err := r.sweep(app); err != nil {
			r.Log.Error("files of a stopped app not removed", "app", app, "error", err)
		}
	})
}

func (r *Runtime) sweep(app algebra.App) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.slot(app)
	old, left, err := s.read(leaving)
	if err != nil || !left {
		return err
	}
	if _, filled, err := s.read(current); err != nil || filled {
		return errors.Join(err, s.drop(leaving)) // cut off just before that
	}
	if err := r.restore(s, old); err != nil {
		return err
	}
	err = errors.Join(os.RemoveAll(string(s)), r.forget())
	if r.Swept != nil {
		r.Swept(app)
	}
	return err
}

// restore puts back what was there before muster came.
func (r *Runtime) restore(s slot, old record) error {
	var errs []error
	for _, f := range old.Files {
		if err := r.restoreOne(s, f); err != nil {
			errs = append(errs, fmt.Errorf("file %s: %w", f.Path, err))
		}
	}
	return errors.Join(errs...)
}

func (r *Runtime) restoreOne(s slot, f recorded) error {
	p, err := r.tree.at(f.Path, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer p.close()
	if f.Before == nil {
		return errors.Join(p.remove(p.name), p.sync())
	}
	content, err := os.Open(s.before(f.Path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it was put back before
	}
	if err != nil {
		return err
	}
	const name = ".muster-restored"
	err = errors.Join(p.stage(content, *f.Before, name), content.Close())
	if err == nil {
		err = errors.Join(p.take(name), p.sync())
	}
	if err != nil {
		return errors.Join(err, p.remove(name))
	}
	return os.Remove(s.before(f.Path))
}
