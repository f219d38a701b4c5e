package executor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/selectors"
)

// DefaultLasts is how long a lease holds without a renewal. Safety does not rest on it: who was
// overtaken is fenced off whenever that was.
const DefaultLasts = 15 * time.Second

// ErrHeld says that somebody else carries out a run now.
var ErrHeld = errors.New("another run is being carried out")

// ErrOvertaken says that somebody else took the lease. What the run had published stays, and
// nothing more was.
var ErrOvertaken = errors.New("somebody else took over")

// take takes the lease of the fleet, at once if nobody holds it, and else as soon as its holder
// has not been heard of for as long as it lasts. One that is alive is ErrHeld.
//
// The records are read anew after it: from then on nobody else publishes, but for what the last
// holder had announced and may still have on its way.
func (d *driver) take(ctx context.Context) error {
	for {
		have := d.look.records.Lease
		if have.Value.Holder != "" {
			if err := d.outlive(ctx, have); err != nil {
				return err
			}
			if d.look.records.Lease.Revision != have.Revision {
				continue // it was let go
			}
		}
		next := wire.Lease{Holder: d.Holder, Run: d.run.Value.ID, Fence: have.Value.Fence + 1, Lasts: d.lasts(), Intent: have.Value.Intent, Above: have.Value.Above}
		switch err := d.writeLease(ctx, next, have.Revision); {
		case errors.Is(err, ErrMoved):
			if err := d.news(ctx, func() bool { return d.look.records.Lease.Revision != have.Revision }); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			mine := d.lease
			if err := d.reread(ctx); err != nil {
				return err
			}
			d.lease = mine
			return d.settle(ctx, have.Value)
		}
	}
}

// outlive waits until a lease is let go or has lasted out.
func (d *driver) outlive(ctx context.Context, have Kept[wire.Lease]) error {
	lasts := have.Value.Lasts
	if lasts <= 0 {
		lasts = DefaultLasts
	}
	lasts += lasts / 4
	// By the clock of the store it may be out already. A wrong clock costs a run its lease, and
	// nothing else.
	left := min(max(have.At.Add(lasts).Sub(d.Now()), 0), lasts)
	waiting, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	err := d.news(waiting, func() bool { return d.look.records.Lease.Revision != have.Revision })
	now := d.look.records.Lease.Value
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return nil
	case err != nil:
		return err
	case now.Holder == "":
		return nil
	}
	return fmt.Errorf("%w: run %s, by %s", ErrHeld, now.Run, now.Holder)
}

func (d *driver) lasts() time.Duration {
	if d.Lasts > 0 {
		return d.Lasts
	}
	return DefaultLasts
}

// writeLease writes the lease on a revision and keeps what was written.
func (d *driver) writeLease(ctx context.Context, next wire.Lease, revision uint64) error {
	results, err := d.Transport.Write(ctx, []Write{SetLease{next, revision}})
	if err == nil {
		err = results[0].Err
	}
	if err != nil {
		return fmt.Errorf("the lease: %w", err)
	}
	d.lease = Kept[wire.Lease]{next, results[0].Revision, d.Now()}
	return nil
}

// maxIntent bounds the text of the names that a lease announces, in bytes: it is one message.
const maxIntent = wire.MaxSize / 2

// announce says what is about to be published, as much of it, from the first, as fits into the lease:
// that is what it gives. Who was overtaken learns it here, before anything is published.
func (d *driver) announce(ctx context.Context, drafts []draft) ([]draft, error) {
	names := make([]string, len(drafts))
	for i, n := range drafts {
		names[i] = n.state.Device.String()
	}
	text := fold(names)
	for len(text) > maxIntent {
		drafts = drafts[:len(drafts)/2]
		text = fold(names[:len(drafts)])
	}
	next := d.lease.Value
	next.Intent, next.Above = text, 0
	for _, n := range drafts {
		next.Above = max(next.Above, n.revision)
	}
	return drafts, d.hold(ctx, next)
}

// renew says that the holder is alive and about to publish nothing.
func (d *driver) renew(ctx context.Context) error {
	next := d.lease.Value
	next.Intent, next.Above = "", 0
	return d.hold(ctx, next)
}

// beat says that the holder is alive, if it is time to, and nothing else anew: what it announced it
// is still about to do.
func (d *driver) beat(ctx context.Context) error {
	if d.Now().Sub(d.lease.At) < d.lasts()/3 {
		return nil
	}
	return d.hold(ctx, d.lease.Value)
}

func (d *driver) hold(ctx context.Context, next wire.Lease) error {
	next.Beat++
	err := d.writeLease(ctx, next, d.lease.Revision)
	if errors.Is(err, ErrMoved) {
		return d.overtaken()
	}
	return err
}

func (d *driver) overtaken() error {
	return fmt.Errorf("%w: run %s goes on there", ErrOvertaken, d.run.Value.ID)
}

// release lets the lease go, so that whoever comes next need not wait. It is all the same if it
// cannot: the lease lasts out.
func (d *driver) release() {
	if d.lease.Value.Holder != d.Holder {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	next := d.lease.Value
	next.Holder = ""
	_ = d.writeLease(ctx, next, d.lease.Revision)
	d.lease.Value.Holder = ""
}

// settle makes sure of what an earlier holder had announced: each device was published to by
// now, or never will be by that. One whose desired state did not change since is written again
// as it is, so that a write that is still on its way no longer fits.
func (d *driver) settle(ctx context.Context, was wire.Lease) error {
	if was.Intent == "" {
		return nil
	}
	ids, err := unfold(was.Intent)
	if err != nil {
		return fmt.Errorf("the lease of run %s: %w", was.Run, err)
	}
	var next []draft
	for _, id := range ids {
		known, have, err := d.look.desired(id)
		if known.Desired.Revision > was.Above {
			continue
		}
		if err != nil {
			continue // nobody can build on it, the earlier holder neither
		}
		// It names the run's plan, or else the run would take the device for one that moved.
		next = append(next, draft{follows(id, known, have, d.look.records.Runs[was.Run].Value.Plan), known.Desired.Revision})
	}
	writes, err := signed(d.Key, next)
	if err != nil {
		return err
	}
	results, err := d.Transport.Write(ctx, writes)
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.Err != nil && !errors.Is(r.Err, ErrMoved) { // moved: it was published to, which settles it
			return fmt.Errorf("settle what %s left: %w", was.Holder, r.Err)
		}
	}
	if err := d.reread(ctx); err != nil {
		return err
	}
	return d.renew(ctx)
}

// unfold lists the devices of a folded text.
func unfold(text string) ([]algebra.DeviceID, error) {
	names, err := selectors.ExpandNodes(text)
	if err != nil {
		return nil, err
	}
	ids := make([]algebra.DeviceID, len(names))
	for i, name := range names {
		if ids[i], err = algebra.ParseDeviceID(name); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

func fold(names []string) string { return selectors.Fold(names) }
