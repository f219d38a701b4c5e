package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/durable"
)

// deaf marks a binary that tries well and then does not find the fleet.
const deaf = "deaf"

// TestMain lets the test binary be muster-agent itself, in a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv("MUSTER_AGENT_TEST") == "" {
		os.Exit(m.Run())
	}
	self, _ := os.Executable()
	if content, _ := os.ReadFile(self); bytes.HasSuffix(content, []byte(deaf)) && os.Args[1] == "run" {
		os.Exit(run(context.Background(), append(slices.Clone(os.Args[1:]), "--nats", "nats://127.0.0.1:1"), os.Getenv, os.Stdout, os.Stderr))
	}
	main()
}

// device is an agent as a process, with its binary in a directory.
type device struct {
	t         *testing.T
	bin, next string
	log       string
}

// install copies the test binary, which is muster-agent, to a path; mark makes it another one.
func (d *device) install(path, mark string) {
	d.t.Helper()
	self, err := os.Executable()
	if err == nil {
		var content []byte
		if content, err = os.ReadFile(self); err == nil {
			err = durable.Replace(path, append(content, mark...), 0o755)
		}
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *device) script(path, text string) {
	d.t.Helper()
	if err := durable.Replace(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		d.t.Fatal(err)
	}
}

// until waits until the log has a text so many times.
func (d *device) until(text string, times int) {
	d.t.Helper()
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		log, err := os.ReadFile(d.log)
		if err != nil {
			d.t.Fatal(err)
		}
		if strings.Count(string(log), text) >= times {
			return
		}
		if time.Since(begun) > 60*time.Second {
			d.t.Fatalf("after 60 s not %d times %q in:\n%s", times, text, log)
		}
	}
}

func (d *device) is(mark string) bool {
	content, err := os.ReadFile(d.bin)
	return err == nil && bytes.HasSuffix(content, []byte(mark))
}

// TestUpdate: a new binary takes over if it is heard; one that is not is never, or not for long,
// the device's agent.
func TestUpdate(t *testing.T) {
	l := newLife(t)
	dir := t.TempDir()
	d := &device{t: t, bin: filepath.Join(dir, "muster-agent"), next: filepath.Join(dir, "in", "next"), log: filepath.Join(dir, "log")}
	d.install(d.bin, "one")
	log, err := os.Create(d.log)
	l.must(err)
	defer log.Close()
	cmd := exec.Command(d.bin, append(append([]string{}, l.args...), "--update", d.next, "--update-within", "8s")...)
	cmd.Env = append(os.Environ(), "MUSTER_AGENT_TEST=1")
	cmd.Stdout, cmd.Stderr = log, log
	l.must(cmd.Start())
	defer func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() }()
	l.publish("1")
	l.until("at 1", at("1"))

	// One that does not even try well is not taken.
	d.script(d.next, "echo of another machine; exit 1\n")
	d.until("the new binary is not taken", 1)
	if !d.is("one") {
		t.Fatal("a binary that fails took over")
	}

	// A good one takes over, as the same process, and is heard.
	d.install(d.next, "two")
	d.until("is heard and stays", 1)
	if !d.is("two") {
		t.Fatal("the new binary is not in place")
	}
	l.publish("2")
	l.until("at 2 by the new binary", at("2"))

	// One that tries well and is then not heard gives way to the one before.
	d.install(d.next, deaf)
	d.until("trying a new binary", 3)
	d.until("going back to the previous binary", 1)
	l.publish("3")
	l.until("at 3 by the one before", at("3"))
	if !d.is("two") {
		t.Error("the one before is not back in its place")
	}
}

// TestUpdateIsNotBlamedForTheFleet: a binary that fails while this one would fail too is tried again;
// only one that fails where this one does not is refused for good.
func TestUpdateIsNotBlamedForTheFleet(t *testing.T) {
	dir := t.TempDir()
	u := updater{state: dir, file: filepath.Join(dir, "next"), self: filepath.Join(dir, "self"), within: 10 * time.Second, log: slog.New(slog.DiscardHandler)}
	d := &device{t: t}
	d.script(u.file, "exit 1 # new\n")
	d.script(u.self, "exit 1\n")
	if ready, later := u.change(t.Context()); ready || !later || len(u.read().Refused) > 0 {
		t.Errorf("while the fleet answers neither: ready %t, later %t, refused %v", ready, later, u.read().Refused)
	}
	d.script(u.self, "exit 0\n")
	if ready, later := u.change(t.Context()); ready || later || len(u.read().Refused) != 1 {
		t.Errorf("where it alone fails: ready %t, later %t, refused %v", ready, later, u.read().Refused)
	}
	d.script(u.file, "exit 0 # newer\n")
	if ready, _ := u.change(t.Context()); !ready {
		t.Error("a good one is not taken")
	}
	if u.place(algebra.DigestOf(nil)) == nil {
		t.Error("what was changed while it was tried was put in place")
	}
}
