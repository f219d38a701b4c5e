package worlddir_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/executor/operator"
	"github.com/musterfleet/muster/executor/operator/worlddir"
	"github.com/musterfleet/muster/planner/planfile"
)

// follow loads the text of world.yaml as if it were a commit.
func follow(t *testing.T, dir string, edit ...func(*worlddir.Directory)) <-chan operator.Loaded {
	d := worlddir.Directory{Path: dir, Settle: 30 * time.Millisecond, Load: func(_ context.Context, commit string) operator.Loaded {
		text, err := os.ReadFile(filepath.Join(dir, "world.yaml"))
		return operator.Loaded{Request: planfile.Request{User: string(text), VCS: planfile.VCS{SHA: commit}}, Err: err}
	}}
	for _, e := range edit {
		e(&d)
	}
	return d.Follow(t.Context())
}

func next(t *testing.T, worlds <-chan operator.Loaded) operator.Loaded {
	t.Helper()
	select {
	case w := <-worlds:
		return w
	case <-time.After(time.Minute):
		t.Fatal("no World within 60 s")
		return operator.Loaded{}
	}
}

func none(t *testing.T, worlds <-chan operator.Loaded) {
	t.Helper()
	select {
	case w := <-worlds:
		t.Fatalf("a World that is none: %+v", w)
	case <-time.After(200 * time.Millisecond):
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path+"~", []byte(text), 0o644)) // at once, or a slow machine shows it half written
	must(t, os.Rename(path+"~", path))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFollowsFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "world.yaml"), "1")
	worlds := follow(t, dir)
	if w := next(t, worlds); w.Request.User != "1" || w.Request.VCS.SHA != "" {
		t.Errorf("first: %+v", w)
	}
	none(t, worlds)
	for _, text := range []string{"20", "21", "22"} { // an edit in steps is one change
		write(t, filepath.Join(dir, "world.yaml"), text)
		time.Sleep(5 * time.Millisecond)
	}
	if w := next(t, worlds); w.Request.User != "22" {
		t.Errorf("edited: %+v", w)
	}
	none(t, worlds)
	write(t, filepath.Join(dir, "deep", "er", "more.yaml"), "a") // in a directory that is new
	next(t, worlds)
	write(t, filepath.Join(dir, "deep", "er", "more.yaml"), "bb")
	next(t, worlds)
	write(t, filepath.Join(dir, ".hidden", "x.yaml"), "x")
	none(t, worlds)
	must(t, os.Remove(filepath.Join(dir, "world.yaml")))
	if w := next(t, worlds); w.Err == nil {
		t.Error("a World that is gone is no error")
	}
}

// TestLooksByItself: a file system that tells nothing is looked at.
func TestLooksByItself(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "world.yaml"), "1")
	elsewhere := t.TempDir()
	link := filepath.Join(dir, "policies.yaml")
	write(t, filepath.Join(elsewhere, "p.yaml"), "1")
	must(t, os.Symlink(filepath.Join(elsewhere, "p.yaml"), link))
	worlds := follow(t, dir, func(d *worlddir.Directory) { d.Every = 50 * time.Millisecond })
	next(t, worlds)
	write(t, filepath.Join(elsewhere, "p.yaml"), "22") // nobody watches that directory
	next(t, worlds)
}

func TestWaitsForGit(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %s", args, out)
		}
		return strings.TrimSpace(string(out))
	}
	write(t, filepath.Join(dir, "world.yaml"), "1")
	git("init", "-q")
	git("add", ".")
	git("commit", "-q", "-m", "one")
	worlds := follow(t, dir)
	if w := next(t, worlds); w.Request.VCS.SHA != git("rev-parse", "HEAD") {
		t.Errorf("commit %s", w.Request.VCS.SHA)
	}
	lock := filepath.Join(dir, ".git", "index.lock")
	write(t, lock, "")
	write(t, filepath.Join(dir, "world.yaml"), "half")
	none(t, worlds) // git is at work
	must(t, os.Remove(lock))
	if w := next(t, worlds); w.Request.User != "half" || !strings.HasSuffix(w.Request.VCS.SHA, "-dirty") {
		t.Errorf("dirty: %+v", w)
	}
	git("commit", "-qam", "two")
	for w := next(t, worlds); w.Request.VCS.SHA != git("rev-parse", "HEAD"); w = next(t, worlds) {
		t.Logf("on the way: %+v", w.Request)
	}
	none(t, worlds)
}
