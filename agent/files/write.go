package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/durable"
)

// write is one file on its way to its place: staged beside it, then renamed.
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
