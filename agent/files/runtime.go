package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
)

// Runtime puts sets of files in place.
type Runtime struct {
	Config
	tree  tree
	watch *watch
	mu    sync.Mutex // one change at a time
}

// Config says where.
type Config struct {
	// Root is where paths begin; empty is /.
	Root string
	// Dir is where the records are kept, below which no workload may write.
	Dir string
	// Forbidden are further directories in which no workload may write: the agent's own.
	Forbidden []string
	// Linger is how long a stopped set leaves its files for the next; 0 is 5 s.
	Linger time.Duration
	// Swept hears that the files of a stopped set are gone; it may be nil.
	Swept func(algebra.App)
	// Log hears what fails in the background; nil is slog.Default().
	Log *slog.Logger
}

var _ agent.Runtime = (*Runtime)(nil)

// Open finds what is in place. It works until ctx ends.
func Open(ctx context.Context, c Config) (*Runtime, error) {
	if c.Root == "" {
		c.Root = "/"
	}
	if c.Linger == 0 {
		c.Linger = 5 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	c.Forbidden = append(slices.Clone(c.Forbidden), c.Dir)
	if err := os.MkdirAll(filepath.Join(c.Dir, "content"), 0o700); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	r := &Runtime{Config: c, tree: tree{c.Root}}
	var err error
	if r.watch, err = newWatch(ctx); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	apps, err := r.apps()
	if err != nil {
		return nil, err
	}
	for _, app := range apps {
		if err := r.recover(app); err != nil {
			return nil, fmt.Errorf("files: %s: %w", app, err)
		}
	}
	return r, nil
}

func (r *Runtime) slot(app algebra.App) slot { return slot(filepath.Join(r.Dir, "apps", app.String())) }

// apps are those that have a record of any stage.
func (r *Runtime) apps() ([]algebra.App, error) {
	entries, err := os.ReadDir(filepath.Join(r.Dir, "apps"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("files: %w", err)
	}
	var apps []algebra.App
	for _, e := range entries {
		if app, err := algebra.ParseApp(e.Name()); err == nil {
			apps = append(apps, app)
		}
	}
	return apps, nil
}

// recover goes on where the agent was cut off: a set that was being written leaves, since
// nobody knows how far it came, and what leaves goes when its time is over.
func (r *Runtime) recover(app algebra.App) error {
	s := r.slot(app)
	if _, cut, err := s.read(pending); err != nil {
		return err
	} else if cut {
		// A pending record has all that the one it replaces has.
		if err := s.move(pending, leaving); err != nil {
			return err
		}
	}
	if set, there, err := s.read(current); err != nil {
		return err
	} else if there {
		r.watch.follow(app, r.paths(set))
	}
	if _, left, err := s.read(leaving); err != nil {
		return err
	} else if left {
		r.later(app)
	}
	return nil
}

// Observe compares what is in place with what was put there.
func (r *Runtime) Observe(ctx context.Context) (map[algebra.App]agent.Observed, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	apps, err := r.apps()
	if err != nil {
		return nil, err
	}
	seen := map[algebra.App]agent.Observed{}
	for _, app := range apps {
		set, there, err := r.slot(app).read(current)
		if err != nil {
			return nil, fmt.Errorf("files: %s: %w", app, err)
		}
		if there {
			seen[app] = r.judge(set)
		}
	}
	return seen, nil
}

func (r *Runtime) judge(set record) agent.Observed {
	o := agent.Observed{Release: set.release(), Phase: algebra.Running}
	var why []string
	for _, f := range set.Files {
		if detail := r.differs(f); detail != "" {
			why = append(why, f.Path+": "+detail)
		}
	}
	if len(why) > 0 {
		o.Phase, o.Detail = algebra.Failed, strings.Join(why, "; ")
	}
	return o
}

// Note is what Put kept with what is in the slot, nil if it is empty.
func (r *Runtime) Note(app algebra.App) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	set, _, err := r.slot(app).read(current)
	return set.Note, err
}

// differs says how a file is not as it was put there.
func (r *Runtime) differs(f recorded) string {
	p, err := r.tree.at(f.Path, false)
	var have kept
	if err == nil {
		defer p.close()
		have, err = p.look()
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "was removed"
	case err != nil:
		return err.Error()
	case have.Digest != f.Digest:
		return "its content was changed"
	case have.Mode != f.Mode:
		return fmt.Sprintf("its mode was changed to %04o", have.Mode)
	case have.UID != f.UID || have.GID != f.GID:
		return fmt.Sprintf("its owner was changed to %d:%d", have.UID, have.GID)
	}
	return ""
}

// Changes tells an app when a file of it was touched.
func (r *Runtime) Changes(ctx context.Context) (<-chan algebra.App, error) {
	return r.watch.changes(ctx), nil
}

func (r *Runtime) paths(set record) []string {
	var paths []string
	for _, f := range set.Files {
		paths = append(paths, filepath.Join(r.Root, f.Path))
	}
	return paths
}
