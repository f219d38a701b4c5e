package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/identity"
)

// devDir is the directory muster dev keeps everything in:
//
//	config.toml       how to reach this fleet; other commands read it by MUSTER_CONFIG
//	operator.key/.pub what desired states are signed with
//	operator.token    what the operator shows the broker
//	secret            what device tokens are made from
//	jetstream/        the records
//	agents/DEVICE/    each agent's state
//	podman/           a podman of its own, where asked for
//
// All of it survives a restart: the same devices come back to the same desired states.
type devDir struct {
	path   string
	secret []byte
}

func openDevDir(path string) (devDir, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return devDir{}, err
	}
	d := devDir{path: abs}
	if err := os.MkdirAll(d.at("agents"), 0o700); err != nil {
		return devDir{}, err
	}
	if err := identity.CreateKeys(d.at("operator.key"), d.at("operator.pub")); err != nil {
		return devDir{}, err
	}
	if d.secret, err = secretFile(d.at("secret")); err != nil {
		return devDir{}, err
	}
	return d, os.WriteFile(d.at("operator.token"), []byte(d.token("operator")), 0o600)
}

func (d devDir) at(parts ...string) string {
	return filepath.Join(append([]string{d.path}, parts...)...)
}

func secretFile(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		b = []byte(rand.Text() + rand.Text())
		return b, os.WriteFile(path, b, 0o600)
	}
	return b, err
}

// configure writes the file that the other commands read.
func (d devDir) configure(url string) error {
	return identity.Config{
		NATS: identity.NATS{URL: url, TokenFile: "operator.token"},
		Keys: identity.Keys{Sign: "operator.key", Trust: []string{"operator.pub"}},
	}.Write(d.at("config.toml"))
}

// token is what the holder of that name shows: the name and a MAC of it. It stands in for an
// issuer's token until devices enrol through OIDC.
func (d devDir) token(name string) string {
	mac := hmac.New(sha256.New, d.secret)
	mac.Write([]byte(name))
	return name + ":" + hex.EncodeToString(mac.Sum(nil))
}

// authorize is the dev server's nats.Authorizer.
func (d devDir) authorize(token string) (nats.Role, algebra.DeviceID, error) {
	name, _, ok := strings.Cut(token, ":")
	if !ok || !hmac.Equal([]byte(d.token(name)), []byte(token)) {
		return 0, algebra.DeviceID{}, errors.New("the token is not one of this fleet")
	}
	if name == "operator" {
		return nats.OperatorRole, algebra.DeviceID{}, nil
	}
	id, err := algebra.ParseDeviceID(strings.TrimPrefix(name, "device/"))
	if err != nil {
		return 0, algebra.DeviceID{}, fmt.Errorf("token: %w", err)
	}
	return nats.DeviceRole, id, nil
}

// deviceToken is the token of a device. A device may not be called operator and gain by it.
func (d devDir) deviceToken(id algebra.DeviceID) string { return d.token("device/" + id.String()) }
