package worlddir

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/musterfleet/muster/executor/operator"
)

// Directory is where a World is, and what else it depends on.
type Directory struct {
	// Path is the World's directory; Also are others whose change has it loaded again.
	Path string
	Also []string
	// Settle is how long nothing must change before it is loaded; 0 is 300 ms.
	Settle time.Duration
	// Every is about how often it is looked at though nothing was heard; 0 is 5 minutes.
	Every time.Duration
	Log   *slog.Logger
	// Load reads the World, which Commit describes where it is in a git working copy.
	Load func(context.Context, string) operator.Loaded
}

// Follow gives the World as it is, and again each time that it has changed, until ctx ends.
func (d Directory) Follow(ctx context.Context) <-chan operator.Loaded {
	d.Settle, d.Every = cmp.Or(d.Settle, 300*time.Millisecond), cmp.Or(d.Every, 5*time.Minute)
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	out := make(chan operator.Loaded)
	go func() {
		defer close(out)
		d.follow(ctx, out)
	}()
	return out
}

func (d Directory) follow(ctx context.Context, out chan<- operator.Loaded) {
	heard, err := d.listen(ctx)
	if err != nil {
		d.Log.Warn("the file system tells no changes; the directory is looked at from time to time", "error", err)
	}
	last := ""
	for {
		before := d.stamp(ctx)
		if before != last && !d.busy() {
			loaded := d.Load(ctx, Commit(ctx, d.Path))
			if d.stamp(ctx) != before { // it changed while it was read
				if !d.pause(ctx, d.Settle) {
					return
				}
				continue
			}
			last = before
			select {
			case out <- loaded:
			case <-ctx.Done():
				return
			}
		}
		wait := d.Every/2 + rand.N(d.Every)
		if before != last {
			wait = d.Settle
		}
		if !d.rest(ctx, heard, wait) {
			return
		}
	}
}

// rest waits until something changed and nothing more does, or for some time.
func (d Directory) rest(ctx context.Context, heard <-chan struct{}, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-heard:
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
	for quiet := false; !quiet; {
		select {
		case <-heard:
		case <-time.After(d.Settle):
			quiet = true
		case <-ctx.Done():
			return false
		}
	}
	return true
}

func (d Directory) pause(ctx context.Context, t time.Duration) bool {
	select {
	case <-time.After(t):
		return true
	case <-ctx.Done():
		return false
	}
}

// listen tells of changes in the directories and those below. A directory that is new is listened
// to from the change on that told of it.
func (d Directory) listen(ctx context.Context) (<-chan struct{}, error) {
	heard := make(chan struct{}, 1)
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return heard, err
	}
	context.AfterFunc(ctx, func() { _ = w.Close() })
	for _, root := range d.roots() {
		err = errors.Join(err, addAll(w, root))
	}
	if dir := gitDir(d.Path); dir != "" {
		err = errors.Join(err, w.Add(dir))
	}
	go func() {
		for {
			select {
			case e, open := <-w.Events:
				if !open {
					return
				}
				if e.Has(fsnotify.Create) {
					_ = addAll(w, e.Name) // a file, or one that is gone already; the next look finds it
				}
			case _, open := <-w.Errors: // an overflow: something was missed
				if !open {
					return
				}
			}
			select {
			case heard <- struct{}{}:
			default: // it is due already
			}
		}
	}()
	return heard, err
}

func addAll(w *fsnotify.Watcher, root string) error {
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !e.IsDir():
			return nil
		case path != root && strings.HasPrefix(e.Name(), "."):
			return fs.SkipDir
		}
		return w.Add(path)
	})
}

func (d Directory) roots() []string { return append([]string{d.Path}, d.Also...) }

var seed = maphash.MakeSeed()

// stamp is another text if any file is another, by name, time and content, or the commit.
func (d Directory) stamp(ctx context.Context) string {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, root := range d.roots() {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case path != root && (strings.HasPrefix(e.Name(), ".") || strings.HasSuffix(e.Name(), "~")):
				if e.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			info, err := os.Stat(path) // what a link leads to
			if err != nil || !info.Mode().IsRegular() {
				return nil
			}
			fmt.Fprintf(&h, "%s %d %d\x00", path, info.Size(), info.ModTime().UnixNano())
			if text, err := os.ReadFile(path); err == nil { // within a tick of the clock a time can stay the same
				_, _ = h.Write(text)
			}
			return nil
		})
		if err != nil {
			fmt.Fprintf(&h, "%s: %v\x00", root, err)
		}
	}
	return fmt.Sprintf("%x %s", h.Sum64(), head(ctx, d.Path))
}
