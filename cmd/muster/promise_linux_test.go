package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/musterfleet/muster/proofs/bench"
)

func mostMemory(s *os.ProcessState) int64 { return s.SysUsage().(*syscall.Rusage).Maxrss << 10 }

// TestBenchPrompt measures how long the REPL takes from its start to its prompt, on a terminal.
func TestBenchPrompt(t *testing.T) {
	bench.Start(t)
	rows := [][]string{{"devices", "to the prompt", "muster version, to its end"}}
	for _, n := range bench.Sizes(t, 800) {
		if n > 1_000_000 {
			continue
		}
		dir := t.TempDir()
		roster, snap := filepath.Join(dir, "devices.jsonl"), filepath.Join(dir, "fleet.snapshot")
		writeInvented(t, roster, n)
		muster(t, "snapshot", "--roster", roster, "--out", snap)
		prompted := time.Hour
		for range 9 {
			prompted = min(prompted, prompting(t, snap))
		}
		_, bare, _ := least(t, 9, "version")
		rows = append(rows, []string{bench.Power(n), bench.Short(prompted), bench.Short(bare)})
		if n == 100_000 && prompted > 50*time.Millisecond {
			t.Errorf("the prompt comes after %s, want 50 ms", bench.Short(prompted))
		}
	}
	bench.Record(t, bench.Section{
		Title: "The prompt of the REPL",
		Text: "From the start of the process to the prompt on a pseudo terminal; beside it what a process costs that does nothing. A snapshot that is not\n" +
			"there by then is read while its user types. Target: 50 ms at 10⁵ devices.",
		Rows: rows,
	})
}

// prompting starts a REPL and waits for its prompt.
func prompting(t *testing.T, snap string) time.Duration {
	t.Helper()
	screen, tty := terminalPair(t)
	defer screen.Close()
	cmd := exec.Command("muster", "repl", "--snapshot", snap)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.Env = append(os.Environ(), "TERM=xterm", "HOME="+t.TempDir(), "INPUTRC=/dev/null")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tty.Close()
	late := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() }) // then reading ends
	defer func() {
		late.Stop()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	var shown []byte
	for part := make([]byte, 4096); !bytes.Contains(shown, []byte(prompt)); {
		n, err := screen.Read(part)
		if err != nil {
			t.Fatalf("the REPL ended without a prompt: %v\n%s", err, shown)
		}
		shown = append(shown, part[:n]...)
	}
	return time.Since(began)
}
