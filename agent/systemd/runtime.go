package systemd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/dbus"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/agent/files"
	"github.com/musterfleet/muster/algebra"
)

// UnitDir is where an administrator's units are.
const UnitDir = "/etc/systemd/system"

// running is what a machine has that systemd has booted.
const running = "/run/systemd/system"

// Runtime runs units of one device.
type Runtime struct {
	files *files.Runtime
	bus   *dbus.Conn
	mu    sync.Mutex // one change at a time
}

var _ agent.Runtime = (*Runtime)(nil)

// New connects to the machine's systemd, and keeps records in c.Dir. It works until ctx ends.
func New(ctx context.Context, c files.Config) (*Runtime, error) {
	if _, err := os.Stat(running); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("systemd does not run on this device: there is no %s", running)
	}
	bus, err := dbus.NewSystemConnectionContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("systemd's D-Bus cannot be reached: %w", err)
	}
	r := &Runtime{bus: bus}
	c.Linger = time.Millisecond // units that stopped have no readers
	c.Swept = func(algebra.App) { _ = bus.ReloadContext(ctx) }
	if r.files, err = files.Open(ctx, c); err != nil {
		bus.Close()
		return nil, err
	}
	if err := bus.Subscribe(); err != nil {
		bus.Close()
		return nil, fmt.Errorf("systemd: %w", err)
	}
	context.AfterFunc(ctx, bus.Close)
	return r, nil
}

// unit is what is remembered of one.
type unit struct {
	Name    string `json:"name"`
	Passive bool   `json:"passive,omitempty"`
	Enabled bool   `json:"enabled,omitempty"`
}

// Prepare finds out whether the unit files can be written.
func (r *Runtime) Prepare(ctx context.Context, d algebra.Deployment) error {
	if err := r.files.Ready(ctx, d.Spec().Systemd.Files(UnitDir)); err != nil {
		return fmt.Errorf("prepare %s: %w", d, err)
	}
	return nil
}

// Start writes the units and starts them; what fails is undone.
func (r *Runtime) Start(ctx context.Context, d algebra.Deployment, v algebra.Values) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var units []unit
	for _, u := range d.Spec().Systemd.Units {
		units = append(units, unit{u.Name, u.Passive, u.Enabled})
	}
	note, err := json.Marshal(units)
	if err != nil {
		return err
	}
	release := algebra.Release{Version: d.Version(), Deployment: d.Digest(), Values: v.Digest()}
	if err := r.files.Put(ctx, files.Set{App: d.App(), Release: release, Files: d.Spec().Systemd.Files(UnitDir), Values: v, Note: note}); err != nil {
		return fmt.Errorf("start %s: %w", d, err)
	}
	if err := r.start(ctx, units); err != nil {
		return errors.Join(fmt.Errorf("start %s: %w", d, err), r.stop(context.WithoutCancel(ctx), d.App(), units))
	}
	return nil
}

func (r *Runtime) start(ctx context.Context, units []unit) error {
	if err := r.bus.ReloadContext(ctx); err != nil {
		return fmt.Errorf("reload: %w", err)
	}
	for _, u := range units {
		if u.Enabled {
			if _, _, err := r.bus.EnableUnitFilesContext(ctx, []string{u.Name}, false, true); err != nil {
				return fmt.Errorf("enable %s: %w", u.Name, err)
			}
		}
	}
	for _, u := range units {
		if u.Passive {
			continue
		}
		if err := r.job(ctx, u.Name, r.bus.RestartUnitContext); err != nil {
			return fmt.Errorf("unit %s: %w", u.Name, err)
		}
	}
	return nil
}

// job has systemd do something with a unit and waits until it is done.
func (r *Runtime) job(ctx context.Context, name string, do func(context.Context, string, string, chan<- string) (int, error)) error {
	done := make(chan string, 1)
	if _, err := do(ctx, name, "replace", done); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case result := <-done:
		if result != "done" {
			return fmt.Errorf("systemd says %s", result)
		}
		return nil
	}
}

// Stop stops the units of the slot and removes them.
func (r *Runtime) Stop(ctx context.Context, app algebra.App) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	units, err := r.units(app)
	if err == nil {
		err = r.stop(ctx, app, units)
	}
	if err != nil {
		return fmt.Errorf("stop %s: %w", app, err)
	}
	return nil
}

func (r *Runtime) stop(ctx context.Context, app algebra.App, units []unit) error {
	for _, u := range units {
		if err := r.job(ctx, u.Name, r.bus.StopUnitContext); err != nil && !missing(err) {
			return fmt.Errorf("unit %s: %w", u.Name, err)
		}
		if u.Enabled {
			if _, err := r.bus.DisableUnitFilesContext(ctx, []string{u.Name}, false); err != nil {
				return fmt.Errorf("disable %s: %w", u.Name, err)
			}
		}
		_ = r.bus.ResetFailedUnitContext(ctx, u.Name) // one that is not failed cannot be reset
	}
	return r.files.Stop(ctx, app)
}

func (r *Runtime) units(app algebra.App) ([]unit, error) {
	note, err := r.files.Note(app)
	if err != nil || note == nil {
		return nil, err
	}
	var units []unit
	return units, json.Unmarshal(note, &units)
}
