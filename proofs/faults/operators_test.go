package faults_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/operator"
	"github.com/musterfleet/muster/executor/operator/rota"
	"github.com/musterfleet/muster/policies"
)

// replica is one of several operators, as muster serve runs them, which has a version in its World.
// It ends when all devices run that, whichever of them brought it there.
func (p part) replica() error {
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
	tr, err := nats.NewTransport(context.Background(), nc)
	for ; err != nil; tr, err = nats.NewTransport(context.Background(), nc) { // there may be no server
		time.Sleep(200 * time.Millisecond)
	}
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("MUSTER_FAULTS_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil)).With("replica", os.Getpid())
	}
	worlds := make(chan operator.Loaded, 1)
	worlds <- operator.Loaded{World: w, Judge: func(proposal policies.Proposal) (policies.Approved, policies.Report) {
		return policies.Review(proposal, nil, policies.Options{NoGates: w.NoGates})
	}}
	me := holder(os.Getpid())
	o := &operator.Operator{Fleet: &scribe{Watcher: tr, diary: diary, holder: me, bug: p.Bug}, Worlds: worlds, Now: time.Now, Log: log,
		Applier: executor.Applier{Key: key, Keys: ring, By: "faults", Holder: me, Lasts: leased},
		Rota:    &rota.Rota{Store: tr, Me: me, Lasts: leased, Now: time.Now}}
	ctx, end := context.WithCancel(context.Background())
	defer end()
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }()
	for late := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		records, err := tr.Read(context.Background())
		if err == nil && settled(records, p.Version) && !underWay(records) {
			end()
			return <-ended
		}
		if time.Now().After(late) {
			return errors.Join(fmt.Errorf("not settled: %+v", o.Status().Standing), err)
		}
	}
}

// holder names a process as who acts.
func holder(pid int) string { return fmt.Sprint("process ", pid) }

func underWay(records executor.Records) bool {
	for _, r := range records.Runs {
		if !r.Value.Status.Ended() {
			return true
		}
	}
	return false
}

// leads is which of those that act holds the lease, by its place among them.
func (r *rig) leads() (at int) {
	r.retry("one that acts holds the lease", time.Minute, func(ctx context.Context) error {
		records, err := r.records(ctx)
		if err != nil {
			return err
		}
		at = slices.IndexFunc(r.acting, func(p *process) bool { return holder(p.Process.Pid) == records.Lease.Value.Holder })
		if at < 0 {
			return fmt.Errorf("%q does", records.Lease.Value.Holder)
		}
		return nil
	})
	return at
}

// loses kills the one that leads.
func (r *rig) loses() {
	i := r.leads()
	r.acting[i].kill()
	r.acting = slices.Delete(r.acting, i, i+1)
}
