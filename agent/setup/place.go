package setup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// Place is a step that a path holds an entry: a directory, the agent's configuration, its key.
func Place(name, path string, want Entry) Step {
	return place{name, path, func(Entry) (Entry, error) { return want, nil }}
}

// place computes what a path shall hold from what it holds, the zero Entry if nothing.
type place struct {
	name, path string
	want       func(now Entry) (Entry, error)
}

func (p place) Name() string { return p.name }

func (p place) Check(_ context.Context, h Host) (Change, error) {
	now, err := h.Read(p.path)
	found := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	want, err := p.want(now)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.path, err)
	}
	switch {
	case !found:
		return placing{path: p.path, want: want}, nil
	case now.Mode.IsDir() != want.Mode.IsDir():
		return nil, fmt.Errorf("%s: is %v and not %v; move it away", p.path, now.Mode, want.Mode)
	case now.Equal(want):
		return nil, nil
	}
	return placing{path: p.path, was: &now, want: want}, nil
}

// placing has what was there, nil if nothing.
type placing struct {
	path string
	was  *Entry
	want Entry
}

func (p placing) Diff() string {
	if p.was == nil {
		return fmt.Sprintf("+ %s %v %d:%d", p.path, p.want.Mode, p.want.UID, p.want.GID)
	}
	line := "~ " + p.path
	if string(p.was.Data) != string(p.want.Data) {
		line += fmt.Sprintf(" content (%d -> %d bytes)", len(p.was.Data), len(p.want.Data))
	}
	if p.was.Mode != p.want.Mode {
		line += fmt.Sprintf(" mode %v -> %v", p.was.Mode, p.want.Mode)
	}
	if p.was.UID != p.want.UID || p.was.GID != p.want.GID {
		line += fmt.Sprintf(" owner %d:%d -> %d:%d", p.was.UID, p.was.GID, p.want.UID, p.want.GID)
	}
	return line
}

func (p placing) Apply(_ context.Context, h Host) error { return h.Write(p.path, p.want) }

// Undo writes only if Apply did: a read-only disk is left alone, and is no second error.
func (p placing) Undo(_ context.Context, h Host) error {
	now, err := h.Read(p.path)
	gone := errors.Is(err, fs.ErrNotExist)
	switch {
	case err != nil && !gone:
		return err
	case p.was == nil && gone:
		return nil
	case p.was == nil:
		return h.Remove(p.path)
	case !gone && now.Equal(*p.was):
		return nil
	}
	return h.Write(p.path, *p.was)
}
