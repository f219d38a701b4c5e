package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	agentnats "github.com/musterfleet/muster/agent/nats"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/oidc/machine"
)

// serve runs a server in a directory until stop.
func serve(t *testing.T, dir string, s serverShape) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var log bytes.Buffer
	ended := make(chan error, 1)
	go func() {
		ended <- runServer(ctx, &console{in: strings.NewReader(""), out: io.Discard, errw: &log}, dir, s)
	}()
	config := filepath.Join(dir, "config.toml")
	before, _ := os.Stat(config)
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		now, err := os.Stat(config)
		if err == nil && (before == nil || now.ModTime() != before.ModTime()) {
			break
		}
		select {
		case err := <-ended:
			t.Fatalf("the server ended: %v: %s", err, log.String())
		default:
		}
		if time.Since(begun) > time.Minute {
			t.Fatal("the server does not start")
		}
	}
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(stop)
	t.Setenv("MUSTER_CONFIG", config)
	return stop
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// muster runs a command that ends with code, and gives its output, or else its errors.
func musters(t *testing.T, code int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if have := run(args, strings.NewReader(""), &out, &errs); have != code {
		t.Fatalf("muster %s: exit %d, want %d: %s%s", strings.Join(args, " "), have, code, out.String(), errs.String())
	}
	if code == 0 {
		return out.String()
	}
	return out.String() + errs.String()
}

// A server that is lost with its machine is back from a backup: same records, same keys, and its
// devices know it.
func TestServerComesBackFromABackup(t *testing.T) {
	tmp := t.TempDir()
	first, second := filepath.Join(tmp, "first"), filepath.Join(tmp, "second")
	shape := serverShape{listen: freeAddress(t), issuerListen: freeAddress(t)}
	stop := serve(t, first, shape)
	musters(t, 0, "enroll", "--device", "edge-001", "--label", "site=berlin", "--approve", "--into", filepath.Join(tmp, "credentials"))
	musters(t, 0, "enroll", "--device", "edge-002", "--approve", "--into", filepath.Join(tmp, "credentials"))
	if said := musters(t, 0, "server", "check"); strings.Contains(said, "failed") || !strings.Contains(said, "records   ok") {
		t.Errorf("%s", said)
	}
	devices, audit := musters(t, 0, "device", "list", "-o", "json"), musters(t, 0, "audit", "-o", "ndjson")
	file := filepath.Join(tmp, "fleet.tar.gz")
	musters(t, 0, "server", "backup", "--dir", first, file)
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("the backup: %v, %v", info, err)
	}
	if said := musters(t, 1, "server", "backup", "--dir", first, file); !strings.Contains(said, "a backup replaces none") {
		t.Error(said)
	}
	musters(t, 0, "device", "label", "edge-001", "site=lyon")
	if said := musters(t, 1, "server", "restore", "--dir", first, file); !strings.Contains(said, "holds a server already") {
		t.Error(said)
	}
	stop()
	if said := musters(t, 1, "server", "check"); !strings.Contains(said, "issuer   failed") || !strings.Contains(said, "connection refused") {
		t.Errorf("of a server that is down: %s", said)
	}
	if err := os.RemoveAll(first); err != nil {
		t.Fatal(err)
	}

	musters(t, 0, "server", "restore", "--dir", second, file)
	serve(t, second, shape)
	if have := musters(t, 0, "device", "list", "-o", "json"); have != devices {
		t.Errorf("the registry is\n%s\nand was\n%s", have, devices)
	}
	if have := musters(t, 0, "audit", "-o", "ndjson"); have != audit {
		t.Errorf("the audit is\n%s\nand was\n%s", have, audit)
	}
	if said := musters(t, 0, "server", "check"); strings.Contains(said, "failed") {
		t.Error(said)
	}
	answered(t, filepath.Join(tmp, "credentials", "edge-001"))
}

// answered fails if a device with the credential is not let in and answered.
func answered(t *testing.T, dir string) {
	t.Helper()
	config, err := identity.Load(filepath.Join(dir, identity.ConfigFile), func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	token, err := machine.Tokens(config)
	if err != nil {
		t.Fatal(err)
	}
	link, err := agentnats.Connect(agentnats.Config{URL: config.NATS.URL, Device: algebra.MustDeviceID(config.Device), Token: func() (string, time.Time) {
		text, until, _ := token()
		return text, until
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := link.Reach(ctx); err != nil {
		t.Error(err)
	}
}

// A file that is no whole backup leaves nothing behind.
func TestServerRestoreRefuses(t *testing.T) {
	tmp := t.TempDir()
	dir := filepath.Join(tmp, "server")
	stop := serve(t, dir, serverShape{listen: freeAddress(t), issuerListen: freeAddress(t)})
	file := filepath.Join(tmp, "fleet.tar.gz")
	musters(t, 0, "server", "backup", "--dir", dir, file)
	stop()
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"empty": nil, "text": []byte("a backup, honestly"), "cut off": whole[:len(whole)*2/3], "changed": append(append([]byte{}, whole[:len(whole)/2]...), make([]byte, len(whole)/2)...)} {
		bad := filepath.Join(tmp, "bad.tar.gz")
		if err := os.WriteFile(bad, text, 0o600); err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(tmp, "to")
		said := musters(t, 1, "server", "restore", "--dir", to, bad)
		if !strings.Contains(said, bad) {
			t.Errorf("%s: %s", name, said)
		}
		if there(to) || there(to+".restoring") {
			t.Errorf("%s: something is left", name)
		}
	}
}

func TestServerShape(t *testing.T) {
	for _, c := range []struct {
		args string
		want string
	}{
		{"--listen nowhere", "--listen nowhere: "},
		{"--listen 0.0.0.0:4222", `--name "0.0.0.0": want the name by which others reach this machine`},
		{"--name hub.example:4222", `--name "hub.example:4222"`},
		{"--issuer https://sso.example", "--issuer and --audience go together"},
		{"--issuer sso --audience 1", `--issuer "sso": want a URL`},
		{"--registrar-key k", "are about an issuer that --issuer names"},
		{"--tls-cert c", "if any flags in the group [tls-cert tls-key] are set they must all be set"},
		{"--tls-cert none --tls-key none", "--tls-cert: open none: no such file"},
	} {
		args := append([]string{"server", "run", "--dir", filepath.Join(t.TempDir(), "s")}, strings.Fields(c.args)...)
		if said := musters(t, 1, args...); !strings.Contains(said, c.want) {
			t.Errorf("%s: %s; want %s", c.args, said, c.want)
		}
	}
}
