package setuptest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// Operator is who sets machines up: a key, and the files that Login takes.
type Operator struct {
	KeyFile, KnownHosts string
	public              string
}

// NewOperator makes a key.
func NewOperator(tb testing.TB) *Operator {
	tb.Helper()
	dir := tb.TempDir()
	o := &Operator{KeyFile: filepath.Join(dir, "id_ed25519"), KnownHosts: filepath.Join(dir, "known_hosts")}
	private, public := newKey(tb)
	o.public = public
	if err := errors.Join(os.WriteFile(o.KeyFile, private, 0o600), os.WriteFile(o.KnownHosts, nil, 0o600)); err != nil {
		tb.Fatal(err)
	}
	return o
}

// Knows enters machines into the known hosts.
func (o *Operator) Knows(tb testing.TB, machines ...*Machine) {
	tb.Helper()
	var b strings.Builder
	for _, m := range machines {
		b.WriteString(m.Known + "\n")
	}
	f, err := os.OpenFile(o.KnownHosts, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(b.String())
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// Forget takes a machine out of the known hosts.
func (o *Operator) Forget(tb testing.TB, m *Machine) {
	tb.Helper()
	text, err := os.ReadFile(o.KnownHosts)
	if err == nil {
		err = os.WriteFile(o.KnownHosts, []byte(strings.ReplaceAll(string(text), m.Known+"\n", "")), 0o600)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

func newKey(tb testing.TB) (private []byte, public string) {
	tb.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		tb.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	return pem.EncodeToMemory(block), string(ssh.MarshalAuthorizedKey(signer.PublicKey()))
}
