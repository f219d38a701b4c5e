package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// terminalPair is a terminal of 100 columns: what a person has before them, and what muster has.
func terminalPair(t *testing.T) (screen, tty *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	ioctl := func(request uintptr, arg unsafe.Pointer) {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, screen.Fd(), request, uintptr(arg)); errno != 0 {
			t.Fatalf("ioctl %#x: %v", request, errno)
		}
	}
	var locked, number int32
	size := [4]uint16{50, 100, 0, 0} // rows, columns
	ioctl(syscall.TIOCSPTLCK, unsafe.Pointer(&locked))
	ioctl(syscall.TIOCGPTN, unsafe.Pointer(&number))
	ioctl(syscall.TIOCSWINSZ, unsafe.Pointer(&size))
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return screen, tty
}

// onTerminal is what muster shows on a terminal.
func onTerminal(t *testing.T, args ...string) string {
	t.Helper()
	screen, tty := terminalPair(t)
	defer screen.Close()
	shown := make(chan string)
	go func() { // reading ends with an error once the last writer is gone
		var b strings.Builder
		part := make([]byte, 4096)
		for {
			n, err := screen.Read(part)
			b.Write(part[:n])
			if err != nil {
				shown <- strings.ReplaceAll(b.String(), "\r\n", "\n")
				return
			}
		}
	}()
	run(args, nil, tty, tty)
	tty.Close()
	return <-shown
}

func TestTerminal(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	roster := filepath.Join(t.TempDir(), "devices.jsonl")
	const devices = `{"id":"a-host-with-a-name-of-some-length.example.org","labels":{"site":"a"}}
{"id":"another-host-with-a-name-of-some-length.example.org","labels":{"site":"a"}}
{"id":"gw7"}
{"id":"yet-another-host-with-a-name-of-some-length.example.org","labels":{"site":"a"}}
`
	if err := os.WriteFile(roster, []byte(devices), 0o644); err != nil {
		t.Fatal(err)
	}
	// A list breaks between its items, and the count stands below.
	got := onTerminal(t, "query", "--roster", roster, `has(label("site"))`)
	want := `a-host-with-a-name-of-some-length.example.org,another-host-with-a-name-of-some-length.example.org,
yet-another-host-with-a-name-of-some-length.example.org
3 of 4 devices
`
	if got != want {
		t.Errorf("on a terminal\n%s\nwant\n%s", got, want)
	}
	// Errors are in colour, unless somebody does not want that.
	bad := []string{"query", "--roster", roster, "nowhere"}
	if got := onTerminal(t, bad...); !strings.Contains(got, "\x1b[1;31merror[S002]:") {
		t.Errorf("no colour on a terminal:\n%q", got)
	}
	if got := onTerminal(t, append(bad, "--no-color")...); strings.Contains(got, "\x1b") {
		t.Errorf("colour in spite of --no-color:\n%q", got)
	}
	t.Setenv("NO_COLOR", "1")
	if got := onTerminal(t, bad...); strings.Contains(got, "\x1b") {
		t.Errorf("colour in spite of NO_COLOR:\n%q", got)
	}
}
