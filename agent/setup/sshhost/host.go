package sshhost

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/musterfleet/muster/agent/setup"
)

// Host is a machine that one is root on.
type Host struct {
	client *ssh.Client
	files  *sftp.Client
	sudo   []string // before each program; empty for root
	once   sync.Once
	ended  chan struct{}
}

var _ setup.Host = (*Host)(nil)

// Every how long a host is asked whether it is there, and how long it may take to say so.
const (
	every  = 10 * time.Second
	within = 20 * time.Second
)

// keep ends the connection when the host does not answer: its kernel may never say so.
func (h *Host) keep() {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-h.ended:
			return
		case <-tick.C:
		}
		answered := make(chan error, 1)
		go func() {
			_, _, err := h.client.SendRequest("keepalive@openssh.com", true, nil)
			answered <- err
		}()
		select {
		case err := <-answered:
			if err == nil {
				continue
			}
		case <-time.After(within):
		case <-h.ended:
			return
		}
		_ = h.client.Close() // all calls under way say that the connection is gone
		return
	}
}

// Close leaves the host.
func (h *Host) Close() error {
	var err error
	h.once.Do(func() {
		close(h.ended)
		if h.files != nil {
			_ = h.files.Close() // it goes with the connection anyhow
		}
		err = ignoreClosed(h.client.Close())
	})
	return err
}

// sftpServer starts sftp's far end where distributions keep it. What it makes, its owner alone can read.
const sftpServer = `for p in /usr/lib/openssh /usr/libexec/openssh /usr/lib/ssh /usr/libexec; do
[ -x "$p/sftp-server" ] && exec %s "$p/sftp-server" -u 077; done
echo "no sftp-server; install openssh-sftp-server" >&2; exit 127`

// become makes sure of root, and opens the way for files.
func (h *Host) become(ctx context.Context) error {
	id, err := h.Run(ctx, "id", "-u")
	if err != nil {
		return err
	}
	sudo := ""
	if strings.TrimSpace(id) != "0" {
		h.sudo, sudo = []string{"sudo", "-n"}, "sudo -n"
		if _, err := h.Run(ctx, "true"); err != nil {
			return fmt.Errorf("no sudo without a password: %w", err)
		}
	}
	session, err := h.client.NewSession()
	if err != nil {
		return err
	}
	in, err := session.StdinPipe()
	if err != nil {
		return err
	}
	out, err := session.StdoutPipe()
	if err != nil {
		return err
	}
	var noise bytes.Buffer
	session.Stderr = &noise
	if err := session.Start(fmt.Sprintf(sftpServer, sudo)); err != nil {
		return err
	}
	h.files, err = sftp.NewClientPipe(out, in, sftp.UseConcurrentWrites(true))
	if err != nil {
		_ = session.Wait() // what it printed is all there afterwards
		return fmt.Errorf("sftp: %w%s", err, setup.LastLine(noise.String()))
	}
	return nil
}

// mostOutput bounds what is kept of what a program prints.
const mostOutput = 1 << 20

// Run runs a program as root.
func (h *Host) Run(ctx context.Context, argv ...string) (string, error) {
	session, err := h.client.NewSession()
	if err != nil {
		return "", fmt.Errorf("%s: %w", argv[0], gone(err))
	}
	defer session.Close()
	var out, noise bytes.Buffer
	session.Stdout, session.Stderr = &limited{&out}, &limited{&noise}
	end := context.AfterFunc(ctx, func() { _ = session.Close() })
	err = session.Run(quote(append(h.sudo[:len(h.sudo):len(h.sudo)], argv...)))
	if !end() {
		err = context.Cause(ctx)
	}
	var exit *ssh.ExitError
	switch {
	case err == nil:
		return out.String(), nil
	case errors.As(err, &exit):
		return "", fmt.Errorf("%s: exit status %d%s", argv[0], exit.ExitStatus(), setup.LastLine(noise.String()))
	}
	return "", fmt.Errorf("%s: %w%s", argv[0], gone(err), setup.LastLine(noise.String()))
}

// Dial makes a connection from the host.
func (h *Host) Dial(ctx context.Context, address string) (net.Conn, error) {
	conn, err := h.client.DialContext(ctx, "tcp", address)
	var refused *ssh.OpenChannelError
	if errors.As(err, &refused) && refused.Reason == ssh.Prohibited {
		return nil, fmt.Errorf("%w: the host's sshd forbids forwarding", setup.ErrUnknown)
	}
	if errors.As(err, &refused) {
		return nil, errors.New(refused.Message)
	}
	return conn, err
}

// gone says in a person's words that the connection went away.
func gone(err error) error {
	var missing *ssh.ExitMissingError
	if errors.As(err, &missing) || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, sftp.ErrSSHFxConnectionLost) {
		return setup.ErrLost
	}
	return err
}

// quote writes arguments so that a shell takes them for just those.
func quote(argv []string) string {
	words := make([]string, len(argv))
	for i, a := range argv {
		words[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
	}
	return strings.Join(words, " ")
}

// limited takes all and keeps the beginning.
type limited struct{ kept *bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if left := mostOutput - l.kept.Len(); left > 0 {
		l.kept.Write(p[:min(left, len(p))])
	}
	return len(p), nil
}
