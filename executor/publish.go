package executor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// publish writes the World, the registry, the deployments and at last the desired states. A
// stale plan is found out before anything is written.
func (p *applying) publish(ctx context.Context) error {
	if err := p.sort(); err != nil {
		return err
	}
	plan := p.approved.Plan()
	if err := p.takeWorld(ctx, plan.World); err != nil {
		return err
	}
	if err := p.relabel(ctx); err != nil {
		return err
	}
	if err := p.storeSpecs(ctx); err != nil {
		return err
	}
	var writes []Write
	var of []*target
	for _, t := range p.targets {
		if t.outcome != waiting {
			continue
		}
		w, err := t.sign(p.records.Devices[t.device].Desired, p.approved.Digest(), p.Key, p.Keys)
		if err != nil {
			t.outcome, t.err = unpublished, err
			continue
		}
		writes, of = append(writes, w), append(of, t)
	}
	results, err := p.Transport.Write(ctx, writes)
	if err != nil {
		return err
	}
	for i, r := range results {
		switch {
		case r.Err == nil:
			of[i].outcome = published
		case errors.Is(r.Err, ErrMoved):
			of[i].outcome = moved
		default:
			of[i].outcome, of[i].err = unpublished, r.Err
		}
	}
	return nil
}

// sort leaves out the devices that moved since the plan was made, and those that are offline.
func (p *applying) sort() error {
	current := 0
	for _, t := range p.targets {
		d := p.records.Devices[t.device]
		record := algebra.Record{Heard: d.Heard()}
		switch {
		case d.Desired.Revision != t.base.Desired || d.Entry.Revision != t.base.Registry:
			t.outcome = moved
			continue
		case !record.Online(p.Now()):
			t.outcome = offline
		}
		current++
	}
	if current == 0 && len(p.targets) > 0 {
		return fmt.Errorf("%w: all %d devices it touches moved since it was made; plan again", ErrStale, len(p.targets))
	}
	for _, c := range p.approved.Plan().Registry {
		if p.records.Devices[c.Device].Entry.Revision != p.approved.Plan().Base[c.Device].Registry {
			return fmt.Errorf("%w: the labels of %s were changed since it was made; plan again", ErrStale, c.Device)
		}
	}
	return nil
}

// takeWorld puts the plan's World in force.
func (p *applying) takeWorld(ctx context.Context, world algebra.Digest) error {
	have := p.records.World
	if have.Revision > 0 && have.Value.Held && have.Value.Owner != p.By {
		return fmt.Errorf("the World is owned by %s since %s; change it there, or stop that first", have.Value.Owner, have.Value.At.Format(time.RFC3339))
	}
	record := wire.WorldRecord{World: world, Owner: p.By, At: p.Now()}
	return p.all(ctx, "the World in force", []Write{SetWorld{record, have.Revision}})
}

// relabel carries out the plan's changes of the registry.
func (p *applying) relabel(ctx context.Context) error {
	var writes []Write
	for _, c := range p.approved.Plan().Registry {
		have := p.records.Devices[c.Device].Entry
		entry := have.Value // with how it was enrolled and the key it is known by
		entry.Device, entry.Labels, entry.SetBy, entry.At = c.Device, c.After, p.By, p.Now()
		entry.Lifecycle = declared(have.Value.Lifecycle, c.Decommissioned)
		writes = append(writes, SetEntry{entry, have.Revision})
	}
	return p.all(ctx, "the registry", writes)
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

// storeSpecs stores each deployment that the plan places, once.
func (p *applying) storeSpecs(ctx context.Context) error {
	var writes []Write
	seen := map[algebra.Digest]bool{}
	for _, c := range p.approved.Plan().Changes {
		if d := c.Want; !d.IsZero() && !seen[d.Digest()] {
			seen[d.Digest()] = true
			writes = append(writes, PutSpec{d})
		}
	}
	return p.all(ctx, "the deployments", writes)
}

// all writes what must be written whole before anything is published.
func (p *applying) all(ctx context.Context, what string, writes []Write) error {
	if len(writes) == 0 {
		return nil
	}
	results, err := p.Transport.Write(ctx, writes)
	if err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	for _, r := range results {
		if errors.Is(r.Err, ErrMoved) {
			return fmt.Errorf("%w: %s moved since it was made; plan again", ErrStale, what)
		}
		if r.Err != nil {
			return fmt.Errorf("write %s: %w", what, r.Err)
		}
	}
	return nil
}
