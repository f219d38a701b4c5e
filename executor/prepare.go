package executor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// current finds out whether a plan is stale, before anything is written.
func (d *driver) current() error {
	plan := d.plan
	if w := d.look.records.World; d.ownedByOthers() && !d.TakeOver {
		return fmt.Errorf("%w by %s since %s; change it there, or take it over", ErrOwned, w.Value.Owner, w.Value.At.Format(time.RFC3339))
	}
	targets, still := map[algebra.DeviceID]bool{}, 0
	for _, c := range plan.Changes {
		id := c.Action.Target().Device
		if targets[id] {
			continue
		}
		targets[id] = true
		have, base := d.look.known(id), plan.Base[id]
		if have.Desired.Revision == base.Desired && have.Entry.Revision == base.Registry && !d.script.Apart(id, d.look.scene) {
			still++
		}
	}
	if len(targets) > 0 && still == 0 {
		return fmt.Errorf("%w: all %d devices it touches moved since it was made, or what it places failed there; plan again", ErrStale, len(targets))
	}
	for _, c := range plan.Registry {
		if d.look.known(c.Device).Entry.Revision != plan.Base[c.Device].Registry {
			return fmt.Errorf("%w: the labels of %s were changed since it was made; plan again", ErrStale, c.Device)
		}
	}
	return nil
}

// ErrOwned says that somebody keeps the fleet as another World declares.
var ErrOwned = errors.New("the World is owned")

// ownedByOthers reports a World that somebody else keeps in force.
func (d *driver) ownedByOthers() bool {
	w := d.look.records.World
	return w.Revision > 0 && w.Value.Held && w.Value.Owner != d.By
}

// prepare puts the World in force and writes the registry. It can be done again: whoever takes a
// run over does what is not done yet.
func (d *driver) prepare(ctx context.Context) error {
	run, have := d.run.Value, d.look.records.World
	if !goesOn(run) {
		return nil // to end it or put things back takes no World
	}
	takes := d.TakeOver && d.ownedByOthers()
	if have.Value.World != run.World || have.Revision == 0 || takes {
		if have.Value.At.After(run.Began) && have.Revision > 0 {
			return fmt.Errorf("%w: another World is in force since %s, by %s; cancel run %s and plan again",
				ErrStale, have.Value.At.Format(time.RFC3339), have.Value.Owner, run.ID)
		}
		record := wire.WorldRecord{World: run.World, Owner: run.By, At: d.Now(), Held: have.Value.Held && have.Value.Owner == run.By}
		if takes {
			record.TakenFrom, record.Was = have.Value.Owner, have.Value.World
		}
		results, err := d.Transport.Write(ctx, []Write{SetWorld{record, have.Revision}})
		if err == nil {
			err = results[0].Err
		}
		if errors.Is(err, ErrMoved) {
			return fmt.Errorf("%w: another World was put in force just now; plan again", ErrStale)
		}
		if err != nil {
			return fmt.Errorf("write the World in force: %w", err)
		}
		d.look.records.World = Kept[wire.WorldRecord]{record, results[0].Revision, record.At}
	}
	return d.whole(ctx, "the registry", d.relabellings())
}

// goesOn reports a run that may still publish what its plan wants.
func goesOn(r wire.Run) bool {
	return r.Status != wire.RunCancelling && slices.ContainsFunc(r.Lanes, func(l wire.Lane) bool { return l.State == wire.LaneGoing || l.State == wire.LaneHeld })
}

// relabellings are the plan's changes of the registry that are not done and still fit.
func (d *driver) relabellings() []Write {
	plan := d.plan
	var writes []Write
	for _, c := range plan.Registry {
		have := d.look.known(c.Device).Entry
		if have.Revision != plan.Base[c.Device].Registry {
			continue
		}
		entry := have.Value // with how it was enrolled and the key it is known by
		entry.Device, entry.Labels, entry.SetBy, entry.At = c.Device, maps.Clone(c.After), d.run.Value.By, d.Now()
		entry.Lifecycle = declared(have.Value.Lifecycle, c.Decommissioned)
		writes = append(writes, SetEntry{entry, have.Revision})
	}
	return writes
}

// declared is the lifecycle of a device after its document: a new one waits to be enrolled,
// and no document takes a revocation back, not even to decommission: a hub serves
// decommissioned devices.
func declared(have algebra.Lifecycle, decommissioned bool) algebra.Lifecycle {
	switch {
	case have == algebra.Revoked:
		return have
	case decommissioned:
		return algebra.Decommissioned
	case have == 0:
		return algebra.Requested
	}
	return have
}

// specs stores each deployment that the plan places, once.
func (d *driver) specs() []Write {
	var writes []Write
	seen := map[algebra.Digest]bool{}
	for _, c := range d.plan.Changes {
		if spec := c.Want; !spec.IsZero() && !seen[spec.Digest()] {
			seen[spec.Digest()] = true
			writes = append(writes, PutSpec{spec})
		}
	}
	return writes
}
