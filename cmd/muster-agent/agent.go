package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
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

// runAgent runs the device until ctx ends, or until it goes on as another binary.
func runAgent(ctx context.Context, args []string, env func(string) string, out, errw io.Writer) error {
	o, err := parse("run", args, env, out)
	if err != nil {
		return err
	}
	log := o.log(errw)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	u := updater{state: o.state, file: o.update, within: o.updateWithin, self: self, log: log}
	if err := u.begin(); err != nil {
		return err
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	changed := make(chan bool, 1)
	go func() {
		ready, err := u.watch(ctx)
		if err != nil {
			log.Error("update", "error", err)
		}
		changed <- ready
		if ready {
			end()
		}
	}()
	if err := o.run(ctx, u.heard, log); err != nil {
		return err
	}
	end()
	if <-changed {
		log.Info("going on as the new binary")
		return u.become()
	}
	return nil
}

// try finds out whether this binary would be heard: whether it reads the options, finds the
// runtime, and is answered by the fleet. It changes nothing.
func try(ctx context.Context, args []string, env func(string) string, out, errw io.Writer) error {
	o, err := parse("try", args, env, out)
	if err != nil {
		return err
	}
	if !o.simulate {
		if _, err := podman.New(ctx, o.podman, o.device); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, o.updateWithin)
	defer cancel()
	link, err := o.link(func() {}, o.log(errw))
	if err != nil {
		return err
	}
	defer link.Close()
	if err := link.Reach(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s is answered by %s\n", o.device, o.NATS.URL)
	return err
}

func (o options) log(errw io.Writer) *slog.Logger {
	level := slog.LevelInfo
	if o.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(errw, &slog.HandlerOptions{Level: level}))
}

// link connects to the fleet; heard is told of each answer.
func (o options) link(heard func(), log *slog.Logger) (*nats.Link, error) {
	shown, err := machine.Tokens(o.Config)
	if err != nil {
		return nil, err
	}
	return nats.Connect(nats.Config{
		URL: o.NATS.URL, Device: o.device,
		Token: func() (string, time.Time) {
			token, until, err := shown()
			if err != nil {
				log.Error("there is no token", "error", err)
			}
			return token, until
		},
		Notice: func(err error) { log.Warn("link", "error", err) },
		Heard:  heard,
	})
}

// run is the device's life as this binary.
func (o options) run(ctx context.Context, heard func(), log *slog.Logger) (err error) {
	known := map[string]string{"agent.version": version()}
	// The runtime outlives ctx: what has begun when the end is asked for may still end.
	living, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	dir, err := agent.OpenDir(o.state)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	link, err := o.link(heard, log)
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
