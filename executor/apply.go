package executor

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/policies"
)

// Applier carries approved plans out. Key signs desired states; Keys are those that devices
// trust, of which Key is one.
type Applier struct {
	Transport Transport
	Key       ed25519.PrivateKey
	Keys      wire.Keyring
	// By is who applies, for the records; Holder names this process, unlike any other.
	By, Holder string
	Now        func() time.Time
	// Lasts is how long the lease holds without a renewal; 0 is DefaultLasts.
	Lasts time.Duration
	// TakeOver applies although somebody else keeps another World in force, and takes it from them.
	TakeOver bool
	// Stay has the applier wait where the run is held until somebody decides. Else it ends there,
	// and the run can be attached to.
	Stay bool
	// Waves has the gates that the plan was reviewed by judge a batch of it again, as its wave
	// starts; what they deny holds the rollout. Where it is nil none of them is at hand: see
	// policies.Approved.Wave.
	Waves WaveJudge
	// Others, if not nil, is told before Apply publishes of runs that have not ended, if there are.
	Others func([]wire.Run)
	// Watch, if not nil, is told of each step the run takes. It must not block or keep the scene.
	Watch func(rollout.Script, rollout.Moment)
}

// WaveJudge is what gates deny of a batch of an approved plan at a time.
type WaveJudge func(plan policies.Approved, batch int, now time.Time) []policies.Result

// Outcome is how far a run is as its applier leaves it.
type Outcome struct {
	Run rollout.Run
	// Rows are its waves, Count all its devices.
	Rows  []rollout.Row
	Count rollout.Count
	// Left are the devices that are not as the plan wants them, by id.
	Left []rollout.Left
	// Marks are how far one has to have come who follows the fleet to know all that was written.
	Marks Marks
}

// ErrStale says that a plan no longer fits: another World is in force, or every device it
// touches has moved. Nothing was published.
var ErrStale = errors.New("the plan is stale")

// ErrNoRun says that there is no run of that name.
var ErrNoRun = errors.New("there is no such run")

// ErrEnded says that a run has come to its end.
var ErrEnded = errors.New("the run has ended")

// Apply makes a run of the plan and drives it until it ends, is held until somebody decides, or
// ctx ends: then what is published stays, and Attach goes on with it. An error says that the run
// did not begin or could not be followed; a device that failed is an Outcome.
func (a Applier) Apply(ctx context.Context, approved policies.Approved) (Outcome, error) {
	if approved.IsZero() {
		return Outcome{}, errors.New("apply: the plan is not approved; policies.Review approves plans")
	}
	d, err := a.open(ctx, "")
	if err != nil {
		return Outcome{}, fmt.Errorf("apply: %w", err)
	}
	defer d.close()
	d.run.Value.ID = d.freeID(approved.Digest())
	if err := d.take(ctx); err != nil {
		return Outcome{}, fmt.Errorf("apply: %w", err)
	}
	d.adopt(approved)
	if others := d.unfinished(); len(others) > 0 && a.Others != nil {
		a.Others(others)
	}
	if err := d.begin(ctx); err != nil {
		return Outcome{}, fmt.Errorf("apply: %w", err)
	}
	out, err := d.drive(ctx)
	if err != nil {
		err = fmt.Errorf("apply: %w", err)
	}
	return out, err
}

// Attach goes on with a run from wherever it stands, on any machine.
func (a Applier) Attach(ctx context.Context, id string) (Outcome, error) {
	d, err := a.open(ctx, id)
	if err != nil {
		return Outcome{}, fmt.Errorf("attach: %w", err)
	}
	defer d.close()
	if err := d.resume(ctx); err != nil {
		return d.outcome(), fmt.Errorf("attach: %w", err)
	}
	out, err := d.drive(ctx)
	if err != nil {
		err = fmt.Errorf("attach: %w", err)
	}
	return out, err
}

func (d *driver) resume(ctx context.Context) error {
	if err := d.known(); err != nil {
		return err
	}
	if err := d.take(ctx); err != nil {
		return err
	}
	if err := d.known(); err != nil { // who held the lease may have ended it
		return err
	}
	approved, err := reopen(ctx, d.Transport, d.run.Value, d.Keys)
	if err != nil {
		return err
	}
	d.adopt(approved)
	for moved := true; moved; { // from here on whoever had it before cannot write it
		next := d.run.Value
		switch {
		case next.Status.Ended(): // by them, just before that
			return ended(next)
		case next.Fence > d.lease.Value.Fence: // whoever took over after this took the lease
			return d.overtaken()
		}
		next.Fence = d.lease.Value.Fence
		if moved, err = d.store(ctx, next); err != nil {
			return err
		}
	}
	return nil
}

// known takes the run from the records.
func (d *driver) known() error {
	run, ok := d.look.records.Runs[d.run.Value.ID]
	switch {
	case !ok:
		return fmt.Errorf("%w: %s", ErrNoRun, d.run.Value.ID)
	case run.Value.Status.Ended():
		return ended(run.Value)
	}
	d.run = run
	return nil
}

func ended(r wire.Run) error { return fmt.Errorf("%w: %s %s", ErrEnded, r.ID, r.Status) }

// begin stores the approval, the deployments and the run. With the record of the run it has begun.
func (d *driver) begin(ctx context.Context) error {
	if err := d.current(); err != nil {
		return err
	}
	if _, taken := d.look.records.Runs[d.run.Value.ID]; taken {
		return fmt.Errorf("run %s of this plan was begun by somebody else just now", d.run.Value.ID)
	}
	sealed, err := seal(d.approved, d.Key)
	if err != nil {
		return err
	}
	// What the run needs comes before the run: who takes it over has nothing else to take it from.
	if err := d.whole(ctx, "the plan", planParts(sealed)); err != nil {
		return err
	}
	if err := d.whole(ctx, "the deployments", d.specs()); err != nil {
		return err
	}
	run := d.script.Begin(d.run.Value.ID, d.approved.Digest(), d.plan.World, d.By, d.Now().UTC())
	run.Sealed, run.Fence = algebra.DigestOf(sealed), d.lease.Value.Fence
	moved, err := d.store(ctx, run)
	if err == nil && moved {
		err = fmt.Errorf("run %s was begun by somebody else just now; attach to it", run.ID)
	}
	return err
}

// unfinished are the runs that have not ended, by id. Who applies overtakes them.
func (d *driver) unfinished() []wire.Run {
	var out []wire.Run
	for _, id := range slices.Sorted(maps.Keys(d.look.records.Runs)) {
		if r := d.look.records.Runs[id].Value; !r.Status.Ended() {
			out = append(out, r)
		}
	}
	return out
}

// freeID is a name for a run of a plan: the plan's own, and a count where it was run before.
func (d *driver) freeID(plan algebra.Digest) string {
	id := "r-" + plan.Short()
	for n := 2; ; n++ {
		if _, taken := d.look.records.Runs[id]; !taken {
			return id
		}
		id = fmt.Sprintf("r-%s-%d", plan.Short(), n)
	}
}
