package faults_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/agent/inprocess"
	agentnats "github.com/musterfleet/muster/agent/nats"
	"github.com/musterfleet/muster/algebra"
)

// agents runs agents in one process, each with a connection and a state directory of its own. What
// they run lives in files beside, and so outlives them.
func (p part) agents() error {
	diary, err := openDiary(p.diary())
	if err != nil {
		return err
	}
	var running sync.WaitGroup
	for _, name := range p.Devices {
		dir, err := agent.OpenDir(filepath.Join(p.Dir, stateDir, name))
		if err != nil {
			return err
		}
		id := algebra.MustDeviceID(name)
		link, err := agentnats.Connect(agentnats.Config{URL: p.URLs, Device: id, Every: 5 * p.Beat,
			Token: func() (string, time.Time) { return name, time.Time{} }})
		if err != nil {
			return err
		}
		runtime, err := p.runtime(diary, name)
		if err != nil {
			return err
		}
		a := &agent.Agent{Device: id, Runtime: runtime, Link: link, Keys: ring, Dir: dir, Heartbeat: p.Beat, Log: slog.New(slog.DiscardHandler)}
		running.Go(func() {
			if err := a.Run(context.Background()); err != nil {
				fmt.Fprintln(os.Stderr, name+":", err)
			}
		})
	}
	running.Wait()
	return nil
}

// runtime is what a device runs things by, with what runs there already.
func (p part) runtime(d diary, device string) (agent.Runtime, error) {
	if p.Podman != "" {
		return openContainers(p.Podman, d, device)
	}
	m := &machine{diary: d, device: device, slot: filepath.Join(p.Dir, slotDir, device), bug: p.Bug}
	m.Delay = func(c inprocess.Call) time.Duration {
		if c.Op == inprocess.Start {
			return 100 * time.Millisecond
		}
		return 10 * time.Millisecond
	}
	return m, m.boot()
}

// diary is where a process writes down what it does.
func (p part) diary() string { return filepath.Join(p.Dir, diaryFile) }

const (
	diaryFile = "diary"
	stateDir  = "state" // what agents remember
	slotDir   = "slots" // what runs, a file a device
)

// machine is a runtime that keeps a diary, and whose slot outlives the agent, as containers do.
type machine struct {
	inprocess.Runtime
	diary  diary
	device string
	slot   string // the file with the deployment that runs
	bug    string
	late   atomic.Int64 // of a planted bug: what is yet to stop
}

// boot finds what runs.
func (m *machine) boot() error {
	spec, err := m.holds()
	if err == nil && !spec.IsZero() {
		err = m.Runtime.Start(context.Background(), spec, nil)
	}
	m.diary.note(entry{What: boots, Who: m.device, Version: number(spec)})
	return err
}

func (m *machine) holds() (algebra.Deployment, error) {
	raw, err := os.ReadFile(m.slot)
	if errors.Is(err, fs.ErrNotExist) {
		return algebra.Deployment{}, nil
	}
	if err != nil {
		return algebra.Deployment{}, err
	}
	return algebra.ParseDeployment(raw)
}

// Start fills the slot. The file is there at once, whole, or not.
func (m *machine) Start(ctx context.Context, spec algebra.Deployment, v algebra.Values) error {
	m.diary.note(entry{What: starts, Who: m.device, Version: number(spec)})
	if m.late.Load() != 0 {
		if err := m.Runtime.Stop(ctx, web); err != nil {
			return err
		}
	}
	if err := m.Runtime.Start(ctx, spec, v); err != nil {
		return err
	}
	err := os.WriteFile(m.slot+".new", spec.Canonical(), 0o600)
	if err == nil {
		err = os.Rename(m.slot+".new", m.slot)
	}
	if err == nil {
		m.diary.note(entry{What: started, Who: m.device, Version: number(spec)})
	}
	m.late.Store(0)
	return err
}

// Stop empties the slot.
func (m *machine) Stop(ctx context.Context, app algebra.App) error {
	have, err := m.holds()
	if err != nil {
		return err
	}
	m.diary.note(entry{What: stops, Who: m.device, Version: number(have)})
	if m.bug == startsFirst {
		m.late.Store(int64(number(have)))
		return nil
	}
	if err := m.Runtime.Stop(ctx, app); err != nil {
		return err
	}
	if err := os.Remove(m.slot); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	m.diary.note(entry{What: stopped, Who: m.device, Version: number(have)})
	return nil
}

// Observe leaves out what a planted bug has not stopped yet.
func (m *machine) Observe(ctx context.Context) (map[algebra.App]agent.Observed, error) {
	seen, err := m.Runtime.Observe(ctx)
	if m.late.Load() != 0 {
		delete(seen, web)
	}
	return seen, err
}

// number is the version of a deployment, 3 of 3.0.0, and 0 of none.
func number(d algebra.Deployment) int {
	if d.IsZero() {
		return 0
	}
	return numberOf(d.Version())
}

func numberOf(v algebra.Version) int {
	first, _, _ := strings.Cut(v.String(), ".")
	n, err := strconv.Atoi(first)
	if err != nil {
		panic(err) // versions are written in world
	}
	return n
}
