package systemd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/coreos/go-systemd/v22/dbus"
	godbus "github.com/godbus/dbus/v5"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
)

// severity orders the phases of units: a slot stands as its worst one.
var severity = []algebra.Phase{algebra.Failed, algebra.Stopping, algebra.Starting, algebra.Running, algebra.Completed}

// Observe asks systemd for the units of each slot whose files are as they were written.
func (r *Runtime) Observe(ctx context.Context) (map[algebra.App]agent.Observed, error) {
	seen, err := r.files.Observe(ctx)
	if err != nil {
		return nil, err
	}
	for app, o := range seen {
		if o.Phase == algebra.Failed {
			continue
		}
		units, err := r.units(app)
		if err != nil {
			return nil, fmt.Errorf("observe %s: %w", app, err)
		}
		var names []string
		for _, u := range units {
			names = append(names, u.Name)
		}
		states, err := r.bus.ListUnitsByNamesContext(ctx, names)
		if err != nil {
			return nil, fmt.Errorf("observe %s: %w", app, err)
		}
		byName := map[string]dbus.UnitStatus{}
		for _, s := range states {
			byName[s.Name] = s
		}
		o.Phase, o.Detail = judge(units, byName)
		seen[app] = o
	}
	return seen, nil
}

// judge says how a slot stands by its units.
func judge(units []unit, states map[string]dbus.UnitStatus) (algebra.Phase, string) {
	found := map[algebra.Phase]bool{}
	var why []string
	for _, u := range units {
		phase, detail := judgeOne(u, states[u.Name])
		found[phase] = true
		if detail != "" {
			why = append(why, "unit "+u.Name+": "+detail)
		}
	}
	for _, p := range severity {
		if found[p] {
			return p, strings.Join(why, "; ")
		}
	}
	return algebra.Failed, "no units"
}

func judgeOne(u unit, s dbus.UnitStatus) (algebra.Phase, string) {
	switch {
	case s.LoadState != "loaded":
		return algebra.Failed, "systemd cannot load it: " + s.LoadState
	case s.ActiveState == "active" || s.ActiveState == "reloading":
		return algebra.Running, ""
	case s.ActiveState == "activating":
		return algebra.Starting, ""
	case s.ActiveState == "deactivating":
		return algebra.Stopping, ""
	case s.ActiveState == "failed":
		return algebra.Failed, "failed"
	case u.Passive || strings.HasSuffix(u.Name, ".service"):
		return algebra.Completed, "" // it ended well, or waits for who starts it
	}
	return algebra.Failed, "is " + s.ActiveState
}

// Changes tells an app when a unit of it, or the unit's file, changed.
func (r *Runtime) Changes(ctx context.Context) (<-chan algebra.App, error) {
	ctx, cancel := context.WithCancel(ctx)
	touched, err := r.files.Changes(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	b := agent.NewBell()
	updates, failed := make(chan *dbus.PropertiesUpdate, 64), make(chan error, 1)
	r.bus.SetPropertiesSubscriber(updates, failed)
	out := make(chan algebra.App)
	var both sync.WaitGroup
	both.Go(func() {
		defer cancel()
		for app := range touched {
			b.Ring(app)
		}
	})
	both.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-failed: // more changes than were read: anything may have changed
				r.ringAll(ctx, b)
			case u := <-updates:
				if _, state := u.Changed["ActiveState"]; state {
					r.ringUnit(ctx, b, u.UnitName)
				}
			}
		}
	})
	go func() {
		defer close(out)
		b.Hear(ctx, out)
		r.bus.SetPropertiesSubscriber(nil, nil)
		both.Wait()
	}()
	return out, nil
}

func (r *Runtime) ringAll(ctx context.Context, b *agent.Bell) { r.ringUnit(ctx, b, "") }

func (r *Runtime) ringUnit(ctx context.Context, b *agent.Bell, name string) {
	seen, err := r.files.Observe(ctx)
	if err != nil {
		return // the next regular look says so
	}
	for app := range seen {
		units, _ := r.units(app)
		for _, u := range units {
			if name == "" || u.Name == name {
				b.Ring(app)
			}
		}
	}
}

// missing reports that systemd knows no such unit.
func missing(err error) bool {
	var e godbus.Error
	return errors.As(err, &e) && e.Name == "org.freedesktop.systemd1.NoSuchUnit"
}
