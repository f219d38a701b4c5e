package faults_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing/fstest"
	"time"

	natsgo "github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/invented"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/policies"
)

// world has web at a version everywhere: first on the canaries, then a tenth of each site at a time.
func (p part) world() (algebra.World, error) {
	waves, most := `[{fleet: 'label("ring") = "canary"'}, {rest: true}]`, "10%"
	switch p.Bug {
	case noBudget:
		most = "100%"
	case noWaves:
		waves = `[{rest: true}]`
	}
	rollout := fmt.Sprintf(`waves: %s, budget: {maxUnavailable: %s, by: 'label("site")'}, gate: {healthy: 100%%}`, waves, most)
	w, found := worldfile.Load(fstest.MapFS{"world.yaml": {Data: []byte(invented.World(p.Version, rollout))}})
	return w, found.Err()
}

// leased is how long the lease of an executor lasts.
const leased = 2 * time.Second

// executor rolls a version out, and goes on with the run as often as it has to.
func (p part) executor() error {
	w, err := p.world()
	if err != nil {
		return err
	}
	diary, err := openDiary(filepath.Join(p.Dir, diaryFile))
	if err != nil {
		return err
	}
	nc, err := p.connect(p.Seeds.Fleet)
	if err != nil {
		return err
	}
	last := errors.New("nothing was tried")
	for end := time.Now().Add(4 * time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		var done bool
		if done, last = p.roll(nc, w, diary); done {
			return nil
		}
		if os.Getenv("MUSTER_FAULTS_LOG") != "" {
			fmt.Fprintln(os.Stderr, time.Now().Format("15:04:05.000"), "executor", os.Getpid(), last)
		}
	}
	return last
}

// roll applies the World, or goes on with the run that does; done says that nothing is left.
func (p part) roll(nc *natsgo.Conn, w algebra.World, d diary) (done bool, err error) {
	ctx := context.Background() // as muster apply has it: each request has a limit of its own
	tr, err := nats.NewTransport(ctx, nc)
	if err != nil {
		return false, err
	}
	reality, _, err := executor.Observe(ctx, tr, ring, time.Now())
	if err != nil {
		return false, err
	}
	records, err := tr.Read(ctx)
	if err != nil {
		return false, err
	}
	me := holder(os.Getpid())
	a := executor.Applier{Transport: &scribe{Watcher: tr, diary: d, holder: me, bug: p.Bug}, Key: key, Keys: ring,
		By: "faults", Holder: me, Now: time.Now, Lasts: leased}
	for id, r := range records.Runs {
		if !r.Value.Status.Ended() && r.Value.World == w.Digest() {
			_, err := a.Attach(ctx, id)
			return false, err // planning anew says whether anything is left
		}
	}
	plan := planner.Make(w, reality)
	if plan.IsEmpty() {
		return settled(records, p.Version), nil
	}
	approved, report := policies.Review(policies.Proposal{Plan: plan, Reality: reality, Now: reality.ObservedAt}, nil, policies.Options{NoGates: w.NoGates})
	if report.Denied() {
		return false, errors.New(report.Text(false))
	}
	_, err = a.Apply(ctx, approved)
	return false, err
}

// settled reports whether all devices say that they run what was published.
func settled(records executor.Records, version int) bool {
	for _, d := range records.Devices {
		s := d.States[web].Value
		if s.Phase != algebra.Running || numberOf(s.Running.Version) != version {
			return false
		}
	}
	return true
}

// scribe writes down what is about to be published, and by which fence.
type scribe struct {
	executor.Watcher
	diary  diary
	holder string
	fence  uint64
	bug    string
}

func (s *scribe) Write(ctx context.Context, writes []executor.Write) ([]executor.Result, error) {
	for _, w := range writes {
		switch w := w.(type) {
		case executor.SetLease:
			s.fence = w.Lease.Fence
			if s.bug == noFence { // it takes itself for the holder, whoever is
				return []executor.Result{{Revision: w.Revision + 1}}, nil
			}
		case executor.SetDesired:
			state := w.State.State()
			s.diary.note(entry{What: publishes, Who: s.holder, Device: state.Device.String(), Generation: state.Generation,
				Version: numberOf(state.Apps[web].Version), Fence: s.fence})
		case executor.SetRun, executor.SetEntry, executor.SetWorld, executor.SetQuarantine, executor.PutSpec, executor.PutPlan:
		}
	}
	return s.Watcher.Write(ctx, writes)
}

// registered are the entries of devices.
func (p part) registered() []executor.Write {
	var writes []executor.Write
	for _, name := range p.Devices {
		labels := map[string]string{"site": siteOf(name)}
		if canary(name) {
			labels["ring"] = "canary"
		}
		writes = append(writes, executor.SetEntry{Entry: wire.DeviceEntry{Device: algebra.MustDeviceID(name), Lifecycle: wire.Enrolled, Labels: labels}})
	}
	return writes
}
