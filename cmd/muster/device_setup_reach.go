package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/musterfleet/muster/agent/setup/sshhost"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/identity"
)

// reachFlags say how to come to hosts over SSH. What they leave open is as ssh has it.
type reachFlags struct {
	keys     []string
	known    []string
	password string
	ask      bool
}

func (r *reachFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVarP(&r.keys, "identity", "i", nil, "`FILE` of a private key for SSH; again for more (default: the ssh-agent and ~/.ssh/id_*)")
	f.StringArrayVar(&r.known, "known-hosts", nil, "`FILE` of the keys of hosts (default ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts)")
	f.StringVar(&r.password, "password-file", "", "`FILE` with the password for SSH")
	f.BoolVar(&r.ask, "ask-password", false, "ask for the password for SSH")
	cmd.MarkFlagsMutuallyExclusive("password-file", "ask-password")
}

func (r *reachFlags) login(c *console) (sshhost.Login, error) {
	home, _ := os.UserHomeDir() // without one there are no files of it
	l := sshhost.Login{Keys: r.keys, KnownHosts: r.known}
	if len(r.known) == 0 {
		l.KnownHosts = []string{filepath.Join(home, ".ssh/known_hosts"), "/etc/ssh/ssh_known_hosts"}
	}
	for _, file := range r.known {
		if _, err := os.Stat(file); err != nil {
			return l, fmt.Errorf("--known-hosts: %w", err)
		}
	}
	switch {
	case r.password != "":
		text, err := identity.ReadSecret(r.password)
		if err != nil {
			return l, fmt.Errorf("--password-file: %w", err)
		}
		l.Password = strings.TrimRight(string(text), "\r\n")
	case r.ask:
		f, ok := c.in.(*os.File)
		if !ok || !terminal(f) {
			return l, errors.New("--ask-password: the input is no terminal; give --password-file")
		}
		fmt.Fprint(c.errw, "password for SSH: ")
		text, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(c.errw)
		if err != nil {
			return l, err
		}
		l.Password = string(text)
	}
	if len(r.keys) > 0 || l.Password != "" {
		return l, nil
	}
	l.Agent = os.Getenv("SSH_AUTH_SOCK")
	for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
		file := filepath.Join(home, ".ssh", name)
		if _, err := os.Stat(file); err == nil && !sshhost.Locked(file) { // the agent has those with a passphrase
			l.Keys = append(l.Keys, file)
		}
	}
	if cmp.Or(l.Agent, strings.Join(l.Keys, "")) == "" {
		return l, errors.New("there is no ssh-agent and no key in ~/.ssh; give --identity or --ask-password")
	}
	return l, nil
}

// ears reads the fleet at most once a second, however many devices are waited for.
type ears struct {
	fleet *cluster
	mu    sync.Mutex
	at    time.Time
	heard map[algebra.DeviceID]time.Time
}

func (e *ears) hear(ctx context.Context, id algebra.DeviceID) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if time.Since(e.at) > time.Second {
		records, err := e.fleet.Read(ctx)
		if err != nil {
			return false, err
		}
		e.heard = map[algebra.DeviceID]time.Time{}
		for d, r := range records.Devices {
			e.heard[d] = r.Heard()
		}
		e.at = time.Now()
	}
	return time.Since(e.heard[id]) < algebra.OnlineWithin, nil
}
