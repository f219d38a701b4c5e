package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/durable"
)

// The agent changes over to another binary of itself in three steps, none of which leaves the
// device without an agent that is heard:
//
//	a file appears at --update, put there by a workload of files like any other
//	try     the new binary is run beside this one: it must reach the fleet and be answered
//	run     it takes this one's place, which stays beside it as FILE.previous
//	        until it is answered it counts its starts; too many, or silence, and the previous is back
//
// A binary that failed is not tried again, unless this one fails too when it is tried: then the fleet is
// away, and both wait for it. What runs on the device runs on throughout.
type updater struct {
	state  string
	file   string        // where a new binary appears; empty: never
	within time.Duration // how long it may take to be heard
	self   string
	log    *slog.Logger
}

// update is update.json: the change under way, and what is not to be tried again.
type update struct {
	// Running is the digest of the binary that took over and was not heard yet; zero: none.
	Running algebra.Digest `json:"running,omitzero"`
	Starts  int            `json:"starts,omitempty"`
	// Refused are binaries that failed, and why.
	Refused map[string]string `json:"refused,omitempty"`
}

const (
	updateFile = "update.json"
	// startsUnheard is how often a new binary may start without being heard.
	startsUnheard = 3
	// tryAgain is how long a binary waits that could not be judged.
	tryAgain = time.Minute
)

func (u updater) read() update {
	var now update
	if raw, err := os.ReadFile(filepath.Join(u.state, updateFile)); err == nil {
		_ = json.Unmarshal(raw, &now) // what cannot be read is no change under way
	}
	if now.Refused == nil {
		now.Refused = map[string]string{}
	}
	return now
}

func (u updater) write(now update) error {
	raw, err := json.Marshal(now)
	if err != nil {
		return err
	}
	return durable.Replace(filepath.Join(u.state, updateFile), raw, 0o600)
}

// begin is called before all else: it counts the start of a binary that nobody has heard yet, and
// goes back if that is one too many.
func (u updater) begin() error {
	now := u.read()
	if now.Running.IsZero() {
		return nil
	}
	if now.Starts++; now.Starts > startsUnheard {
		return u.back(fmt.Sprintf("started %d times and was not heard", startsUnheard))
	}
	return u.write(now)
}

// heard says that the fleet answered: the binary that runs is good.
func (u updater) heard() {
	now := u.read()
	if now.Running.IsZero() {
		return
	}
	u.log.Info("the new binary is heard and stays", "digest", now.Running.Short())
	now.Running, now.Starts = algebra.Digest{}, 0
	if err := u.write(now); err != nil {
		u.log.Error("update", "error", err)
	}
}

// back puts the previous binary in this one's place and becomes it.
func (u updater) back(why string) error {
	now := u.read()
	u.log.Error("going back to the previous binary", "reason", why)
	now.Refused[now.Running.String()] = why
	now.Running, now.Starts = algebra.Digest{}, 0
	if err := u.write(now); err != nil {
		return err
	}
	if err := os.Rename(u.self+".previous", u.self); err != nil {
		return fmt.Errorf("go back to the previous binary: %w", err)
	}
	return u.become()
}

// become replaces this process by the binary at its own path, with its own arguments.
func (u updater) become() error { return syscall.Exec(u.self, os.Args, os.Environ()) }

// watch waits for a binary to change over to, until ctx ends, and gives true when it is in place:
// the caller then ends its work and becomes it. While the one that runs is not heard, it goes back
// by itself when its time is over.
func (u updater) watch(ctx context.Context) (ready bool, err error) {
	var late <-chan time.Time
	if !u.read().Running.IsZero() {
		late = time.After(u.within)
	}
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return false, err
	}
	defer w.Close()
	if u.file != "" {
		if err := os.MkdirAll(filepath.Dir(u.file), 0o755); err != nil {
			return false, err
		}
		if err := w.Add(filepath.Dir(u.file)); err != nil {
			return false, fmt.Errorf("%s: %w", filepath.Dir(u.file), err)
		}
	}
	for {
		var again <-chan time.Time
		if u.file != "" && u.read().Running.IsZero() {
			ready, later := u.change(ctx)
			if ready {
				return true, nil
			}
			if later {
				again = time.After(tryAgain)
			}
		}
		select {
		case <-ctx.Done():
			return false, nil
		case <-late:
			if late = nil; !u.read().Running.IsZero() {
				return false, u.back(fmt.Sprintf("not heard within %s", u.within))
			}
		case <-again:
		case e := <-w.Events:
			if e.Name == u.file {
				time.Sleep(100 * time.Millisecond) // it may still be written to
			}
		case <-w.Errors:
		}
	}
}

// change tries the binary that is there, and puts it in place if it is another one and good; later says
// that nothing could be found out about it now.
func (u updater) change(ctx context.Context) (ready, later bool) {
	next, err := digestOfFile(u.file)
	if errors.Is(err, fs.ErrNotExist) {
		return false, false
	}
	var have algebra.Digest
	if err == nil {
		have, err = digestOfFile(u.self)
	}
	if err != nil {
		u.log.Error("update", "error", err)
		return false, true
	}
	now := u.read()
	if _, refused := now.Refused[next.String()]; refused || next == have {
		return false, false
	}
	u.log.Info("trying a new binary", "digest", next.Short())
	if err := u.try(ctx, u.file); err != nil {
		if own := u.try(ctx, u.self); ctx.Err() != nil {
			return false, false
		} else if own != nil {
			u.log.Warn("the new binary fails, and so does this one; trying again", "digest", next.Short(), "in", tryAgain, "error", own)
			return false, true
		}
		u.log.Error("the new binary is not taken", "digest", next.Short(), "error", err)
		now.Refused[next.String()] = err.Error()
		u.save(now)
		return false, false
	}
	if err := u.place(next); err != nil {
		u.log.Error("the new binary cannot be put in place; trying again", "in", tryAgain, "error", err)
		return false, true
	}
	now.Running, now.Starts = next, 0
	return u.save(now), false
}

// save keeps the change under way, and reports whether it could.
func (u updater) save(now update) bool {
	err := u.write(now)
	if err != nil {
		u.log.Error("update", "error", err)
	}
	return err == nil
}

// try runs a binary beside this one, as `try` with this one's options.
func (u updater) try(ctx context.Context, binary string) error {
	ctx, cancel := context.WithTimeout(ctx, u.within)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, append([]string{"try"}, os.Args[2:]...)...)
	cmd.WaitDelay = time.Second
	said, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, said[max(0, len(said)-200):])
	}
	return nil
}

// place puts the new binary in this one's place, which stays beside it. It is the one that was tried.
func (u updater) place(tried algebra.Digest) error {
	content, err := os.ReadFile(u.file)
	if err == nil && algebra.DigestOf(content) != tried {
		err = fmt.Errorf("%s was changed while it was tried", u.file)
	}
	if err != nil {
		return err
	}
	if err := os.Remove(u.self + ".previous"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Link(u.self, u.self+".previous"); err != nil {
		return err
	}
	return durable.Replace(u.self, content, 0o755)
}

func digestOfFile(path string) (algebra.Digest, error) {
	f, err := os.Open(path)
	if err != nil {
		return algebra.Digest{}, err
	}
	defer f.Close()
	content, err := io.ReadAll(f)
	return algebra.DigestOf(content), err
}
