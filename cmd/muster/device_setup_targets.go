package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/musterfleet/muster/agent/setup"
	"github.com/musterfleet/muster/agent/setup/sshhost"
	"github.com/musterfleet/muster/algebra"
)

// target is a machine and the device that it becomes.
type target struct {
	id   algebra.DeviceID
	dial func(context.Context) (setup.Host, func() error, error)
}

// targets reads the arguments, and refuses a device or a host that is named twice.
func (s *settingUp) targets(args []string) ([]target, error) {
	if s.local {
		return s.here(args)
	}
	if len(args) == 0 {
		return nil, errors.New("no host is named; want USER@HOST, or --local for this machine")
	}
	login, err := s.reach.login(s.console)
	if err != nil {
		return nil, err
	}
	var out []target
	var bad []error
	seen := map[string]string{}
	for _, arg := range args {
		name, to, named := strings.Cut(arg, "=")
		if !named {
			to = arg
		}
		t, err := sshhost.ParseTarget(to)
		if err != nil {
			bad = append(bad, err)
			continue
		}
		if !named {
			name = hostOf(t)
		}
		id, err := algebra.ParseDeviceID(name)
		if err != nil {
			bad = append(bad, fmt.Errorf("%s: %w; name it: ID=%s", arg, err, to))
			continue
		}
		for _, key := range []string{"device " + name, "host " + t.Address} {
			if other, twice := seen[key]; twice {
				bad = append(bad, fmt.Errorf("%s and %s are one %s", other, arg, key))
			}
			seen[key] = arg
		}
		out = append(out, target{id, func(ctx context.Context) (setup.Host, func() error, error) {
			h, err := login.Dial(ctx, t)
			if err != nil {
				return nil, nil, err
			}
			return h, h.Close, nil
		}})
	}
	return out, errors.Join(bad...)
}

func (s *settingUp) here(args []string) ([]target, error) {
	if len(args) > 1 {
		return nil, errors.New("--local sets up this machine alone; at most its ID may be given")
	}
	name, err := os.Hostname()
	if len(args) == 1 {
		name, err = args[0], nil
	}
	if err != nil {
		return nil, err
	}
	id, err := algebra.ParseDeviceID(name)
	if err != nil {
		return nil, err
	}
	if os.Getuid() != 0 {
		return nil, errors.New("--local needs root: sudo muster device setup --local …")
	}
	return []target{{id, func(context.Context) (setup.Host, func() error, error) {
		m, err := setup.OpenMachine("/")
		if err != nil {
			return nil, nil, err
		}
		return m, m.Close, nil
	}}}, nil
}

func hostOf(t sshhost.Target) string {
	host := t.Address[:strings.LastIndexByte(t.Address, ':')]
	return strings.Trim(host, "[]")
}
