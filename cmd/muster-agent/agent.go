package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/agent/facts"
	"github.com/musterfleet/muster/agent/files"
	"github.com/musterfleet/muster/agent/inprocess"
	"github.com/musterfleet/muster/agent/nats"
	"github.com/musterfleet/muster/agent/podman"
	"github.com/musterfleet/muster/agent/systemd"
	"github.com/musterfleet/muster/agent/vault"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity/oidc/machine"
)

// runAgent runs the device until ctx ends.
func runAgent(ctx context.Context, args []string, env func(string) string, out, errw io.Writer) (err error) {
	o, err := parse(args, env, out)
	if err != nil {
		return err
	}
	level := slog.LevelInfo
	if o.verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(errw, &slog.HandlerOptions{Level: level}))

	known := map[string]string{"agent.version": version()}
	// The runtime outlives ctx: what has begun when the end is asked for may still end.
	living, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	dir, err := agent.OpenDir(o.state)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	shown, err := machine.Tokens(o.Config)
	if err != nil {
		return err
	}
	link, err := nats.Connect(nats.Config{
		URL: o.NATS.URL, Device: o.device,
		Token: func() (string, time.Time) {
			token, until, err := shown()
			if err != nil {
				log.Error("there is no token", "error", err)
			}
			return token, until
		},
		Notice: func(err error) { log.Warn("link", "error", err) },
	})
	if err != nil {
		return err
	}
	defer link.Close()
	a := &agent.Agent{
		Device: o.device, Link: link, Keys: wire.NewKeyring(o.keys...), Dir: dir, Log: log,
		Facts: func() map[string]string {
			found := facts.Here("/")
			maps.Copy(found, known)
			return found
		},
	}
	a.Held = held(o.state)
	if a.Holds, err = holds(ctx, o.state); err != nil {
		return err
	}
	if o.veto != "" {
		a.Veto = vetoBy(o.veto)
	}
	secrets, err := vault.Open(filepath.Join(o.state, "secrets"), o.device, link, a.Trusted)
	if err != nil {
		return err
	}
	known[agent.FactXKey] = secrets.Public()
	if a.Runtime, err = o.runtime(living, secrets, known, log); err != nil {
		return err
	}
	keeping, stop := context.WithCancel(ctx)
	defer stop()
	go keepKey(keeping, o.Config, log)
	return a.Run(ctx)
}

// runtime is what this device can run, of each kind of workload.
func (o options) runtime(ctx context.Context, secrets *vault.Vault, known map[string]string, log *slog.Logger) (agent.Runtime, error) {
	if o.simulate {
		return &inprocess.Runtime{Secret: func(ctx context.Context, name string) error {
			_, _, err := secrets.Secret(ctx, wire.SecretName(name), wire.ForContainers)
			return err
		}}, nil
	}
	containers, err := podman.New(ctx, o.podman, o.device)
	if err != nil {
		return nil, err
	}
	known["runtime.version"] = "podman " + containers.Version()
	containers.Secrets = secrets
	containers.Remember(filepath.Join(o.state, "images.json"))
	own := []string{o.state}
	if o.configDir != "" {
		own = append(own, o.configDir)
	}
	sets, err := files.Open(ctx, files.Config{Dir: filepath.Join(o.state, "files"), Forbidden: own, Log: log})
	if err != nil {
		return nil, err
	}
	kinds := agent.Kinds{algebra.PodmanKind: containers, algebra.FilesKind: sets}
	if units, err := systemd.New(ctx, files.Config{Dir: filepath.Join(o.state, "units"), Log: log}); err != nil {
		kinds[algebra.SystemdKind] = agent.Lacking(err.Error())
	} else {
		kinds[algebra.SystemdKind] = units
	}
	return kinds, nil
}
