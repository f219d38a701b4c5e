package files

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/musterfleet/muster/algebra"
)

// tree is the file system below a root, walked name by name without following a link.
type tree struct{ root string }

// place is a name in an open directory.
type place struct {
	dir  int // O_PATH
	name string
}

func (p place) close() { _ = unix.Close(p.dir) }

// at opens the directory of an absolute path. With build, directories that are missing are made.
func (t tree) at(p string, build bool) (place, error) {
	if err := algebra.CheckFilePath(p); err != nil {
		return place{}, fmt.Errorf("%s: %w", p, err)
	}
	const how = unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	dir, err := unix.Open(t.root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return place{}, fmt.Errorf("%s: %w", t.root, err)
	}
	names := strings.Split(p[1:], "/")
	for i, name := range names[:len(names)-1] {
		next, err := unix.Openat(dir, name, how, 0)
		if errors.Is(err, unix.ENOENT) && build {
			if err = unix.Mkdirat(dir, name, 0o755); err == nil || errors.Is(err, unix.EEXIST) {
				next, err = unix.Openat(dir, name, how, 0)
			}
		}
		_ = unix.Close(dir)
		if err != nil {
			return place{}, fmt.Errorf("%s: %w", p, notDirectory("/"+path.Join(names[:i+1]...), err))
		}
		dir = next
	}
	return place{dir, names[len(names)-1]}, nil
}

// notDirectory says what is wrong with a directory on the way. A link shows as ENOTDIR too.
func notDirectory(dir string, err error) error {
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return fmt.Errorf("%s is a symbolic link or no directory; name the real path", dir)
	}
	return err
}

// kept is a file as it stands.
type kept struct {
	Digest algebra.Digest `json:"digest"`
	Mode   uint32         `json:"mode"`
	UID    int            `json:"uid"`
	GID    int            `json:"gid"`
}

// open reads the file itself, which is no link; fs.ErrNotExist where there is none.
func (p place) open() (*os.File, kept, error) {
	fd, err := unix.Openat(p.dir, p.name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ELOOP) {
		return nil, kept{}, errors.New("is a symbolic link; muster writes no file in the place of one")
	}
	if err != nil {
		return nil, kept{}, err
	}
	f := os.NewFile(uintptr(fd), p.name)
	var s unix.Stat_t
	if err := unix.Fstat(fd, &s); err != nil {
		return nil, kept{}, errors.Join(err, f.Close())
	}
	if s.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, kept{}, errors.Join(errors.New("is no regular file; muster writes none in its place"), f.Close())
	}
	return f, kept{Mode: s.Mode & 0o7777, UID: int(s.Uid), GID: int(s.Gid)}, nil
}

// look is how the file stands, with the digest of its content.
func (p place) look() (kept, error) {
	f, k, err := p.open()
	if err != nil {
		return kept{}, err
	}
	defer f.Close()
	k.Digest, err = digestOf(f)
	return k, err
}

func digestOf(r io.Reader) (algebra.Digest, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return algebra.Digest{}, err
	}
	return algebra.ParseDigest("sha256:" + hex.EncodeToString(h.Sum(nil)))
}

// stage writes a file under another name in the directory, whole and on disk. One left from
// before is in nobody's use.
func (p place) stage(content io.Reader, as kept, other string) error {
	if err := p.remove(other); err != nil {
		return err
	}
	fd, err := unix.Openat(p.dir, other, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), other)
	_, err = io.Copy(f, content)
	if err == nil && (as.UID != os.Geteuid() || as.GID != os.Getegid()) {
		err = f.Chown(as.UID, as.GID)
	}
	if err == nil {
		err = unix.Fchmod(fd, as.Mode) // after the owner, which would clear setuid
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// keep gives the file a second name, under which it stays when another takes its place.
func (p place) keep(other string) error {
	if err := p.remove(other); err != nil {
		return err
	}
	err := unix.Linkat(p.dir, p.name, p.dir, other, 0)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EOPNOTSUPP) { // a file system without links
		err = unix.Renameat(p.dir, p.name, p.dir, other)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// take puts the file of another name in its place.
func (p place) take(other string) error { return unix.Renameat(p.dir, other, p.dir, p.name) }

// remove removes a name from the directory; an absent one is no error.
func (p place) remove(name string) error {
	if err := unix.Unlinkat(p.dir, name, 0); err != nil && !errors.Is(err, unix.ENOENT) {
		return err
	}
	return nil
}

// sync has the directory's names outlive a crash.
func (p place) sync() error {
	fd, err := unix.Openat(p.dir, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return errors.Join(unix.Fsync(fd), unix.Close(fd))
}
