package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the golden parts of testdata/script")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"muster": main})
}

// TestScript runs testdata/script/<verb>_<case>.txtar: muster as its users type it. Each
// script is one behaviour; `exec muster` runs the real main in a process of its own, and
// `exits 3 muster` besides wants that exit code. $EXAMPLES are the worlds of the repository.
func TestScript(t *testing.T) {
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"collect": collect, "drifted": drifted, "exits": exits, "fleet": fleet, "get": get, "steps": steps, "until": until},
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXAMPLES", examples)
			return nil
		},
	})
}

// exits is `exits CODE COMMAND ARGS…`.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	have := 0
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended):
		have = ended.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if have != want {
		ts.Fatalf("exit code %d, want %d", have, want)
	}
}

// until is `until REGEXP COMMAND ARGS…`: it runs the command until what it prints matches, for at
// most 60 s.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until REGEXP COMMAND ARGS...")
	}
	want, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	var said []byte
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(50 * time.Millisecond) {
		cmd := exec.Command(args[1], args[2:]...)
		cmd.Dir, cmd.Env = ts.MkAbs("."), []string{"PATH=" + ts.Getenv("PATH"), "HOME=" + ts.MkAbs("."), "MUSTER_CONFIG=" + ts.Getenv("MUSTER_CONFIG"), "KUBECONFIG=" + ts.Getenv("KUBECONFIG")}
		if said, _ = cmd.CombinedOutput(); want.Match(said) { // one that fails is tried again
			return
		}
	}
	ts.Fatalf("%v says no %s within 60 s, but: %s", args[1:], args[0], said)
}

// get is `get LOG PATH`: it prints what the server answers that wrote this log.
func get(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: get LOG PATH")
	}
	at := regexp.MustCompile(`msg=listening address=(\S+)`).FindStringSubmatch(ts.ReadFile(args[0]))
	if at == nil {
		ts.Fatalf("%s names no address", args[0])
	}
	answer, err := http.Get("http://" + at[1] + args[1])
	ts.Check(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%s\n%s", answer.Status, text)
}

// fleet is `fleet ARGS…`: it starts muster dev in the folder fleet, without podman, waits
// until it is ready, and points the commands that follow at it. The script's end ends it.
func fleet(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: fleet ARGS...")
	}
	dev := exec.Command("muster", append([]string{"dev", "--dir", ts.MkAbs("fleet"), "--podman", "off"}, args...)...)
	dev.Dir, dev.Env = ts.MkAbs("."), []string{"PATH=" + ts.Getenv("PATH"), "HOME=" + ts.MkAbs(".")}
	var said strings.Builder
	dev.Stdout, dev.Stderr = &said, &said
	ts.Check(dev.Start())
	ts.Defer(func() {
		_ = dev.Process.Signal(syscall.SIGTERM)
		_ = dev.Wait()
	})
	config := ts.MkAbs("fleet/config.toml")
	for range 1200 { // a real device loads its images
		if _, err := os.Stat(config); err == nil {
			ts.Setenv("MUSTER_CONFIG", config)
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("muster dev is not ready after a minute: %s", said.String())
}
