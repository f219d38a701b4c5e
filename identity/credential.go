package identity

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/musterfleet/muster/internal/durable"
)

// EnrollmentIntent is what a device that is not enrolled knows: where the fleet is, and the
// one-time token it was given. It opens nothing by itself.
type EnrollmentIntent struct {
	// URL is the broker.
	URL string
	// Token is what muster enroll printed.
	Token string
	// Device is the id it wants to be known by; the token may fix another, which is refused.
	Device string
	// Facts are what the device says of itself, for a token that is bound to one and for
	// whoever approves it.
	Facts map[string]string
}

// Enrolled is what the fleet tells a device that it took in.
type Enrolled struct {
	Device   string
	Issuer   string
	Audience string
	// UserID and KeyID are what the issuer knows the device and its key by.
	UserID, KeyID string
	// KeyUntil is the end of the key; zero: it has none.
	KeyUntil time.Time
	// Trust are the operators' public keys in PEM.
	Trust []byte
}

// DeviceCredential is what an enrolled device holds. Only Resolve makes one, Install keeps it and
// ReadCredential brings it back; and only it can be written to a device.
type DeviceCredential struct {
	url      string
	enrolled Enrolled
	key      KeyFile
}

// Join asks a fleet to take the device in, with the public half of the key it made, and waits
// until that is decided. identity/enroll has the real one.
type Join func(ctx context.Context, i EnrollmentIntent, key *rsa.PrivateKey) (Enrolled, error)

// Resolve makes a key in dir, which never leaves the device, and has the fleet take it. Who was
// cut off while it waited goes on with the same key: the token counts for the first key only.
func (i EnrollmentIntent) Resolve(ctx context.Context, dir string, join Join) (DeviceCredential, error) {
	private, err := pendingKey(filepath.Join(dir, pendingFile))
	if err != nil {
		return DeviceCredential{}, fmt.Errorf("join: %w", err)
	}
	e, err := join(ctx, i, private)
	if err != nil {
		return DeviceCredential{}, fmt.Errorf("join: %w", err)
	}
	if e.Device == "" || e.Issuer == "" || e.UserID == "" || e.KeyID == "" || len(e.Trust) == 0 {
		return DeviceCredential{}, errors.New("join: the answer lacks the device, its issuer, its account or the operators' keys")
	}
	return DeviceCredential{url: i.URL, enrolled: e,
		key: KeyFile{Type: "serviceaccount", KeyID: e.KeyID, Key: string(encodeRSA(private)), UserID: e.UserID, Until: e.KeyUntil}}, nil
}

func encodeRSA(key *rsa.PrivateKey) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}

func decodeRSA(text []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("not PEM")
	}
	return x509.ParsePKCS1PrivateKey(block.Bytes)
}

// pendingKey is a key that is not in use yet, made if there is none: RSA, since that is what
// service accounts of Zitadel have.
func pendingKey(path string) (*rsa.PrivateKey, error) {
	text, err := ReadSecret(path)
	if err == nil {
		key, err := decodeRSA(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w; remove it to begin anew", path, err)
		}
		return key, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return key, durable.Replace(path, encodeRSA(key), 0o600)
}

// Device is the id that the credential is of.
func (c DeviceCredential) Device() string { return c.enrolled.Device }

// URL is the broker of the fleet that the credential opens.
func (c DeviceCredential) URL() string { return c.url }

// The files of a credential in its directory.
const (
	ConfigFile    = "config.toml"
	DeviceKeyFile = "device.json"
	TrustFile     = "operator.pub"
	// pendingFile is the key until the device is taken in.
	pendingFile = "joining.key"
)

// CredentialFile is a file of a credential's directory.
type CredentialFile struct {
	Name string
	Text []byte
	Mode os.FileMode
}

// Files are the device's key, the operators' keys, and the configuration that names both. The
// configuration comes last, so that who finds one finds all of it.
func (c DeviceCredential) Files() ([]CredentialFile, error) {
	if c.enrolled.Device == "" {
		return nil, errors.New("credential: there is none")
	}
	key, err := json.Marshal(c.key)
	if err != nil {
		return nil, fmt.Errorf("credential: %w", err)
	}
	config, err := Config{
		Device: c.enrolled.Device,
		NATS:   NATS{URL: c.url},
		OIDC:   OIDC{Issuer: c.enrolled.Issuer, Audience: c.enrolled.Audience, KeyFile: DeviceKeyFile},
		Keys:   Keys{Trust: []string{TrustFile}},
	}.text()
	if err != nil {
		return nil, fmt.Errorf("credential: %w", err)
	}
	return []CredentialFile{{DeviceKeyFile, key, 0o600}, {TrustFile, c.enrolled.Trust, 0o644}, {ConfigFile, config, 0o600}}, nil
}

// Install writes the credential's files to a directory that only its owner can read.
func (c DeviceCredential) Install(dir string) error {
	files, err := c.Files()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("credential: %w", err)
	}
	for _, f := range files {
		if err := durable.Replace(filepath.Join(dir, f.Name), f.Text, f.Mode); err != nil {
			return fmt.Errorf("credential: %w", err)
		}
	}
	if err := os.Remove(filepath.Join(dir, pendingFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("credential: %w", err)
	}
	return nil
}

// ReadCredential reads what Install wrote to a directory.
func ReadCredential(dir string) (DeviceCredential, error) {
	c, err := Load(filepath.Join(dir, ConfigFile), func(string) string { return "" })
	if err != nil {
		return DeviceCredential{}, err
	}
	if c.Device == "" || c.NATS.URL == "" || c.OIDC.Issuer == "" || c.OIDC.KeyFile == "" || len(c.Keys.Trust) != 1 {
		return DeviceCredential{}, fmt.Errorf("%s: is no credential of a device; muster enroll --into or muster-agent join --dir writes one", dir)
	}
	text, err := ReadSecret(c.OIDC.KeyFile)
	if err != nil {
		return DeviceCredential{}, fmt.Errorf("credential: %w", err)
	}
	key, err := ParseKeyFile(text)
	if err != nil {
		return DeviceCredential{}, fmt.Errorf("credential %s: %w", c.OIDC.KeyFile, err)
	}
	trust, err := os.ReadFile(c.Keys.Trust[0])
	if err != nil {
		return DeviceCredential{}, fmt.Errorf("credential: %w", err)
	}
	return DeviceCredential{url: c.NATS.URL, key: key, enrolled: Enrolled{Device: c.Device, Issuer: c.OIDC.Issuer, Audience: c.OIDC.Audience,
		UserID: key.UserID, KeyID: key.KeyID, KeyUntil: key.Until, Trust: trust}}, nil
}

// Keeps says of a file that a device has whether it stays although the credential has another: its
// key does, as the device got that one since. The file of another device or fleet is an error.
func (c DeviceCredential) Keeps(name string, text []byte) (bool, error) {
	switch name {
	case DeviceKeyFile:
		key, err := ParseKeyFile(text)
		if err != nil {
			return false, err
		}
		if key.UserID != c.enrolled.UserID {
			return false, fmt.Errorf("is the key of %s and not of %s", key.UserID, c.enrolled.UserID)
		}
		return true, nil
	case ConfigFile:
		have, err := parseConfig(text)
		switch {
		case err != nil:
			return false, err
		case have.Device != c.enrolled.Device || have.OIDC.Issuer != c.enrolled.Issuer:
			return false, fmt.Errorf("the host is device %s of the fleet at %s already", have.Device, have.NATS.URL)
		}
	}
	return false, nil
}
