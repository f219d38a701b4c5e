package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/durable"
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

// write is one file on its way.
type write struct {
	place   place
	to      recorded
	content content
	staged  string // the name it is written under
	before  string // the name of what it replaces, should that have to come back
}

// prepareWrite finds the file's place and keeps what is there, if it is not muster's own.
func (r *Runtime) prepareWrite(s slot, old record, f algebra.File, name string) (*write, error) {
	uid, gid, err := ids(f.Owner)
	if err != nil {
		return nil, err
	}
	p, err := r.tree.at(f.Path, true)
	if err != nil {
		return nil, err
	}
	w := &write{place: p, staged: name, before: name + "-before",
		to: recorded{Path: f.Path, kept: kept{Mode: f.Perm(), UID: uid, GID: gid}}}
	if was, ours := old.file(f.Path); ours {
		w.to.Before = was.Before
		return w, nil
	}
	file, was, err := p.open()
	if errors.Is(err, fs.ErrNotExist) {
		return w, nil
	}
	if err == nil {
		defer file.Close()
		var b bytes.Buffer
		if _, err = io.Copy(&b, file); err == nil {
			was.Digest = algebra.DigestOf(b.Bytes())
			err = durable.Replace(s.before(f.Path), b.Bytes(), 0o600)
		}
	}
	if err != nil {
		p.close()
		return nil, err
	}
	w.to.Before = &was
	return w, nil
}

// replaceAll stages all, then renames all; if one fails, all are as they were.
func replaceAll(writes []*write) (err error) {
	defer func() {
		for _, w := range writes {
			err = errors.Join(err, w.place.remove(w.staged), w.place.remove(w.before))
		}
	}()
	for _, w := range writes {
		content, err := w.content.open()
		if err == nil {
			err = errors.Join(w.place.stage(content, w.to.kept, w.staged), content.Close())
		}
		if err != nil {
			return fmt.Errorf("file %s: %w", w.to.Path, err)
		}
	}
	for i, w := range writes {
		if err := w.place.keep(w.before); err != nil { // the file is in its place as it was
			return errors.Join(fmt.Errorf("file %s: %w", w.to.Path, err), putBack(writes[:i]))
		}
		if err := errors.Join(w.place.take(w.staged), w.place.sync()); err != nil {
			return errors.Join(fmt.Errorf("file %s: %w", w.to.Path, err), putBack(writes[:i+1]))
		}
	}
	return nil
}

func putBack(writes []*write) error {
	var errs []error
	for _, w := range writes {
		err := w.place.take(w.before)
		if errors.Is(err, fs.ErrNotExist) { // there was nothing
			err = w.place.remove(w.place.name)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// ids are the numbers of USER or USER:GROUP; the group is else the user's own.
func ids(owner string) (uid, gid int, err error) {
	if owner == "" {
		return os.Geteuid(), os.Getegid(), nil
	}
	name, group, hasGroup := strings.Cut(owner, ":")
	if uid, err = strconv.Atoi(name); err != nil {
		u, err := user.Lookup(name)
		if err != nil {
			return 0, 0, fmt.Errorf("owner %s: there is no such user here", name)
		}
		uid, _ = strconv.Atoi(u.Uid)
		gid, _ = strconv.Atoi(u.Gid)
	} else {
		gid = uid
	}
	if !hasGroup {
		return uid, gid, nil
	}
	if gid, err = strconv.Atoi(group); err != nil {
		g, err := user.LookupGroup(group)
		if err != nil {
			return 0, 0, fmt.Errorf("owner %s: there is no group %s here", owner, group)
		}
		gid, _ = strconv.Atoi(g.Gid)
	}
	return uid, gid, nil
}

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

func (r *Runtime) contentPath(d algebra.Digest) string {
	return filepath.Join(r.Dir, "content", strings.TrimPrefix(d.String(), "sha256:"))
}
