package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/identity"
)

// bench is a directory with what a good call names.
func bench(t *testing.T) (dir string, good []string) {
	t.Helper()
	dir = t.TempDir()
	for name, mode := range map[string]os.FileMode{"token": 0o600, "open-token": 0o644, "no-key.pub": 0o644} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := identity.CreateKeys(filepath.Join(dir, "op.key"), filepath.Join(dir, "op.pub")); err != nil {
		t.Fatal(err)
	}
	return dir, []string{"run", "--nats", "nats://127.0.0.1:1", "--device", "edge-001", "--token-file", filepath.Join(dir, "token"),
		"--key", filepath.Join(dir, "op.pub"), "--state", filepath.Join(dir, "state"), "--podman", filepath.Join(dir, "podman.sock")}
}

func call(ctx context.Context, args ...string) (code int, out, errText string) {
	var o, e bytes.Buffer
	code = run(ctx, args, func(string) string { return "" }, &o, &e)
	return code, o.String(), e.String()
}

func TestBadInput(t *testing.T) {
	dir, good := bench(t)
	file := filepath.Join(dir, "token")
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"nothing":                 {nil, []string{"no command given"}},
		"unknown command":         {[]string{"walk"}, []string{`unknown command "walk"; want join, run, try, renew, hold, release, version or help`}},
		"unknown option":          {append(good, "--fast"), []string{"not defined: -fast", "see muster-agent run --help"}},
		"an argument":             {append(good, "x"), []string{`unexpected "x"`}},
		"a hold without a reason": {[]string{"hold", "--state", dir}, []string{"hold: say why"}},
		"a release of no hold":    {[]string{"release", "--state", dir}, []string{"the device is not held"}},
		"a hold of no agent":      {[]string{"hold", "why", "--state", dir + "/x"}, []string{"there is no state directory"}},
		"no options at all": {[]string{"run", "--state", dir}, []string{
			"nats: no URL; give --nats or MUSTER_NATS_URL", "device: no id", "key: none of an operator"}},
		"a device id that is none":         {append(good, "--device", "Edge_1"), []string{`device id "Edge_1": not a DNS-1123 subdomain`}},
		"a token that is not there":        {append(good, "--token-file", file+"x"), []string{"token: ", "no such file"}},
		"a token others may read":          {append(good, "--token-file", filepath.Join(dir, "open-token")), []string{"others may read it", "chmod 600"}},
		"a key that is none":               {append(good, "--key", filepath.Join(dir, "no-key.pub")), []string{"want PEM with a PUBLIC KEY"}},
		"a private key":                    {append(good, "--key", filepath.Join(dir, "op.key")), []string{"want PEM with a PUBLIC KEY"}},
		"no podman":                        {good, []string{"no such file; start it with `systemctl enable --now podman.socket`"}},
		"a state directory that is a file": {append(good, "--simulate", "--state", file), []string{"state directory"}},
		"a URL that is none":               {append(good, "--simulate", "--nats", "::"), []string{`nats: "::" is no URL of a server`}},
		"a config that is not there":       {append(good, "--config", file+".toml"), []string{"no such file"}},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		code, out, text := call(ctx, c.args...)
		cancel()
		if code != 1 || out != "" {
			t.Errorf("%s: exit code %d, printed %q", name, code, out)
		}
		for _, want := range c.want {
			if !strings.Contains(text, want) || !strings.HasPrefix(text, "error: ") {
				t.Errorf("%s: said %q, want %q", name, text, want)
			}
		}
		if _, err := os.Stat(filepath.Join(dir, "state", "current")); err == nil {
			t.Errorf("%s: something was accepted", name)
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	for _, c := range []struct{ arg, want string }{{"help", "muster-agent run "}, {"version", "muster-agent "}} {
		if code, out, text := call(t.Context(), c.arg); code != 0 || !strings.Contains(out, c.want) || text != "" {
			t.Errorf("%s: %d, %q, %q", c.arg, code, out, text)
		}
	}
	code, out, text := call(t.Context(), "run", "--help")
	if code != 0 || text != "" {
		t.Errorf("run --help: %d, %q", code, text)
	}
	for _, want := range []string{"MUSTER_NATS_URL", "MUSTER_DEVICE", "MUSTER_STATE", "MUSTER_PODMAN", "MUSTER_KEYS_TRUST", "Example:"} {
		if !strings.Contains(out, want) {
			t.Errorf("run --help does not tell %s", want)
		}
	}
}

// With nobody at the other end the agent goes on by itself, and ends when asked to.
func TestRunsWithoutAFleet(t *testing.T) {
	_, good := bench(t)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	code, out, text := call(ctx, append(good, "--simulate")...)
	if code != 0 || out != "" || !strings.Contains(text, "agent ends; what runs is left running") {
		t.Errorf("exit code %d, printed %q, logged %q", code, out, text)
	}
}
