package main

import (
	"log/slog"
	"os"
	"path/filepath"

	"github.com/musterfleet/muster/identity"
)

// devDir is the directory muster dev keeps everything in:
//
//	config.toml       how to reach this fleet; other commands read it by MUSTER_CONFIG
//	operator.key/.pub what desired states are signed with
//	operator.json     the operator's key at the issuer
//	issuer/           the accounts and keys of the issuer
//	jetstream/        the records
//	agents/DEVICE/    what a real device keeps: its key, its configuration, its state
//	server.log        who was let in, and who was not
//	podman/           a podman of its own, where asked for
//
// All of it survives a restart: the same devices come back to the same desired states.
type devDir struct{ path string }

func openDevDir(path string) (devDir, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return devDir{}, err
	}
	d := devDir{path: abs}
	if err := os.MkdirAll(d.at("agents"), 0o700); err != nil {
		return devDir{}, err
	}
	return d, identity.CreateKeys(d.at("operator.key"), d.at("operator.pub"))
}

func (d devDir) at(parts ...string) string {
	return filepath.Join(append([]string{d.path}, parts...)...)
}

// log is where the services of the fleet say what they decide.
func (d devDir) log() (*slog.Logger, func() error, error) {
	f, err := os.OpenFile(d.at("server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, err
	}
	return slog.New(slog.NewTextHandler(f, nil)), f.Close, nil
}

// configure writes the file that the other commands read.
func (d devDir) configure(url string, o identity.OIDC) error {
	o.KeyFile = "operator.json"
	return identity.Config{
		NATS: identity.NATS{URL: url},
		OIDC: o,
		Keys: identity.Keys{Sign: "operator.key", Trust: []string{"operator.pub"}},
	}.Write(d.at("config.toml"))
}
