package devissuer

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/internal/durable"
)

// accounts are everybody the issuer knows, and the keys it signs with. Each change is on disk
// before it counts.
type accounts struct {
	path string

	mu   sync.Mutex
	kept kept
}

// kept is the file.
type kept struct {
	// Signing are the issuer's keys, the newest first. All of them verify.
	Signing []jose.JSONWebKey `json:"signing"`
	// Users are people and machines by name.
	Users map[string]account `json:"users"`
}

// account is a person, or a machine if it has keys or a secret.
type account struct {
	Roles  []string          `json:"roles"`
	Device string            `json:"device,omitempty"`
	Keys   []jose.JSONWebKey `json:"keys,omitempty"` // public halves
	Secret string            `json:"secret,omitempty"`
	// Application asks about tokens, and gets none.
	Application bool `json:"application,omitempty"`
}

func (a account) has(keyID string) bool {
	return slices.ContainsFunc(a.Keys, func(k jose.JSONWebKey) bool { return k.KeyID == keyID })
}

func (a account) machine() bool { return len(a.Keys) > 0 || a.Secret != "" }

func openAccounts(dir string) (*accounts, error) {
	a := &accounts{path: filepath.Join(dir, "issuer.json"), kept: kept{Users: map[string]account{}}}
	text, err := os.ReadFile(a.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return a, a.rotate()
	case err != nil:
		return nil, err
	}
	if err := json.Unmarshal(text, &a.kept); err != nil {
		return nil, fmt.Errorf("%s: %w", a.path, err)
	}
	return a, nil
}

// change edits what is kept, and puts it on disk whole or not at all.
func (a *accounts) change(edit func(*kept) error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	text, err := json.Marshal(a.kept)
	if err != nil {
		return err
	}
	var next kept
	if err := json.Unmarshal(text, &next); err != nil {
		return err
	}
	if next.Users == nil {
		next.Users = map[string]account{}
	}
	if err := edit(&next); err != nil {
		return err
	}
	if text, err = json.MarshalIndent(next, "", " "); err != nil {
		return err
	}
	if err := durable.Replace(a.path, text, 0o600); err != nil {
		return err
	}
	a.kept = next
	return nil
}

// now is what is kept at this moment. Its lists are never edited in place.
func (a *accounts) now() kept {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.kept
}

// rotate signs with a new key from here on. The two before it go on verifying.
func (a *accounts) rotate() error {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	key := jose.JSONWebKey{Key: private, KeyID: rand.Text(), Algorithm: string(jose.RS256), Use: "sig"}
	return a.change(func(k *kept) error {
		k.Signing = append([]jose.JSONWebKey{key}, k.Signing...)
		k.Signing = k.Signing[:min(3, len(k.Signing))]
		return nil
	})
}

// AddPerson lets somebody sign in, with these roles. One that is there gets these roles.
func (i *Issuer) AddPerson(name string, roles ...string) error {
	return i.accounts.change(func(k *kept) error {
		k.Users[name] = account{Roles: roles}
		return nil
	})
}

// AddMachine registers a service account by the public half of its key; the private half stays
// where it was made. A machine that is there keeps its older keys.
func (i *Issuer) AddMachine(name, device string, public *rsa.PublicKey, roles ...string) (keyID string, err error) {
	keyID = thumbprint(public)
	return keyID, i.accounts.change(func(k *kept) error {
		m := k.Users[name]
		m.Roles, m.Device = roles, device
		if m.has(keyID) {
			k.Users[name] = m
			return nil
		}
		m.Keys = append(m.Keys, verifying(public))
		k.Users[name] = m
		return nil
	})
}

// AddMachines registers many devices, each a service account of its own name, that share a key:
// the simulated devices of one process. Those that are there already keep what they have.
func (i *Issuer) AddMachines(names []string, public *rsa.PublicKey, roles ...string) (keyID string, err error) {
	keyID = thumbprint(public)
	return keyID, i.accounts.change(func(k *kept) error {
		for _, name := range names {
			if m, ok := k.Users[name]; !ok || !m.has(keyID) {
				k.Users[name] = account{Roles: roles, Device: name,
					Keys: append(m.Keys, verifying(public))}
			}
		}
		return nil
	})
}

// thumbprint names a key by what it is.
func thumbprint(public *rsa.PublicKey) string {
	sum := sha256.Sum256(public.N.Bytes())
	return hex.EncodeToString(sum[:12])
}

// AddSecret registers a service account that shows a secret.
func (i *Issuer) AddSecret(name, secret string, roles ...string) error {
	return i.accounts.change(func(k *kept) error {
		k.Users[name] = account{Roles: roles, Secret: secret}
		return nil
	})
}

// KeyFile makes a key for a service account and returns its file, as Zitadel's console does.
func (i *Issuer) KeyFile(name, device string, roles ...string) ([]byte, error) {
	private, text, err := newKey()
	if err != nil {
		return nil, err
	}
	id, err := i.AddMachine(name, device, &private.PublicKey, roles...)
	if err != nil {
		return nil, err
	}
	return json.Marshal(identity.KeyFile{Type: "serviceaccount", KeyID: id, Key: text, UserID: name})
}

// ApplicationKey makes a key for an application, which may ask about tokens, and returns its file,
// as Zitadel's console does.
func (i *Issuer) ApplicationKey(name string) ([]byte, error) {
	private, text, err := newKey()
	if err != nil {
		return nil, err
	}
	id := thumbprint(&private.PublicKey)
	err = i.accounts.change(func(k *kept) error {
		k.Users[name] = account{Application: true, Keys: []jose.JSONWebKey{verifying(&private.PublicKey)}}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(identity.KeyFile{Type: "application", KeyID: id, Key: text, ClientID: name})
}

func newKey() (key *rsa.PrivateKey, text string, err error) {
	key, err = rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, "", err
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})), nil
}

// verifying is a key that assertions are verified with.
func verifying(public *rsa.PublicKey) jose.JSONWebKey {
	return jose.JSONWebKey{Key: public, KeyID: thumbprint(public), Algorithm: string(jose.RS256), Use: "sig"}
}

// RetireKeys takes all keys from a service account but one.
func (i *Issuer) RetireKeys(name, keep string) error {
	return i.accounts.change(func(k *kept) error {
		m, ok := k.Users[name]
		if !ok || !m.has(keep) {
			return fmt.Errorf("account %q has no key %s", name, keep)
		}
		m.Keys = slices.DeleteFunc(m.Keys, func(one jose.JSONWebKey) bool { return one.KeyID != keep })
		k.Users[name] = m
		return nil
	})
}

// Remove forgets an account: it gets no token any more. Tokens it has live on until their end.
func (i *Issuer) Remove(name string) error {
	return i.accounts.change(func(k *kept) error {
		delete(k.Users, name)
		return nil
	})
}

// Rotate signs with a new key from here on.
func (i *Issuer) Rotate() error { return i.accounts.rotate() }
