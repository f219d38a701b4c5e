package setuptest

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/musterfleet/muster/agent/setup"
)

// HostContract tests a Host in a directory of it that is empty. owner is who may own files there.
func HostContract(t *testing.T, h setup.Host, dir string, uid, gid int) {
	at := func(name string) string { return path.Join(dir, name) }
	mine := func(e setup.Entry) setup.Entry { e.UID, e.GID = uid, gid; return e }
	check := func(t *testing.T, name string, want setup.Entry) {
		t.Helper()
		if have, err := h.Read(at(name)); err != nil || !have.Equal(want) {
			t.Errorf("%s: %+v, %v; want %+v", name, have, err, want)
		}
	}
	write := func(t *testing.T, name string, e setup.Entry) {
		t.Helper()
		if err := h.Write(at(name), e); err != nil {
			t.Fatal(err)
		}
		check(t, name, e)
	}
	t.Run("nothing is ErrNotExist", func(t *testing.T) {
		if _, err := h.Read(at("none")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Read: %v", err)
		}
		if err := h.Remove(at("none")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Remove: %v", err)
		}
		if err := h.Write(at("none/file"), mine(setup.Entry{Mode: 0o600})); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Write: %v", err)
		}
	})
	t.Run("what was written is read", func(t *testing.T) {
		big := setup.Entry{Data: []byte(strings.Repeat("x\x00\n", 400_000)), Mode: 0o755}
		for _, e := range []setup.Entry{{Data: []byte("one"), Mode: 0o600}, big, {Mode: 0o644}, {Data: []byte("again"), Mode: fs.ModeSetuid | 0o750}} {
			write(t, "file", mine(e))
		}
		if _, err := h.Read(at("file" + setup.Staged)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the staged file is left: %v", err)
		}
	})
	t.Run("a directory keeps what is in it", func(t *testing.T) {
		write(t, "d", mine(setup.Entry{Mode: fs.ModeDir | 0o700}))
		write(t, "d/file", mine(setup.Entry{Data: []byte("in"), Mode: 0o640}))
		write(t, "d", mine(setup.Entry{Mode: fs.ModeDir | 0o755}))
		check(t, "d/file", mine(setup.Entry{Data: []byte("in"), Mode: 0o640}))
		if err := h.Remove(at("d")); err == nil {
			t.Error("a directory went with what was in it")
		}
		for _, name := range []string{"d/file", "d"} {
			if err := h.Remove(at(name)); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("a file does not become a directory", func(t *testing.T) {
		write(t, "f", mine(setup.Entry{Data: []byte("f"), Mode: 0o600}))
		if err := h.Write(at("f"), mine(setup.Entry{Mode: fs.ModeDir | 0o700})); err == nil {
			t.Error("it did")
		}
		check(t, "f", mine(setup.Entry{Data: []byte("f"), Mode: 0o600}))
	})
	t.Run("a link is an error", func(t *testing.T) {
		if _, err := h.Run(t.Context(), "ln", "-sf", "/etc/passwd", at("link")); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Read(at("link")); err == nil || !strings.Contains(err.Error(), "neither file nor directory") {
			t.Errorf("Read: %v", err)
		}
	})
	t.Run("arguments are no shell", func(t *testing.T) {
		odd := []string{"a b", "$HOME", "'", `"`, "", "*", ";false", "\\", "ä\n"}
		out, err := h.Run(t.Context(), append([]string{"printf", "%s|"}, odd...)...)
		if err != nil || out != strings.Join(odd, "|")+"|" {
			t.Errorf("%q, %v", out, err)
		}
	})
	t.Run("the last line of an error is told", func(t *testing.T) {
		_, err := h.Run(t.Context(), "sh", "-c", "echo one >&2; echo the cause >&2; exit 3")
		if err == nil || !strings.HasSuffix(err.Error(), "sh: exit status 3: the cause") {
			t.Errorf("%v", err)
		}
		if _, err := h.Run(t.Context(), "no-such-program"); err == nil {
			t.Error("a program that is not there ran")
		}
	})
}
