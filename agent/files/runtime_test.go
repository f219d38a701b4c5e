package files_test

import (
	"cmp"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/agent/files"
	"github.com/musterfleet/muster/algebra"
)

var conf = algebra.MustApp("conf")

// rig is a runtime on a file system of its own.
type rig struct {
	*files.Runtime
	root, dir string
	linger    time.Duration
}

func open(t *testing.T, r rig) rig {
	t.Helper()
	if r.root == "" {
		r.root, r.dir = t.TempDir(), t.TempDir()
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	var err error
	r.Runtime, err = files.Open(ctx, files.Config{Root: r.root, Dir: r.dir, Forbidden: []string{"/etc/muster"}, Linger: cmp.Or(r.linger, 100*time.Millisecond)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func deploy(t *testing.T, version string, fs ...algebra.File) algebra.Deployment {
	t.Helper()
	d, err := algebra.NewDeployment(algebra.DeploymentSpec{App: conf, Version: algebra.MustVersion(version),
		Files: &algebra.Files{Files: fs, Values: map[string]algebra.EnvValue{"SITE": {FromLabel: "site"}}}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var oslo = algebra.Values{"label:site": "oslo"}

func (r rig) start(t *testing.T, d algebra.Deployment) {
	t.Helper()
	if err := r.Prepare(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context(), d, oslo); err != nil {
		t.Fatal(err)
	}
}

func (r rig) stop(t *testing.T) {
	t.Helper()
	if err := r.Stop(t.Context(), conf); err != nil {
		t.Fatal(err)
	}
}

func (r rig) at(path string) string { return filepath.Join(r.root, path) }

// has compares the whole file system with what it should hold.
func (r rig) has(t *testing.T, want map[string]string) {
	t.Helper()
	have := map[string]string{}
	err := filepath.WalkDir(r.root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		have[strings.TrimPrefix(path, r.root)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range want {
		if have[path] != text {
			t.Errorf("%s holds %q, want %q", path, have[path], text)
		}
		delete(have, path)
	}
	if len(have) > 0 {
		t.Errorf("besides there is %v", have)
	}
}

func (r rig) phase(t *testing.T) agent.Observed {
	t.Helper()
	seen, err := r.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return seen[conf]
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for begun := time.Now(); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > 5*time.Second {
			t.Fatalf("after 5 s not: %s", what)
		}
	}
}

func TestSetComesAndGoes(t *testing.T) {
	r := open(t, rig{})
	if err := os.MkdirAll(r.at("/etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.at("/etc/motd"), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := deploy(t, "1", algebra.File{Path: "/etc/motd", Content: "at ${SITE}, ${OTHER}\n", Mode: "0640"}, algebra.File{Path: "/srv/a/b", Content: "x"})
	r.start(t, d)
	r.has(t, map[string]string{"/etc/motd": "at oslo, ${OTHER}\n", "/srv/a/b": "x"})
	if info, err := os.Stat(r.at("/etc/motd")); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	want := algebra.Release{Version: d.Version(), Deployment: d.Digest(), Values: oslo.Digest()}
	if o := r.phase(t); o.Phase != algebra.Running || o.Release != want {
		t.Errorf("shows as %+v", o)
	}
	if err := r.Start(t.Context(), d, oslo); err == nil {
		t.Error("started in a filled slot")
	}
	r.stop(t)
	if o := r.phase(t); o.Phase != 0 {
		t.Errorf("after the stop shows as %+v", o)
	}
	eventually(t, "what was there is back", func() bool {
		text, _ := os.ReadFile(r.at("/etc/motd"))
		_, err := os.Stat(r.at("/srv/a/b"))
		return string(text) == "hello" && os.IsNotExist(err)
	})
	r.has(t, map[string]string{"/etc/motd": "hello"})
	if info, _ := os.Stat(r.at("/etc/motd")); info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v", info.Mode())
	}
}

// TestTakeOver: a file that both sets have is there at every moment.
func TestTakeOver(t *testing.T) {
	r := open(t, rig{linger: time.Minute})
	r.start(t, deploy(t, "1", algebra.File{Path: "/a", Content: "1"}, algebra.File{Path: "/old", Content: "1"}))
	missing := make(chan bool)
	done := make(chan struct{})
	go func() {
		gone := false
		for {
			select {
			case <-done:
				missing <- gone
				return
			default:
				text, err := os.ReadFile(r.at("/a"))
				gone = gone || err != nil || len(text) != 1
			}
		}
	}()
	for _, v := range []string{"2", "3", "4"} {
		r.stop(t)
		r.start(t, deploy(t, v, algebra.File{Path: "/a", Content: v}))
	}
	close(done)
	if <-missing {
		t.Error("the file was missing, or half there, for a moment")
	}
	r.has(t, map[string]string{"/a": "4"})
}

// TestAllOrNothing: a set of which one file cannot be put in place changes nothing.
func TestAllOrNothing(t *testing.T) {
	r := open(t, rig{})
	r.start(t, deploy(t, "1", algebra.File{Path: "/a", Content: "1"}))
	r.stop(t)
	if err := os.Mkdir(r.at("/dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	d := deploy(t, "2", algebra.File{Path: "/a", Content: "2"}, algebra.File{Path: "/b", Content: "2"}, algebra.File{Path: "/dir", Content: "2"})
	if err := r.Prepare(t.Context(), d); err == nil || !strings.Contains(err.Error(), "/dir: refused by the device: is no regular file") {
		t.Errorf("prepared: %v", err)
	}
	if err := r.Start(t.Context(), d, oslo); err == nil {
		t.Error("started")
	}
	r.has(t, map[string]string{"/a": "1"})
}

func TestNoValueStartsNothing(t *testing.T) {
	r := open(t, rig{})
	if err := r.Start(t.Context(), deploy(t, "1", algebra.File{Path: "/a", Content: "${SITE}"}), nil); err == nil {
		t.Error("started without the value of SITE")
	}
	r.has(t, nil)
}

func TestChangedByOthers(t *testing.T) {
	r := open(t, rig{})
	r.start(t, deploy(t, "1", algebra.File{Path: "/etc/a", Content: "1"}))
	changes, err := r.Changes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for what, spoil := range map[string]func() error{
		"its content was changed":      func() error { return os.WriteFile(r.at("/etc/a"), []byte("2"), 0o644) },
		"was removed":                  func() error { return os.Remove(r.at("/etc/a")) },
		"its mode was changed to 0777": func() error { return os.Chmod(r.at("/etc/a"), 0o777) },
		"is a symbolic link":           func() error { return os.Rename(r.at("/etc/link"), r.at("/etc/a")) },
	} {
		if err := os.Symlink("/etc/passwd", r.at("/etc/link")); err != nil {
			t.Fatal(err)
		}
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-changes:
		case <-time.After(5 * time.Second):
			t.Errorf("%s: not told", what)
		}
		if o := r.phase(t); o.Phase != algebra.Failed || !strings.Contains(o.Detail, what) {
			t.Errorf("%s: shows as %+v", what, o)
		}
		_, _ = os.Remove(r.at("/etc/link")), os.Remove(r.at("/etc/a"))
		r.stop(t)
		r.start(t, deploy(t, "1", algebra.File{Path: "/etc/a", Content: "1"}))
		for len(changes) > 0 {
			<-changes
		}
	}
}

// TestEscapesAreRefused: no path leads to where it does not say.
func TestEscapesAreRefused(t *testing.T) {
	r := open(t, rig{})
	outside := t.TempDir()
	for name, to := range map[string]string{"/link": outside, "/self": "."} {
		if err := os.Symlink(to, r.at(name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"/link/x", "/self/x", "/link", "/etc/muster/config.toml"} {
		d := deploy(t, "1", algebra.File{Path: path, Content: "x"})
		if err := r.Prepare(t.Context(), d); err == nil {
			t.Errorf("%s: prepared", path)
		}
		if err := r.Start(t.Context(), d, oslo); err == nil {
			t.Errorf("%s: started", path)
		}
	}
	if left, _ := os.ReadDir(outside); len(left) > 0 {
		t.Errorf("written outside: %v", left)
	}
	if err := syscall.Mkfifo(r.at("/pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Prepare(t.Context(), deploy(t, "1", algebra.File{Path: "/pipe", Content: "x"})); err == nil {
		t.Error("a pipe was taken for a file")
	}
}

func TestFetch(t *testing.T) {
	r := open(t, rig{})
	served := "content of some length"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(served)) }))
	defer s.Close()
	d := deploy(t, "1", algebra.File{Path: "/bin/tool", Mode: "755", Fetch: &algebra.Download{URL: s.URL, Digest: algebra.DigestOf([]byte(served))}})
	if err := r.Start(t.Context(), d, oslo); err == nil || !strings.Contains(err.Error(), "was not fetched") {
		t.Errorf("started without a content: %v", err)
	}
	r.start(t, d)
	r.has(t, map[string]string{"/bin/tool": served})
	r.stop(t)
	other := deploy(t, "2", algebra.File{Path: "/bin/tool", Fetch: &algebra.Download{URL: s.URL, Digest: algebra.DigestOf([]byte("other"))}})
	if err := r.Prepare(t.Context(), other); err == nil || !strings.Contains(err.Error(), "what is there has the digest") {
		t.Errorf("another content was taken: %v", err)
	}
}

// TestCutOff: an agent that ended anywhere finds which sets are in place, and cleans up.
func TestCutOff(t *testing.T) {
	r := open(t, rig{})
	r.start(t, deploy(t, "1", algebra.File{Path: "/a", Content: "1"}))
	dies := r
	dies.linger = time.Hour // the process ends before that is over
	again := open(t, dies)
	if o := again.phase(t); o.Phase != algebra.Running {
		t.Errorf("after a restart shows as %+v", o)
	}
	again.stop(t)
	last := open(t, r) // the files of a set that left wait for nobody now
	eventually(t, "the file is gone", func() bool { _, err := os.Stat(r.at("/a")); return os.IsNotExist(err) })
	// Cut off between the rename of the first file and the record of the set.
	last.start(t, deploy(t, "2", algebra.File{Path: "/b", Content: "2"}))
	apps := filepath.Join(r.dir, "apps", "conf")
	if err := os.Rename(filepath.Join(apps, "set.json"), filepath.Join(apps, "pending.json")); err != nil {
		t.Fatal(err)
	}
	cut := open(t, r)
	if o := cut.phase(t); o.Phase != 0 {
		t.Errorf("a set that was cut off shows as %+v", o)
	}
	eventually(t, "the half set is gone", func() bool { _, err := os.Stat(r.at("/b")); return os.IsNotExist(err) })
}
