package sshhost

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// knownHosts is whose keys are known, and the files that say so.
type knownHosts struct {
	callback ssh.HostKeyCallback
	files    []string
}

func (l Login) known() (knownHosts, error) {
	there, err := existing(l.KnownHosts)
	if err != nil {
		return knownHosts{}, fmt.Errorf("known hosts: %w", err)
	}
	callback, err := knownhosts.New(there...)
	if err != nil {
		return knownHosts{}, fmt.Errorf("known hosts: %w", err)
	}
	return knownHosts{callback, l.KnownHosts}, nil
}

// unknownHost is a host that showed a key nobody vouches for.
type unknownHost struct{ text string }

func (u *unknownHost) Error() string { return u.text }

func (k knownHosts) check(address string, remote net.Addr, key ssh.PublicKey) error {
	err := k.callback(address, remote, key)
	var keyErr *knownhosts.KeyError
	var revoked *knownhosts.RevokedError
	mark := ssh.FingerprintSHA256(key)
	switch {
	case errors.As(err, &revoked):
		return &unknownHost{fmt.Sprintf("the host's key %s is marked as revoked in %s", mark, revoked.Revoked.Filename)}
	case errors.As(err, &keyErr) && len(keyErr.Want) > 0:
		return &unknownHost{fmt.Sprintf("the host's key is %s, but %s:%d has another one; the host was made anew, or somebody is in between",
			mark, keyErr.Want[0].Filename, keyErr.Want[0].Line)}
	case errors.As(err, &keyErr):
		host, port, _ := net.SplitHostPort(address)
		return &unknownHost{fmt.Sprintf("the host's key %s is not known; compare it, then: ssh-keyscan -t %s -p %s %s >> %s",
			mark, strings.TrimPrefix(key.Type(), "ssh-"), port, host, cmp.Or(append(k.files, "~/.ssh/known_hosts")...))}
	}
	return err
}

// algorithms are those of the keys known of a host, so that a host with several shows one that
// is known. None are known: nil, which leaves it to the host.
func (k knownHosts) algorithms(address string) []string {
	var keyErr *knownhosts.KeyError
	// No host has this key: the answer lists those that are known.
	if err := k.callback(address, &net.TCPAddr{}, noKey{}); !errors.As(err, &keyErr) {
		return nil
	}
	var out []string
	for _, w := range keyErr.Want {
		if t := w.Key.Type(); t == ssh.KeyAlgoRSA {
			out = append(out, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		} else {
			out = append(out, t)
		}
	}
	return out
}

type noKey struct{}

func (noKey) Type() string                        { return "none" }
func (noKey) Marshal() []byte                     { return []byte("none") }
func (noKey) Verify([]byte, *ssh.Signature) error { return errors.New("no key") }
