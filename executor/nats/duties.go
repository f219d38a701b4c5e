package nats

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
)

// WatchDuties delivers each duty as it is, and then each change.
func (t *Transport) WatchDuties(ctx context.Context) (<-chan executor.Kept[wire.Duty], error) {
	w, err := t.buckets[wire.DutiesBucket].WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return nil, fmt.Errorf("bucket %s: %w", wire.DutiesBucket, err)
	}
	out := make(chan executor.Kept[wire.Duty])
	lost := t.nc.StatusChanged(nats.CLOSED)
	go func() {
		defer close(out)
		defer t.nc.RemoveStatusListener(lost)
		defer w.Stop()
		for {
			select {
			case e, open := <-w.Updates():
				if !open {
					return
				}
				var d wire.Duty
				if e == nil || json.Unmarshal(e.Value(), &d) != nil {
					continue
				}
				select {
				case out <- executor.Kept[wire.Duty]{Value: d, Revision: e.Revision(), At: e.Created()}:
				case <-ctx.Done():
					return
				}
			case <-lost:
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

// PutDuty writes a duty.
func (t *Transport) PutDuty(ctx context.Context, d wire.Duty, revision uint64) (uint64, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return 0, err
	}
	next, err := t.buckets[wire.DutiesBucket].Update(ctx, d.Name, text, revision)
	if moved(err) {
		return 0, fmt.Errorf("duty %s: %w", d.Name, executor.ErrMoved)
	}
	if err != nil {
		return 0, fmt.Errorf("duty %s: %w", d.Name, err)
	}
	return next, nil
}
