package sshhost_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent/setup"
	"github.com/musterfleet/muster/agent/setup/setuptest"
	"github.com/musterfleet/muster/agent/setup/sshhost"
)

func login(o *setuptest.Operator) sshhost.Login {
	return sshhost.Login{Keys: []string{o.KeyFile}, KnownHosts: []string{o.KnownHosts}}
}

func target(user string, m *setuptest.Machine) sshhost.Target {
	return sshhost.Target{User: user, Address: m.Address}
}

func dial(t *testing.T, l sshhost.Login, user string, m *setuptest.Machine) (*sshhost.Host, error) {
	h, err := l.Dial(t.Context(), target(user, m))
	if err == nil {
		t.Cleanup(func() { _ = h.Close() })
	}
	return h, err
}

func TestHost(t *testing.T) {
	o := setuptest.NewOperator(t)
	m := setuptest.Boot(t, "edge-001", o)
	o.Knows(t, m)
	m.Run("useradd --create-home ops; echo 'ops:right' | chpasswd; useradd --create-home --password '*' poor; echo 'ops ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/ops")
	t.Run("this machine", func(t *testing.T) {
		here, err := setup.OpenMachine("/")
		if err != nil {
			t.Fatal(err)
		}
		defer here.Close()
		setuptest.HostContract(t, here, t.TempDir(), os.Getuid(), os.Getgid())
	})
	for _, user := range []string{"root", "ops"} {
		t.Run("over SSH as "+user, func(t *testing.T) {
			h, err := dial(t, login(o), user, m)
			if err != nil {
				t.Fatal(err)
			}
			dir := "/root/" + user
			m.Run("mkdir " + dir)
			setuptest.HostContract(t, h, dir, 4321, 1234)
		})
	}
	t.Run("reach", func(t *testing.T) {
		h, err := dial(t, login(o), "root", m)
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		// The listener is in the network of this machine, and the host has its own.
		if _, err := h.Dial(t.Context(), l.Addr().String()); err == nil || !strings.Contains(err.Error(), "onnection refused") {
			t.Errorf("refused by the host's own network: %v", err)
		}
		m.Run("echo 'AllowTcpForwarding no' >> /etc/ssh/test_config")
		h, err = dial(t, login(o), "root", m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Dial(t.Context(), l.Addr().String()); !errors.Is(err, setup.ErrUnknown) {
			t.Errorf("forwarding is forbidden: %v", err)
		}
	})
	t.Run("who is not let in", func(t *testing.T) {
		other := setuptest.NewOperator(t)
		other.Knows(t, m)
		broken := filepath.Join(t.TempDir(), "broken")
		if err := os.WriteFile(broken, []byte("no key"), 0o600); err != nil {
			t.Fatal(err)
		}
		known := []string{o.KnownHosts}
		for _, c := range []struct {
			user string
			l    sshhost.Login
			want string
		}{
			{"root", sshhost.Login{Keys: []string{o.KeyFile}, KnownHosts: []string{filepath.Join(t.TempDir(), "none")}}, "is not known; compare it, then: ssh-keyscan -t ed25519 -p"},
			{"root", login(other), "root is not let in with " + other.KeyFile},
			{"ops", sshhost.Login{Password: "wrong", KnownHosts: known}, "ops is not let in with the password"},
			{"ops", sshhost.Login{Password: "right", KnownHosts: known}, ""},
			{"poor", login(o), "no sudo without a password: true: exit status 1: sudo: a password is required"},
			{"root", sshhost.Login{KnownHosts: known}, "nothing to show who you are"},
			{"root", sshhost.Login{Keys: []string{broken}, KnownHosts: known}, "key " + broken + ": ssh: no key found"},
			{"root", sshhost.Login{Agent: broken, KnownHosts: known}, "ssh-agent: dial unix"},
		} {
			_, err := dial(t, c.l, c.user, m)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%s with %+v:\n%v\nwant %q", c.user, c.l, err, c.want)
			}
		}
		t.Run("a key that changed", func(t *testing.T) {
			m.Run("rm /etc/ssh/test_host_key; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/test_host_key")
			if _, err := dial(t, login(o), "root", m); err == nil || !strings.Contains(err.Error(), o.KnownHosts+":1 has another one") {
				t.Error(err)
			}
		})
	})
}

// A host with several keys shows the one that is known of it.
func TestHostShowsTheKnownKey(t *testing.T) {
	o := setuptest.NewOperator(t)
	m := setuptest.Boot(t, "edge-001", o)
	m.Run("ssh-keygen -q -t ecdsa -N '' -f /etc/ssh/ec; ssh-keygen -q -t rsa -b 2048 -N '' -f /etc/ssh/rsa; printf 'HostKey /etc/ssh/ec\nHostKey /etc/ssh/rsa\n' >> /etc/ssh/test_config")
	for _, key := range []string{"ec", "rsa"} {
		host, port, _ := net.SplitHostPort(m.Address)
		file := filepath.Join(t.TempDir(), "known")
		if err := os.WriteFile(file, []byte("["+host+"]:"+port+" "+m.Run("cat /etc/ssh/"+key+".pub")), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := dial(t, sshhost.Login{Keys: []string{o.KeyFile}, KnownHosts: []string{file}}, "root", m); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestHostThatIsAway(t *testing.T) {
	o := setuptest.NewOperator(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	// It takes connections and says nothing.
	_, err = login(o).Dial(ctx, sshhost.Target{User: "root", Address: l.Addr().String()})
	if err == nil || !strings.Contains(err.Error(), "does not answer as an SSH server") {
		t.Errorf("mute: %v", err)
	}
	l.Close()
	_, err = login(o).Dial(t.Context(), sshhost.Target{User: "root", Address: l.Addr().String()})
	if err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("nobody there: %v", err)
	}
}

func TestParseTarget(t *testing.T) {
	for text, want := range map[string]string{
		"root@edge-001": "edge-001:22", "a@10.0.0.1:2222": "10.0.0.1:2222", "a@::1": "[::1]:22", "a@[::1]": "[::1]:22", "a@[::1]:7": "[::1]:7",
		"edge-001": "", "@x": "", "a@": "", "a@b@c": "", "a@x:": "",
	} {
		if have, err := sshhost.ParseTarget(text); have.Address != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", text, have.Address, err, want)
		}
	}
}
