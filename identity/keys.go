package identity

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// SigningKey reads the key that desired states are signed with.
func (k Keys) SigningKey() (ed25519.PrivateKey, error) {
	if k.Sign == "" {
		return nil, errors.New("signing key: none is configured; set keys.sign or MUSTER_KEYS_SIGN")
	}
	b, err := ReadSecret(k.Sign)
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	block, _ := pem.Decode(b)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, fmt.Errorf("signing key: %s: want PEM with a PRIVATE KEY", k.Sign)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("signing key: %s: %w", k.Sign, err)
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("signing key: %s: a %T, want an ed25519 key", k.Sign, key)
	}
	return private, nil
}

// Trusted reads the public keys whose signatures count. None is an error: then nothing could
// ever be verified.
func (k Keys) Trusted() ([]ed25519.PublicKey, error) {
	if len(k.Trust) == 0 {
		return nil, errors.New("trusted keys: none are configured; set keys.trust or MUSTER_KEYS_TRUST")
	}
	var keys []ed25519.PublicKey
	for _, path := range k.Trust {
		key, err := readPublicKey(path)
		if err != nil {
			return nil, fmt.Errorf("trusted key: %w", err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func readPublicKey(path string) (ed25519.PublicKey, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, fmt.Errorf("%s: want PEM with a PUBLIC KEY", path)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	public, ok := key.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%s: a %T, want an ed25519 key", path, key)
	}
	return public, nil
}

// CreateKeys makes a key pair at the two paths. Files that exist are kept: a lost key cannot
// be made again.
func CreateKeys(private, public string) error {
	if _, err := os.Stat(private); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("keys: %w", err)
	}
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	open, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	// The public half first: a crash between the two leaves no private key without it.
	if err := os.WriteFile(public, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: open}), 0o644); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	if err := os.WriteFile(private, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	return nil
}
