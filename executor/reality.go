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

// Observe reads the fleet's records into a Reality. The result's problems name records that
// could not be read or verified; such a record counts as absent.
func Observe(ctx context.Context, t Reader, keys wire.Keyring, now time.Time) (algebra.Reality, []error, error) {
	records, err := t.Read(ctx)
	if err != nil {
		return algebra.Reality{}, nil, fmt.Errorf("read the fleet: %w", err)
	}
	return observe(ctx, t, records, keys, now)
}

// observe is the reality of records, with the contents of what is published.
func observe(ctx context.Context, t Reader, records Records, keys wire.Keyring, now time.Time) (algebra.Reality, []error, error) {
	r, problems, err := reality(records, keys, now)
	if err != nil {
		return algebra.Reality{}, nil, err
	}
	for _, app := range r.Published.Apps() {
		for i := range uint32(r.Roster.Len()) {
			rel := r.Published.Release(i, app)
			if _, known := r.Specs[rel.Deployment]; known || rel.IsZero() {
				continue
			}
			d, err := t.Spec(ctx, rel.Deployment)
			if err != nil && !errors.Is(err, ErrNoSpec) {
				return algebra.Reality{}, nil, fmt.Errorf("read the fleet: %w", err)
			}
			if err != nil {
				problems = append(problems, fmt.Errorf("%s@%s is published and its content is not stored: %w", app, rel.Version, err))
			}
			r.Specs[rel.Deployment] = d // also if unknown: asked once
		}
	}
	for digest, d := range r.Specs {
		if d.IsZero() {
			delete(r.Specs, digest)
		}
	}
	return r, problems, nil
}

// reality is the pure part of Observe: all but the deployments' contents. A device is known
// iff the registry has it.
func reality(records Records, keys wire.Keyring, now time.Time) (algebra.Reality, []error, error) {
	problems := slices.Clone(records.Problems)
	var devices []algebra.Device
	for id, d := range records.Devices {
		if d.Entry.Revision > 0 {
			devices = append(devices, algebra.Device{ID: id, Labels: d.Entry.Value.Labels, Facts: d.Info.Value.Facts})
		}
	}
	roster, err := algebra.NewRoster(devices)
	if err != nil {
		return algebra.Reality{}, nil, err
	}
	r := algebra.NewReality(roster, now)
	published := algebra.NewPlacing(roster)
	desired := make([]opened, roster.Len())
	onAllCores(roster.Len(), func(i int) {
		id := roster.ID(uint32(i))
		desired[i].open(id, records.Devices[id].Desired, keys)
	})
	for i := range uint32(roster.Len()) {
		id := roster.ID(i)
		d := records.Devices[id]
		r.Records[id] = algebra.Record{Registry: d.Entry.Revision, Desired: d.Desired.Revision,
			Lifecycle: d.Entry.Value.Lifecycle, Heard: d.Heard()}
		for app, s := range d.States {
			r.Slots[algebra.Slot{Device: id, App: app}] = slotState(s.Value)
		}
		if d.Desired.Revision == 0 {
			continue
		}
		if err := desired[i].err; err != nil {
			problems = append(problems, err)
			continue
		}
		for app, rel := range desired[i].state.State().Releases() {
			published.Put(i, app, rel)
		}
	}
	r.Published = published.Placement()
	apart, wrong := quarantines(records.Quarantine)
	r.Quarantine, r.Settled = apart, settled(records.Runs)
	return r, append(problems, wrong...), nil
}

// slotState is what a device said of a slot; that of an empty one is zero but for what it says.
func slotState(s wire.AppState) algebra.SlotState {
	return algebra.SlotState{Release: s.Running.Release(), Phase: s.Phase, Since: s.Since, Detail: s.LastError, Restarts: s.Restarts}
}

// quarantines are those in force, in the order of their keys.
func quarantines(kept map[string]Kept[wire.Quarantined]) (out []algebra.Quarantine, problems []error) {
	for _, key := range slices.Sorted(maps.Keys(kept)) {
		q := kept[key].Value
		if q.Lifted {
			continue
		}
		ids, err := unfold(q.Devices)
		if err != nil {
			problems = append(problems, fmt.Errorf("quarantine %s: %w", key, err))
			continue
		}
		out = append(out, algebra.Quarantine{App: q.App, Version: q.Version, Deployment: q.Digest, Devices: ids, Run: q.Run, Reason: q.Reason})
	}
	return out, problems
}
