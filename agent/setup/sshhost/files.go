package sshhost

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/pkg/sftp"

	"github.com/musterfleet/muster/agent/setup"
)

// Read gives what is at a path.
func (h *Host) Read(p string) (setup.Entry, error) {
	info, err := h.files.Lstat(p)
	if err != nil {
		return setup.Entry{}, fmt.Errorf("%s: %w", p, gone(err))
	}
	e := setup.Entry{Mode: info.Mode()}
	if s, ok := info.Sys().(*sftp.FileStat); ok {
		e.UID, e.GID = int(s.UID), int(s.GID)
	}
	switch {
	case info.IsDir():
		return e, nil
	case !info.Mode().IsRegular():
		return setup.Entry{}, fmt.Errorf("%s: is %v, neither file nor directory", p, info.Mode())
	}
	f, err := h.files.Open(p)
	if err != nil {
		return setup.Entry{}, fmt.Errorf("%s: %w", p, gone(err))
	}
	// The size is no guide: files of /proc have none.
	e.Data, err = io.ReadAll(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return setup.Entry{}, fmt.Errorf("%s: %w", p, gone(err))
	}
	return e, nil
}

// Write puts an entry in place whole or not at all.
func (h *Host) Write(p string, e setup.Entry) error {
	if err := h.write(p, e); err != nil {
		return fmt.Errorf("%s: %w", p, h.explain(path.Dir(p), len(e.Data), gone(err)))
	}
	return nil
}

func (h *Host) write(p string, e setup.Entry) error {
	if e.Mode.IsDir() {
		if err := h.files.Mkdir(p); err != nil {
			// The protocol has no error for what is there already.
			if info, there := h.files.Lstat(p); there != nil || !info.IsDir() {
				return err
			}
		}
		return h.own(p, e)
	}
	staged := p + setup.Staged
	err := h.stage(staged, e)
	if err == nil {
		err = h.files.PosixRename(staged, p)
	}
	if err != nil {
		// What cannot be removed now, the next Write removes: the first cause is the one to tell.
		_ = h.files.Remove(staged)
	}
	return err
}

func (h *Host) stage(p string, e setup.Entry) error {
	if err := h.files.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := h.files.OpenFile(p, os.O_CREATE|os.O_EXCL|os.O_WRONLY)
	if err != nil {
		return err
	}
	_, err = f.Write(e.Data)
	if err == nil {
		err = h.own(p, e)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// own sets the owner first: a change of owner takes away the bits of setuid.
func (h *Host) own(p string, e setup.Entry) error {
	if err := h.files.Chown(p, e.UID, e.GID); err != nil {
		return err
	}
	return h.files.Chmod(p, e.Mode&^fs.ModeType)
}

// Remove takes away a file or an empty directory.
func (h *Host) Remove(p string) error {
	if err := h.files.Remove(p); err != nil {
		return fmt.Errorf("%s: %w", p, h.explain(path.Dir(p), 0, gone(err)))
	}
	return nil
}

const readOnly = 1 // of the flags of a file system

// explain finds out what a failure was about: the protocol knows only that it is one.
func (h *Host) explain(dir string, size int, err error) error {
	var status *sftp.StatusError
	if !errors.As(err, &status) {
		return err
	}
	disk, unknown := h.files.StatVFS(dir)
	switch {
	case unknown != nil:
		return err
	case disk.Flag&readOnly != 0:
		return errors.New("the file system is read-only")
	case disk.Bavail*disk.Frsize < uint64(size):
		return fmt.Errorf("no space left on device: %d bytes are free, %d are wanted", disk.Bavail*disk.Frsize, size)
	case disk.Favail == 0 && disk.Files > 0:
		return errors.New("no space left on device: no file can be made any more")
	}
	return err
}
