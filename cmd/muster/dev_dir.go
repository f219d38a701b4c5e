package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/musterfleet/muster/identity"
)

// devDir is the directory muster dev keeps everything in:
//
//	config.toml       how an operator reaches this fleet; other commands read it by MUSTER_CONFIG
//	viewer.toml, enroller.toml  the same for who may less
//	operator.key/.pub what desired states are signed with
//	operator.json, viewer.json, enroller.json  their keys at the issuer
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

// staff are the roles that a dev fleet has a key and a configuration for.
var staff = []identity.Role{identity.Viewer, identity.Enroller, identity.Operator}

// configs is where the configuration of a role is.
func (d devDir) configs(r identity.Role) string {
	if r == identity.Operator {
		return d.at("config.toml")
	}
	return d.at(r.String() + ".toml")
}

// configure writes the files that the other commands read, the operator's last.
func (d devDir) configure(url string, o identity.OIDC) error {
	for _, r := range staff {
		o.KeyFile = ""
		if key := r.String() + ".json"; there(d.at(key)) { // where people sign in there is none
			o.KeyFile = key
		}
		c := identity.Config{NATS: identity.NATS{URL: url}, OIDC: o, Keys: identity.Keys{Trust: []string{"operator.pub"}}}
		if r == identity.Operator {
			c.Keys.Sign = "operator.key"
		}
		if err := c.Write(d.configs(r)); err != nil {
			return err
		}
	}
	return nil
}

// close takes the configurations away: there is nothing to reach any more.
func (d devDir) close() error {
	var err error
	for _, r := range staff {
		err = errors.Join(err, os.Remove(d.configs(r)))
	}
	return err
}
