package inprocess

import (
	"context"
	"encoding/json"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
)

// WatchDuties delivers each duty as it is, and then each change.
func (f *Fleet) WatchDuties(ctx context.Context) (<-chan executor.Kept[wire.Duty], error) {
	out := make(chan executor.Kept[wire.Duty])
	q := f.watch(everything)
	f.mu.Lock()
	for at, rec := range f.records {
		if at.bucket == wire.DutiesBucket {
			q.push(rec)
		}
	}
	f.mu.Unlock()
	go func() {
		defer close(out)
		defer f.unwatch(everything, q)
		for rec := range q.all(ctx) {
			var d wire.Duty
			if rec.Bucket != wire.DutiesBucket || json.Unmarshal(rec.Value, &d) != nil {
				continue
			}
			select {
			case out <- executor.Kept[wire.Duty]{Value: d, Revision: rec.Revision, At: rec.At}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

// PutDuty writes a duty.
func (f *Fleet) PutDuty(_ context.Context, d wire.Duty, revision uint64) (uint64, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return 0, err
	}
	return f.put(executor.Record{Bucket: wire.DutiesBucket, Key: d.Name, Value: text}, &revision)
}
