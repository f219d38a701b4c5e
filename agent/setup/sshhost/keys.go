package sshhost

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// methods are the ways to show who one is. done lets go of the agent.
func (l Login) methods() (show []ssh.AuthMethod, done func(), err error) {
	done = func() {}
	var keys []ssh.Signer
	if l.Agent != "" {
		conn, err := net.Dial("unix", l.Agent)
		if err != nil {
			return nil, nil, fmt.Errorf("ssh-agent: %w", err)
		}
		done = func() { _ = conn.Close() } // nothing is written to it
		if keys, err = agent.NewClient(conn).Signers(); err != nil {
			done()
			return nil, nil, fmt.Errorf("ssh-agent: %w", err)
		}
	}
	for _, path := range l.Keys {
		key, err := readKey(path)
		if err != nil {
			done()
			return nil, nil, err
		}
		keys = append(keys, key)
	}
	if len(keys) > 0 {
		show = append(show, ssh.PublicKeys(keys...))
	}
	if l.Password != "" {
		show = append(show, ssh.Password(l.Password), ssh.KeyboardInteractive(
			func(_, _ string, questions []string, _ []bool) ([]string, error) {
				answers := make([]string, len(questions))
				for i := range answers {
					answers[i] = l.Password
				}
				return answers, nil
			}))
	}
	if len(show) == 0 {
		done()
		return nil, nil, errors.New("there is nothing to show who you are: no key in an ssh-agent, no key file and no password")
	}
	return show, done, nil
}

func readKey(path string) (ssh.Signer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	key, err := ssh.ParsePrivateKey(text)
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		return nil, fmt.Errorf("key %s: has a passphrase; ssh-add it", path)
	case err != nil:
		return nil, fmt.Errorf("key %s: %w", path, err)
	}
	return key, nil
}

// Locked reports whether a file is a private key with a passphrase, which only an ssh-agent opens.
func Locked(path string) bool {
	text, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	_, err = ssh.ParsePrivateKey(text)
	var locked *ssh.PassphraseMissingError
	return errors.As(err, &locked)
}

// existing leaves out the files that are not there.
func existing(paths []string) ([]string, error) {
	var there []string
	for _, p := range paths {
		switch _, err := os.Stat(p); {
		case err == nil:
			there = append(there, p)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	return there, nil
}
