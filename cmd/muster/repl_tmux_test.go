package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

// screen is a terminal of 100 columns and 30 rows that a REPL runs on.
type screen struct {
	t      *testing.T
	socket string
}

func (s screen) tmux(args ...string) string {
	s.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", s.socket, "-f", "/dev/null"}, args...)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("tmux %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// took is the one thing on the screen that no two runs share.
var took = regexp.MustCompile(`· [0-9.]+ (µs|ms|s)`)

// shown is the screen without blanks at the ends, times replaced.
func (s screen) shown() string {
	text := s.tmux("capture-pane", "-p", "-t", "repl")
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(took.ReplaceAllString(l, "· 0 ms"), " ")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n") + "\n"
}

// send types a line of keys and waits until the screen has taken them in. Readline loses a key
// that comes while it asks the terminal where the cursor is, as it may on a busy machine: a key
// that changes nothing is sent again.
func (s screen) send(line string) {
	s.t.Helper()
	args := []string{"send-keys", "-t", "repl", "-l", line}
	if keys, named := strings.CutPrefix(line, "\t"); named {
		args = append([]string{"send-keys", "-t", "repl"}, strings.Fields(keys)...)
	}
	before := s.raw()
	for range 3 {
		s.tmux(args...)
		last := ""
		for range 30 {
			time.Sleep(60 * time.Millisecond)
			now := s.raw()
			if now != before && now == last {
				return
			}
			last = now
		}
		if !strings.HasPrefix(line, "\t") {
			break // text was taken in, or it is too late to tell how much of it
		}
	}
}

// raw is the screen as it is, and where the cursor stands.
func (s screen) raw() string {
	return s.tmux("capture-pane", "-p", "-t", "repl") + s.tmux("display-message", "-p", "-t", "repl", "#{cursor_x},#{cursor_y}")
}

// settle waits until the screen ends as wanted and no longer changes.
func (s screen) settle(want string) string {
	s.t.Helper()
	last := ""
	for range 200 {
		now := s.shown()
		if now == last && strings.Contains(now, want) {
			return now
		}
		last = now
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("the screen never shows %q; it is\n%s", want, last)
	return ""
}

// openScreen runs a script on a terminal, in a directory with the devices and the World of
// testdata/screen.txtar. The script starts the REPL by $REPL.
func openScreen(t *testing.T, archive *txtar.Archive, script string) (s screen, dir string) {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("no tmux here: the REPL is not seen on a terminal")
	}
	dir = t.TempDir()
	for _, f := range archive.Files {
		if f.Name == "devices.jsonl" || strings.HasSuffix(f.Name, ".yaml") {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, f.Name)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(dir, "muster")); err != nil { // TestMain runs main under that name
		t.Fatal(err)
	}
	s = screen{t, filepath.Join(dir, "tmux")}
	s.tmux("new-session", "-d", "-s", "repl", "-x", "100", "-y", "30", "-c", dir,
		fmt.Sprintf("unset NO_COLOR MUSTER_CONFIG; export HOME=%s XDG_STATE_HOME=%s/state LANG=C.UTF-8 INPUTRC=/dev/null; REPL='./muster repl -w world --roster devices.jsonl'; %s; sleep 60", dir, dir, script))
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", s.socket, "kill-server").Run() })
	s.settle("muster>")
	return s, dir
}

// TestScreen drives the REPL on a terminal by keys, as testdata/screen.txtar has them, and
// compares the screen. A file named "keys" holds a line for each send-keys of tmux: literal
// text, or names of keys after a tab. The file after it is the screen then.
func TestScreen(t *testing.T) {
	file, err := filepath.Abs("testdata/screen.txtar")
	if err != nil {
		t.Fatal(err)
	}
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, dir := openScreen(t, archive, "$REPL; echo ended with $?")
	changed := false
	for i, f := range archive.Files {
		if !strings.HasPrefix(f.Name, "keys") {
			continue
		}
		until := strings.TrimSpace(strings.TrimPrefix(f.Name, "keys until"))
		for _, line := range strings.Split(strings.TrimSuffix(string(f.Data), "\n"), "\n") {
			s.send(line)
		}
		golden := &archive.Files[i+1]
		if got := s.settle(until); got != string(golden.Data) {
			if *update {
				golden.Data, changed = []byte(got), true
				continue
			}
			t.Errorf("%s: the screen is\n%s\nwant\n%s", golden.Name, got, golden.Data)
		}
	}
	if changed {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	history, err := os.ReadFile(filepath.Join(dir, "state", "muster", "history"))
	if err != nil || !strings.Contains(string(history), `"arch = aarch64 &\nlabel(\"ring\") = \"1\""`+"\n") {
		t.Errorf("an entry of two lines is not one line of the history: %v\n%s", err, history)
	}
}

// TestTypedAhead types entries before those before them are answered, down to the last row of
// the screen: none is lost, and none is written over.
func TestTypedAhead(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/screen.txtar")
	if err != nil {
		t.Fatal(err)
	}
	s, _ := openScreen(t, archive, "$REPL")
	var want strings.Builder
	for i := range 12 {
		entry := fmt.Sprintf("{edge-00%d} & @prod[arch = aarch64]", 1+i%2)
		s.tmux("send-keys", "-t", "repl", "-l", entry+"\r")
		fmt.Fprintf(&want, "muster> %s\nedge-00%d\n1 of 5 devices · 0 ms · devices.jsonl\n", entry, 1+i%2)
	}
	lines := strings.SplitAfter(want.String(), "\n")
	last := strings.Join(lines[len(lines)-22:], "") + "muster>\n" // what of it the screen holds for sure
	s.settle(last)
}

// TestHushed types while an entry is answered, and stops the program then. What is typed shows once
// it is edited and not before; the terminal is as it was for whoever has it while the program is
// stopped, and after its end.
func TestHushed(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/screen.txtar")
	if err != nil {
		t.Fatal(err)
	}
	s, _ := openScreen(t, archive, `set -m
		modes() { echo "$1: $(stty -a | grep -ow -e '-*echo' -e '-*icanon' | xargs)"; }
		modes before; $REPL; modes stopped; fg >/dev/null; modes after`)
	s.send(":watch 1h {edge-001}")
	s.tmux("send-keys", "-t", "repl", "Enter")
	s.settle("Ctrl-C ends it")
	s.tmux("send-keys", "-t", "repl", "-l", "all[arch ")
	s.tmux("send-keys", "-t", "repl", "C-z")
	s.settle("stopped: icanon echo\n")
	s.tmux("send-keys", "-t", "repl", "C-c") // for the watch: fg has let it go on
	s.settle("muster>\n")
	s.tmux("send-keys", "-t", "repl", "-l", ":quit\r")
	got := s.settle("after: ")
	if strings.Contains(got, "all[") || !strings.Contains(got, "\nmuster> :quit\nafter: icanon echo\n") {
		t.Errorf("the screen is\n%s", got)
	}
}
