package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent/setup/setuptest"
)

// musterBinary is this test as the program that it tests.
func musterBinary(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "muster")
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	return link
}

func TestServerUp(t *testing.T) {
	bin := musterBinary(t)
	key, world := filepath.Join(t.TempDir(), "key"), t.TempDir()
	if err := os.WriteFile(key, []byte("a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := setuptest.Boot(t, "hub", setuptest.NewOperator(t))
	up := bin + " server up --no-start --issuer https://sso.example --audience '2 7' --registrar-key " + key + " --world " + world
	want := `server
  + account muster-server
  + /usr/local/bin/muster  -rwxr-xr-x root  SIZE
  + /etc/muster-server  drwx------ muster-server
  + /etc/muster-server/registrar.json  -rw------- muster-server  5 bytes
  + /etc/systemd/system/muster-server.service  -rw-r--r-- root  SIZE
  + /etc/systemd/system/muster-operator.service  -rw-r--r-- root  SIZE

1 host: 1 set up (6 changes)
`
	is := func(have, want string) {
		t.Helper()
		if have = sizes.ReplaceAllString(have, "SIZE"); have != sizes.ReplaceAllString(want, "SIZE") {
			t.Errorf("%s\nwant\n%s", have, want)
		}
	}
	is(m.Run(up+" --dry-run"), strings.Replace(want, "set up", "to set up", 1))
	is(m.Run(up), want)
	is(m.Run(up), "1 host: 1 as it should be\n")
	m.Run("chmod 755 " + world)
	if said := m.Run("systemd-analyze verify --man=no muster-server.service muster-operator.service 2>&1; grep -h ExecStart /etc/systemd/system/muster-*.service"); said !=
		`ExecStart=/usr/local/bin/muster serve -w `+world+` --config /var/lib/muster-server/config.toml --listen 127.0.0.1:9464
ExecStart=/usr/local/bin/muster server run --dir /var/lib/muster-server --name 127.0.0.1 --listen 127.0.0.1:4222 --issuer https://sso.example --audience "2 7" --registrar-key /etc/muster-server/registrar.json
` {
		t.Error(said)
	}
	if said := m.Run(bin + " server up 2>&1 || true"); !strings.Contains(said, "systemd: it does not run on this host; --no-start has all placed and nothing started") {
		t.Error(said)
	}
}

// Over a network nobody hears the tokens.
func TestServerOverTLS(t *testing.T) {
	bin, dir := musterBinary(t), t.TempDir()
	cert, key := certificate(t, dir)
	broker := freeAddress(t)
	server := exec.Command(bin, "server", "run", "--dir", filepath.Join(dir, "s"), "--listen", broker, "--issuer-listen", freeAddress(t), "--tls-cert", cert, "--tls-key", key)
	server.Env = append(os.Environ(), "SSL_CERT_FILE="+cert)
	var log strings.Builder
	server.Stderr = &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		if err := server.Wait(); err != nil {
			t.Errorf("%v: %s", err, log.String())
		}
	}()
	config := filepath.Join(dir, "s", "config.toml")
	for begun := time.Now(); !there(config) && time.Since(begun) < time.Minute; time.Sleep(50 * time.Millisecond) {
	}
	check := exec.Command(bin, "server", "check", "--config", config)
	check.Env = server.Env
	if said, err := check.CombinedOutput(); err != nil || !strings.Contains(string(said), "lets in who has a token: tls://"+broker) {
		t.Errorf("%v: %s", err, said)
	}
	// Who does not know the certificate shows it no token.
	check = exec.Command(bin, "server", "check", "--config", config)
	check.Env = append(os.Environ(), "SSL_CERT_FILE=/dev/null", "SSL_CERT_DIR=/dev/null")
	if said, err := check.CombinedOutput(); err == nil || !strings.Contains(string(said), "failed to verify certificate") {
		t.Errorf("%v: %s", err, said)
	}
}

// certificate is one for this machine that vouches for itself.
func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	text, err := x509.CreateCertificate(rand.Reader, &about, &about, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := errors.Join(os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: text}), 0o644),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600)); err != nil {
		t.Fatal(err)
	}
	return cert, key
}
