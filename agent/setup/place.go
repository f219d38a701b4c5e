package setup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// Place is a step that a path holds an entry, of which an account is the owner. The owner in the
// entry does not count: accounts have other numbers on each host.
func Place(name, path, account string, want Entry) Step {
	return place{name: name, path: path, account: account, want: func(Entry, bool) (Entry, error) { return want, nil }}
}

// place computes what a path shall hold from what it holds.
type place struct {
	name, path, account string
	want                func(now Entry, found bool) (Entry, error)
	// after is what to run once the entry is in place, or is taken back.
	after func(ctx context.Context, h Host) error
}

func (p place) Name() string { return p.name }

func (p place) Check(_ context.Context, h Host) (Change, error) {
	now, err := h.Read(p.path)
	found := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	want, err := p.want(now, found)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.path, err)
	}
	if want.UID, want.GID, err = numbers(h, p.account); err != nil {
		return nil, err
	}
	c := placing{place: p, to: want}
	switch {
	case !found:
		return c, nil
	case now.Mode.IsDir() != want.Mode.IsDir():
		return nil, fmt.Errorf("%s: is %v and not %v; move it away", p.path, now.Mode, want.Mode)
	case now.Equal(want):
		return nil, nil
	}
	c.was = &now
	return c, nil
}

// placing has what was there, nil if nothing.
type placing struct {
	place
	was *Entry
	to  Entry
}

func (p placing) Diff() string {
	if p.was == nil {
		line := fmt.Sprintf("+ %s  %v %s", p.path, p.to.Mode, p.account)
		if p.to.Mode.IsRegular() {
			line += "  " + bytesText(len(p.to.Data))
		}
		return line
	}
	var what []string
	if string(p.was.Data) != string(p.to.Data) {
		what = append(what, fmt.Sprintf("content, %s -> %s", bytesText(len(p.was.Data)), bytesText(len(p.to.Data))))
	}
	if p.was.Mode != p.to.Mode {
		what = append(what, fmt.Sprintf("mode %v -> %v", p.was.Mode, p.to.Mode))
	}
	if p.was.UID != p.to.UID || p.was.GID != p.to.GID {
		what = append(what, fmt.Sprintf("owner %d:%d -> %s", p.was.UID, p.was.GID, p.account))
	}
	return "~ " + p.path + "  " + strings.Join(what, "; ")
}

func bytesText(n int) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

func (p placing) Apply(ctx context.Context, h Host) error {
	if p.to.UID < 0 {
		return fmt.Errorf("%s: there is no account %s to own it", p.path, p.account)
	}
	if err := h.Write(p.path, p.to); err != nil {
		return err
	}
	return p.follow(ctx, h)
}

func (p placing) follow(ctx context.Context, h Host) error {
	if p.after == nil {
		return nil
	}
	return p.after(ctx, h)
}

// Undo writes only if Apply did: a read-only disk is left alone, and is no second error.
func (p placing) Undo(ctx context.Context, h Host) error {
	now, err := h.Read(p.path)
	gone := errors.Is(err, fs.ErrNotExist)
	switch {
	case err != nil && !gone:
		return err
	case p.was == nil && gone, p.was != nil && !gone && now.Equal(*p.was):
		return nil
	case p.was == nil:
		err = h.Remove(p.path)
	default:
		err = h.Write(p.path, *p.was)
	}
	return errors.Join(err, p.follow(ctx, h))
}
