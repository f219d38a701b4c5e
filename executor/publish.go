package executor

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
)

// publish sets, on each of these devices, the slots that a lane changes: to what the plan wants,
// or back to what it found, as far as the lease can name them: the others are ready still once these
// are published. Who is overtaken publishes nothing.
func (d *driver) publish(ctx context.Context, lane int, devices []algebra.DeviceID, back bool) error {
	next := make([]draft, 0, len(devices))
	for _, id := range devices {
		known, have, err := d.look.desired(id)
		if err != nil {
			continue // seen as moved from now on
		}
		state := follows(id, known, have, d.run.Value.Plan)
		if back {
			d.putBack(&state, lane)
		} else {
			d.place(&state, lane)
		}
		next = append(next, draft{state, known.Desired.Revision})
	}
	next, err := d.announce(ctx, next)
	if err != nil {
		return err
	}
	return d.write(ctx, next)
}

// write publishes what the lease announces, and makes sure of what became of it.
func (d *driver) write(ctx context.Context, next []draft) error {
	intent := d.lease.Value
	signing, stop := context.WithCancel(ctx)
	defer stop()
	unsure, moved := false, false
	var halted error
	for part := range signedAhead(signing, d.Key, next) {
		if part.err != nil {
			return part.err
		}
		results, err := d.Transport.Write(ctx, part.writes)
		if err != nil {
			return err
		}
		for i, r := range results {
			v := part.writes[i].(SetDesired).State
			switch {
			case r.Err == nil:
				d.look.put(v, r.Revision, d.Now())
				d.marks = d.marks.Join(wrote(part.writes[i], r.Revision))
			case errors.Is(r.Err, ErrMoved):
				moved = true
			case errors.Is(r.Err, ErrHalted):
				halted = r.Err
			default:
				unsure = true
			}
		}
		if halted != nil {
			break
		}
		if err := d.beat(ctx); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !unsure {
		d.lease.Value.Intent = "" // of all it is known what became of them: the next beat says so
	}
	if halted != nil && !unsure || !unsure && !moved {
		return halted
	}
	if err := d.reread(ctx); err != nil {
		return err
	}
	if unsure {
		return d.settle(ctx, intent)
	}
	return nil
}

// draft is a desired state that is not signed yet, and the revision it follows.
type draft struct {
	state    wire.DesiredState
	revision uint64
}

// signed are the writes that publish these states. Signing takes longer than writing, so all cores
// do it.
func signed(key ed25519.PrivateKey, drafts []draft) ([]Write, error) {
	writes, errs := make([]Write, len(drafts)), make([]error, len(drafts))
	onAllCores(len(drafts), func(i int) {
		v, err := wire.Sign(key, drafts[i].state)
		writes[i], errs[i] = SetDesired{v, drafts[i].revision}, err
	})
	return writes, errors.Join(errs...)
}

// atATime is how many are signed while as many are written.
const atATime = 2048

// signedPart is some of what is to be written.
type signedPart struct {
	writes []Write
	err    error
}

// signedAhead signs a part while the one before is written, until ctx ends or one cannot be signed.
func signedAhead(ctx context.Context, key ed25519.PrivateKey, drafts []draft) <-chan signedPart {
	out := make(chan signedPart)
	go func() {
		defer close(out)
		for some := range slices.Chunk(drafts, atATime) {
			var p signedPart
			p.writes, p.err = signed(key, some)
			select {
			case out <- p:
			case <-ctx.Done():
				return
			}
			if p.err != nil {
				return
			}
		}
	}()
	return out
}

// follows is the desired state that comes after what is published to a device: the same slots,
// one generation on from all that the device may have seen. Where the store lost a write that the
// device acted on, what it reported says more than what is published.
func follows(id algebra.DeviceID, known Device, have wire.Verified, plan algebra.Digest) wire.DesiredState {
	next := wire.DesiredState{Device: id, Generation: 1, Plan: plan, Apps: map[algebra.App]wire.App{}}
	if !have.IsZero() {
		next.Generation, next.Previous = have.State().Generation+1, have.Digest()
		maps.Copy(next.Apps, have.State().Apps)
	}
	for _, said := range known.States {
		next.Generation = max(next.Generation, said.Value.Wanted+1)
	}
	return next
}

// place sets a lane's slots to what the plan wants there.
func (d *driver) place(s *wire.DesiredState, lane int) {
	for c := range d.script.Changes(lane, s.Device) {
		app := c.Action.Target().App
		_, want := rollout.Ends(c.Action)
		if want.IsZero() {
			delete(s.Apps, app)
			continue
		}
		s.Apps[app] = wire.App{Version: want.Version, Digest: want.Deployment, Since: s.Generation, Values: c.Values}
	}
}

// putBack sets a lane's slots to what the plan found there. What that took from the device is
// taken from it as it is now.
func (d *driver) putBack(s *wire.DesiredState, lane int) {
	device := d.look.device(s.Device).sight.Device
	for c := range d.script.Changes(lane, s.Device) {
		app := c.Action.Target().App
		had, _ := rollout.Ends(c.Action)
		if had.IsZero() {
			delete(s.Apps, app)
			continue
		}
		put := wire.App{Version: had.Version, Digest: had.Deployment, Since: s.Generation}
		if !c.Have.IsZero() {
			put.Values, _ = c.Have.Values(device)
		}
		s.Apps[app] = put
	}
}

// setApart puts in quarantine what lanes that are rolled back place, before anything is put
// back. Whoever takes the run over does the same, so it matters not who was killed when.
func (d *driver) setApart(ctx context.Context) error {
	var writes []Write
	for i, l := range d.run.Value.Lanes {
		if l.State != wire.LaneRollingBack && l.State != wire.LaneRolledBack {
			continue
		}
		for _, p := range d.script.Places(i) {
			q := quarantined(d.run.Value.ID, p, l.Reason)
			q.At = d.Now()
			if _, done := d.look.records.Quarantine[wire.QuarantineKey(q)]; !done {
				writes = append(writes, SetQuarantine{q, 0})
				d.look.records.Quarantine[wire.QuarantineKey(q)] = Kept[wire.Quarantined]{Value: q}
			}
		}
	}
	return d.whole(ctx, "the quarantine", writes)
}

func quarantined(run string, p rollout.Placed, reason string) wire.Quarantined {
	names := make([]string, len(p.Devices))
	for i, id := range p.Devices {
		names[i] = id.String()
	}
	return wire.Quarantined{Run: run, App: p.App, Version: p.Release.Version, Digest: p.Release.Deployment, Devices: fold(names), Reason: reason}
}

// whole writes what must be written before anything else goes on. What has been written by now
// is no failure.
func (d *driver) whole(ctx context.Context, what string, writes []Write) error {
	if len(writes) == 0 {
		return nil
	}
	results, err := d.Transport.Write(ctx, writes)
	if err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	for i, r := range results {
		switch {
		case r.Err == nil:
			d.marks = d.marks.Join(wrote(writes[i], r.Revision))
		case !errors.Is(r.Err, ErrMoved):
			return fmt.Errorf("write %s: %w", what, r.Err)
		}
	}
	return nil
}
