package files

import (
	"context"
	"path/filepath"
	"sync"

	"github.com/fsnotify/fsnotify"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
)

// watch hears of changes in the directories of files that are in place: a file that is replaced
// by a rename would be lost sight of by itself.
type watch struct {
	ctx context.Context
	fs  *fsnotify.Watcher

	mu    sync.Mutex
	of    map[string]algebra.App // by path
	bells map[*agent.Bell]bool
}

func newWatch(ctx context.Context) (*watch, error) {
	fs, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &watch{ctx: ctx, fs: fs, of: map[string]algebra.App{}, bells: map[*agent.Bell]bool{}}
	context.AfterFunc(ctx, func() { _ = fs.Close() })
	go func() {
		for {
			select {
			case e, open := <-fs.Events:
				if !open {
					return
				}
				w.ring(e.Name)
			case _, open := <-fs.Errors: // an overflow: the agent's regular look finds what was missed
				if !open {
					return
				}
			}
		}
	}()
	return w, nil
}

func (w *watch) ring(path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if app, ok := w.of[path]; ok {
		for b := range w.bells {
			b.Ring(app)
		}
	}
}

// follow listens for these paths of an app, in the place of those before.
func (w *watch) follow(app algebra.App, paths []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for path, of := range w.of {
		if of == app {
			delete(w.of, path)
		}
	}
	for _, path := range paths {
		w.of[path] = app
	}
	needed := map[string]bool{}
	for path := range w.of {
		needed[filepath.Dir(path)] = true
	}
	for _, dir := range w.fs.WatchList() {
		if !needed[dir] {
			_ = w.fs.Remove(dir) // it is gone by itself where the directory is
		}
	}
	for dir := range needed {
		_ = w.fs.Add(dir) // where it cannot be watched, the agent's regular look remains
	}
}

func (w *watch) changes(ctx context.Context) <-chan algebra.App {
	b := agent.NewBell()
	w.mu.Lock()
	w.bells[b] = true
	w.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(w.ctx, cancel)
	out := make(chan algebra.App)
	go func() {
		defer close(out)
		b.Hear(ctx, out)
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.bells, b)
	}()
	return out
}
