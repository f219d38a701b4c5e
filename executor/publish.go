package executor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
)

// publish sets, on each of these devices, the slots that a lane changes: to what the plan wants,
// or back to what it found. Who is overtaken publishes nothing.
func (d *driver) publish(ctx context.Context, lane int, devices []algebra.DeviceID, back bool) error {
	var next []wire.DesiredState
	for _, id := range announceable(devices) {
		have, err := d.look.desired(id)
		if err != nil {
			continue // seen as moved from now on
		}
		state := d.follows(id, have, d.run.Value.Plan)
		if back {
			d.putBack(&state, lane)
		} else {
			d.place(&state, lane)
		}
		next = append(next, state)
	}
	writes, err := d.signed(next)
	if err != nil {
		return err
	}
	to := make([]algebra.DeviceID, len(next))
	for i, state := range next {
		to[i] = state.Device
	}
	if err := d.renew(ctx, to); err != nil {
		return err
	}
	intent := d.lease.Value
	results, err := d.Transport.Write(ctx, writes)
	if err != nil {
		return err
	}
	unsure, moved := false, false
	var halted error
	for i, r := range results {
		switch {
		case r.Err == nil:
			d.look.put(to[i], writes[i].(SetDesired).State, r.Revision, d.Now())
			d.desired = max(d.desired, r.Revision)
		case errors.Is(r.Err, ErrMoved):
			moved = true
		case errors.Is(r.Err, ErrHalted):
			halted = r.Err
		default:
			unsure = true
		}
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

// maxIntent bounds the names that a lease announces, in bytes: it is one message.
const maxIntent = wire.MaxSize / 2

// announceable are as many of the devices, from the first, as a lease can name. The others are
// ready still once these are published.
func announceable(devices []algebra.DeviceID) []algebra.DeviceID {
	size := 0
	for i, id := range devices {
		if size += len(id.String()) + 1; size > maxIntent {
			return devices[:i]
		}
	}
	return devices
}

// signed are the writes that publish these states on what is known to be published. Signing takes
// longer than writing, so all cores do it.
func (d *driver) signed(states []wire.DesiredState) ([]Write, error) {
	writes, errs := make([]Write, len(states)), make([]error, len(states))
	var next atomic.Int64
	var signing sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(states)) {
		signing.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(states)); i = next.Add(1) - 1 {
				v, err := wire.Sign(d.Key, states[i])
				writes[i], errs[i] = SetDesired{v, d.look.records.Devices[states[i].Device].Desired.Revision}, err
			}
		})
	}
	signing.Wait()
	return writes, errors.Join(errs...)
}

// follows is the desired state that comes after what is published to a device: the same slots,
// one generation on from all that the device may have seen. Where the store lost a write that the
// device acted on, what it reported says more than what is published.
func (d *driver) follows(id algebra.DeviceID, have wire.Verified, plan algebra.Digest) wire.DesiredState {
	next := wire.DesiredState{Device: id, Generation: 1, Plan: plan, Apps: map[algebra.App]wire.App{}}
	if !have.IsZero() {
		next.Generation, next.Previous = have.State().Generation+1, have.Digest()
		maps.Copy(next.Apps, have.State().Apps)
	}
	for _, said := range d.look.records.Devices[id].States {
		next.Generation = max(next.Generation, said.Value.Wanted+1)
	}
	return next
}

// place sets a lane's slots to what the plan wants there.
func (d *driver) place(s *wire.DesiredState, lane int) {
	for app, want := range d.script.Wants(lane, s.Device) {
		if want.IsZero() {
			delete(s.Apps, app)
			continue
		}
		s.Apps[app] = wire.App{Version: want.Version, Digest: want.Deployment, Since: s.Generation,
			Values: d.changes[algebra.Slot{Device: s.Device, App: app}].Values}
	}
}

// putBack sets a lane's slots to what the plan found there. What that took from the device is
// taken from it as it is now.
func (d *driver) putBack(s *wire.DesiredState, lane int) {
	device := d.look.scene.Devices[s.Device].Device
	for app, had := range d.script.Had(lane, s.Device) {
		if had.IsZero() {
			delete(s.Apps, app)
			continue
		}
		put := wire.App{Version: had.Version, Digest: had.Deployment, Since: s.Generation}
		if before := d.changes[algebra.Slot{Device: s.Device, App: app}].Have; !before.IsZero() {
			put.Values, _ = before.Values(device)
		}
		s.Apps[app] = put
	}
}

// changesOf finds a plan's changes by slot.
func changesOf(p planner.Plan) map[algebra.Slot]planner.Change {
	out := map[algebra.Slot]planner.Change{}
	for _, c := range p.Changes {
		t := c.Action.Target()
		out[algebra.Slot{Device: t.Device, App: t.App}] = c
	}
	return out
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
	for _, r := range results {
		if r.Err != nil && !errors.Is(r.Err, ErrMoved) {
			return fmt.Errorf("write %s: %w", what, r.Err)
		}
	}
	return nil
}
