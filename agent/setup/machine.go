package setup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// Machine is the Host that is this machine, seen from a root directory, "/" but for a rehearsal.
// No path leads out of it. Programs run outside of it.
type Machine struct{ root *os.Root }

// OpenMachine opens the root directory.
func OpenMachine(root string) (*Machine, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("setup: %w", err)
	}
	return &Machine{r}, nil
}

// Close lets go of the root directory.
func (m *Machine) Close() error { return m.root.Close() }

func (m *Machine) Run(ctx context.Context, argv ...string) (string, error) {
	var out, noise bytes.Buffer
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Stdout, c.Stderr = &out, &noise
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("%s: %w%s", argv[0], err, LastLine(noise.String()))
	}
	return out.String(), nil
}

// Dial makes a connection from this machine.
func (m *Machine) Dial(ctx context.Context, address string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "tcp", address)
}

func (m *Machine) Read(path string) (Entry, error) {
	info, err := m.root.Lstat(relative(path))
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Mode: info.Mode()}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		e.UID, e.GID = int(s.Uid), int(s.Gid)
	}
	switch {
	case info.IsDir():
		return e, nil
	case !info.Mode().IsRegular():
		return Entry{}, fmt.Errorf("%s: is %v, neither file nor directory", path, info.Mode())
	}
	e.Data, err = m.root.ReadFile(relative(path))
	return e, err
}

func (m *Machine) Write(path string, e Entry) error {
	p := relative(path)
	if e.Mode.IsDir() {
		if err := m.root.Mkdir(p, e.Mode.Perm()); err != nil {
			if info, there := m.root.Lstat(p); there != nil || !info.IsDir() {
				return err
			}
		}
		return m.own(p, e)
	}
	staged := p + Staged
	err := m.stage(staged, e)
	if err == nil {
		err = m.root.Rename(staged, p)
	}
	if err != nil {
		// What cannot be removed now, the next Write removes: the first cause is the one to tell.
		_ = m.root.Remove(staged)
	}
	return err
}

// stage makes a new file: what a run that was killed left is not written into, as somebody may
// have it open. Nobody but its owner reads it before it has its content, mode and owner.
func (m *Machine) stage(p string, e Entry) error {
	if err := ignoreGone(m.root.Remove(p)); err != nil {
		return err
	}
	f, err := m.root.OpenFile(p, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(e.Data)
	return errors.Join(err, m.own(p, e), f.Sync(), f.Close())
}

// own sets the owner first: a change of owner takes away the bits of setuid.
func (m *Machine) own(p string, e Entry) error {
	if err := m.root.Lchown(p, e.UID, e.GID); err != nil {
		return err
	}
	return m.root.Chmod(p, e.Mode&^fs.ModeType)
}

func (m *Machine) Remove(path string) error { return m.root.Remove(relative(path)) }

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// relative is a path as os.Root takes it.
func relative(path string) string {
	if p := strings.TrimLeft(path, "/"); p != "" {
		return p
	}
	return "."
}
