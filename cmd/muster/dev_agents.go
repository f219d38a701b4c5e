package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/agent/inprocess"
	agentnats "github.com/musterfleet/muster/agent/nats"
	"github.com/musterfleet/muster/agent/vault"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/oidc/machine"
)

// simulate runs an agent for each device, over a connection of its own, with a runtime that
// only remembers. stop ends them all and waits for it.
func simulate(ctx context.Context, dir devDir, url string, devices []algebra.Device, tokens func(algebra.DeviceID) (*machine.Source, error)) (stop func(), err error) {
	trusted, err := identity.Keys{Trust: []string{dir.at("operator.pub")}}.Trusted()
	if err != nil {
		return nil, err
	}
	keys := wire.NewKeyring(trusted...)
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	stop = func() { cancel(); running.Wait() }
	for _, d := range devices {
		source, err := tokens(d.ID)
		if err != nil {
			stop()
			return nil, err
		}
		link, err := agentnats.Connect(agentnats.Config{URL: url, Device: d.ID, Token: func() (string, time.Time) {
			token, until, _ := source.Fresh() // without one the connection is refused, and tried again
			return token, until
		}})
		if err != nil {
			stop()
			return nil, err
		}
		a := &agent.Agent{Device: d.ID, Link: link, Keys: keys, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
		secrets, err := vault.Simulated(d.ID, link, a.Trusted)
		if err != nil {
			stop()
			return nil, err
		}
		a.Runtime = &inprocess.Runtime{Secret: func(ctx context.Context, name string) error {
			_, _, err := secrets.Secret(ctx, wire.SecretName(name), wire.ForContainers)
			return err
		}}
		facts := maps.Clone(d.Facts)
		if facts == nil {
			facts = map[string]string{}
		}
		facts[agent.FactXKey] = secrets.Public()
		a.Facts = func() map[string]string { return facts }
		running.Go(func() {
			defer link.Close()
			_ = a.Run(ctx) // it fails only on what is missing above
		})
	}
	return stop, nil
}

// realName is the device that runs containers.
const realName = "edge-real"

// startAgent has the device join, unless it did in an earlier run, and runs muster-agent as a
// process, as a device does.
func startAgent(ctx context.Context, dir devDir, server *nats.Server, socket string) (algebra.Device, func() error, error) {
	device := algebra.Device{ID: algebra.MustDeviceID(realName),
		Labels: map[string]string{"env": "prod", "site": "berlin", "ring": "0", "runtime": "podman"}}
	home := dir.at("agents", realName)
	config := filepath.Join(home, identity.ConfigFile)
	if _, err := os.Stat(config); errors.Is(err, fs.ErrNotExist) {
		token, err := dir.offer(ctx, server, device)
		if err != nil {
			return device, nil, err
		}
		join := exec.CommandContext(ctx, agentBinary(), "join", server.URL(), "--token", token.Text(), "--device", realName, "--dir", home)
		if said, err := join.CombinedOutput(); err != nil {
			return device, nil, fmt.Errorf("the real device could not join: %w: %s", err, said)
		}
	}
	log, err := os.OpenFile(dir.at("agents", realName+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return device, nil, err
	}
	cmd := exec.Command(agentBinary(), "run", "--config", config, "--nats", server.URL(), "--state", filepath.Join(home, "state"), "--podman", socket)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // ctrl-c is for dev, which then ends it
	if err := cmd.Start(); err != nil {
		return device, nil, errors.Join(fmt.Errorf("the real device needs muster-agent beside muster: %w; `make build` makes both", err), log.Close())
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop := func() error {
		defer log.Close()
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			return nil // it has ended before, and its log says why
		}
		select {
		case <-ended:
		case <-time.After(15 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		return nil
	}
	return device, stop, nil
}

// writeEnv writes variables as a file for the shell: what a person sources to use that podman.
func writeEnv(path string, env []string) error {
	var b strings.Builder
	for _, kv := range env {
		name, value, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "CONTAINERS_") {
			fmt.Fprintf(&b, "export %s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
		}
	}
	return os.WriteFile(path, []byte(b.String()), 0o600)
}
