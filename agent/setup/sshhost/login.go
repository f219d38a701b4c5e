package sshhost

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// Target is who to be on which host.
type Target struct {
	User    string
	Address string // HOST:PORT
}

// ParseTarget reads USER@HOST or USER@HOST:PORT, an address of IPv6 in brackets if a port follows.
func ParseTarget(text string) (Target, error) {
	user, host, ok := strings.Cut(text, "@")
	if !ok || user == "" || host == "" {
		return Target{}, fmt.Errorf("%q: want USER@HOST or USER@HOST:PORT", text)
	}
	if ip := net.ParseIP(strings.Trim(host, "[]")); ip != nil {
		return Target{user, net.JoinHostPort(ip.String(), "22")}, nil
	}
	if name, port, err := net.SplitHostPort(host); err == nil && name != "" && port != "" {
		return Target{user, host}, nil
	}
	if strings.ContainsAny(host, ":@ ") {
		return Target{}, fmt.Errorf("%q: want USER@HOST or USER@HOST:PORT", text)
	}
	return Target{user, net.JoinHostPort(host, "22")}, nil
}

func (t Target) String() string { return t.User + "@" + strings.TrimSuffix(t.Address, ":22") }

// Login is how to show who one is, and how to know who a host is.
type Login struct {
	// Agent is the socket of an ssh-agent; empty: none.
	Agent string
	// Keys are files of private keys, tried after those of the agent.
	Keys []string
	// Password is tried last; empty: none.
	Password string
	// KnownHosts are files in OpenSSH's format; those that are not there count as empty.
	KnownHosts []string
}

// connecting bounds how long a host may take to answer and to let one in.
const connecting = 30 * time.Second

// Dial comes to a host and becomes root there.
func (l Login) Dial(ctx context.Context, t Target) (*Host, error) {
	ctx, cancel := context.WithTimeout(ctx, connecting)
	defer cancel()
	known, err := l.known()
	if err != nil {
		return nil, err
	}
	show, done, err := l.methods()
	if err != nil {
		return nil, err
	}
	defer done()
	config := &ssh.ClientConfig{User: t.User, Auth: show, HostKeyCallback: known.check, HostKeyAlgorithms: known.algorithms(t.Address)}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", t.Address)
	if err != nil {
		return nil, fmt.Errorf("cannot be reached: %w", err)
	}
	// The handshake knows no context.
	end := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	c, chans, reqs, err := ssh.NewClientConn(conn, t.Address, config)
	if !end() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, errors.Join(l.refusal(t, err), ignoreClosed(conn.Close()))
	}
	h := &Host{client: ssh.NewClient(c, chans, reqs), ended: make(chan struct{})}
	go h.keep()
	if err := h.become(ctx); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// refusal says why one was not let in.
func (l Login) refusal(t Target, err error) error {
	var unknown *unknownHost
	switch {
	case errors.As(err, &unknown):
		return unknown
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return fmt.Errorf("does not answer as an SSH server within %v", connecting)
	// The second is how a refusal reads where the host would ask questions and has none.
	case strings.Contains(err.Error(), "unable to authenticate"), strings.Contains(err.Error(), "unexpected message type 51"):
		return fmt.Errorf("%s is not let in with %s", t.User, l.shown())
	}
	return err
}

// shown names what a host was shown.
func (l Login) shown() string {
	var words []string
	if l.Agent != "" {
		words = append(words, "the keys of the ssh-agent")
	}
	words = append(words, l.Keys...)
	if l.Password != "" {
		words = append(words, "the password")
	}
	return strings.Join(words, ", ")
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
