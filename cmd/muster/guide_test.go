package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestGuide types the sessions of the operating guide into one shell, in their order, and
// compares what is printed. In the guide … stands for any text of a line, and a line of … alone
// for any lines; the files it shows are written as they stand there.
func TestGuide(t *testing.T) {
	text, err := os.ReadFile("../GUIDE.md")
	if err != nil {
		t.Fatal(err)
	}
	sh := newShell(t)
	commands := 0
	for _, b := range blocks(string(text)) {
		name, isFile := strings.CutPrefix(b.kind, "yaml ")
		switch {
		case isFile:
			path := filepath.Join(sh.dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(b.text), 0o644); err != nil {
				t.Fatal(err)
			}
		case b.kind == "console":
			for _, c := range typed(b.text) {
				commands++
				have := sh.run(t, c.command)
				if !likeText(c.want).MatchString(have) {
					t.Fatalf("GUIDE.md:%d: $ %s\nprints\n%s\nwant\n%s", b.line, c.command, have, c.want)
				}
			}
		case b.kind != "sh": // what the test of the packages types
			t.Errorf("GUIDE.md:%d: a block of kind %q is tested by nothing", b.line, b.kind)
		}
	}
	if commands < 30 {
		t.Errorf("the guide types %d commands: it shows next to nothing", commands)
	}
}

func TestGuideComparesLines(t *testing.T) {
	for _, c := range []struct {
		want, have string
		alike      bool
	}{
		{"a … c\n", "a b c\n", true},
		{"a … c\n", "a b\nc\n", false},
		{"a\n…\nc\n", "a\nb\nb\nc\n", true},
		{"a\n…\nc\n", "a\nc\n", true},
		{"a\n", "a\nb\n", false},
		{"", "a\n", false},
		{"a.c\n", "abc\n", false},
	} {
		if have := likeText(c.want).MatchString(c.have); have != c.alike {
			t.Errorf("%q like %q: %v", c.have, c.want, have)
		}
	}
}

// fenced is a fenced block of Markdown.
type fenced struct {
	kind, text string
	line       int
}

func blocks(text string) []fenced {
	var out []fenced
	var at *fenced
	n := 0
	for line := range strings.Lines(text) {
		n++
		kind, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && at == nil:
			at = &fenced{kind: strings.TrimSpace(kind), line: n}
		case fence:
			out = append(out, *at)
			at = nil
		case at != nil:
			at.text += line
		}
	}
	return out
}

// exchange is a command and what it is to print.
type exchange struct{ command, want string }

func typed(session string) []exchange {
	var out []exchange
	for line := range strings.Lines(session) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			out = append(out, exchange{command: strings.TrimSpace(command)})
		} else if len(out) > 0 {
			out[len(out)-1].want += line
		}
	}
	return out
}

// likeText matches what a text of the guide stands for.
func likeText(want string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`\A`)
	for line := range strings.Lines(want) {
		if line == "…\n" {
			b.WriteString(`(?:.*\n)*`)
			continue
		}
		parts := strings.Split(strings.TrimSuffix(line, "\n"), "…")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		b.WriteString(strings.Join(parts, `.*`) + `\n`)
	}
	return regexp.MustCompile(b.String() + `\z`)
}

// shell is a shell in a folder of its own, with muster and muster-agent in its path.
type shell struct {
	dir  string
	in   io.Writer
	said chan string
}

func newShell(t *testing.T) *shell {
	t.Helper()
	bin, dir := t.TempDir(), t.TempDir()
	self, err := os.Executable() // it is muster too, under that name
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "muster")); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "muster-agent"), "../muster-agent").CombinedOutput(); err != nil {
		t.Fatalf("muster-agent: %v: %s", err, out)
	}
	cmd := exec.Command("bash", "--norc", "--noprofile")
	cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{Setpgid: true}
	cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C.UTF-8"}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) // what it left running too
		in.Close()
		_ = cmd.Wait()
		read.Close()
	})
	s := &shell{dir: dir, in: in, said: make(chan string, 1024)}
	go func() {
		lines := bufio.NewScanner(read)
		for lines.Scan() {
			s.said <- lines.Text()
		}
		close(s.said)
	}()
	return s
}

// run is what a command prints, to either stream.
func (s *shell) run(t *testing.T, command string) string {
	t.Helper()
	const done = "=== done ==="
	fmt.Fprintf(s.in, "%s\necho; echo '%s'\n", command, done)
	var out strings.Builder
	late := time.After(time.Minute)
	for {
		select {
		case line, ok := <-s.said:
			if !ok {
				t.Fatalf("$ %s ended the shell:\n%s", command, out.String())
			}
			if line == done {
				return strings.TrimSuffix(out.String(), "\n")
			}
			out.WriteString(line + "\n")
		case <-late:
			t.Fatalf("$ %s does not end:\n%s", command, out.String())
		}
	}
}
