package executor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
)

// Order has a person's event happen to a run: Pause, Resume, Approve, Undo or Cancel. Whoever
// drives the run sees it before they publish anything more; where nobody does, it waits for
// whoever attaches to the run.
func Order(ctx context.Context, t Transport, id string, e rollout.Event) (wire.Run, error) {
	for {
		records, err := t.ReadRuns(ctx)
		if err != nil {
			return wire.Run{}, err
		}
		have, ok := records.Runs[id]
		switch {
		case !ok:
			return wire.Run{}, fmt.Errorf("%w: %s", ErrNoRun, id)
		case have.Value.Status.Ended():
			return have.Value, ended(have.Value)
		}
		next, err := OrderOf(ctx, t, have, e)
		if errors.Is(err, ErrMoved) {
			continue
		}
		return next, err
	}
}

// OrderOf is Order for who has read the run; where it has moved since, the error is ErrMoved.
func OrderOf(ctx context.Context, t Transport, have Kept[wire.Run], e rollout.Event) (wire.Run, error) {
	next, _ := rollout.Script{}.Step(have.Value, e) // its effects are seen to by who drives the run
	results, err := t.Write(ctx, []Write{SetRun{next, have.Revision}})
	if err == nil {
		err = results[0].Err
	}
	if err != nil {
		return wire.Run{}, fmt.Errorf("run %s: %w", have.Value.ID, err)
	}
	return next, nil
}

// Retry lifts the quarantine that a run wrote, so that the next plan tries again. It returns
// what was lifted.
func Retry(ctx context.Context, t Transport, id string) ([]wire.Quarantined, error) {
	records, err := t.ReadRuns(ctx)
	if err != nil {
		return nil, err
	}
	if _, ok := records.Runs[id]; !ok {
		return nil, fmt.Errorf("%w: %s", ErrNoRun, id)
	}
	var writes []Write
	var lifted []wire.Quarantined
	for _, key := range slices.Sorted(maps.Keys(records.Quarantine)) {
		if q := records.Quarantine[key]; q.Value.Run == id && !q.Value.Lifted {
			q.Value.Lifted = true
			writes, lifted = append(writes, SetQuarantine{q.Value, q.Revision}), append(lifted, q.Value)
		}
	}
	if len(writes) == 0 {
		return nil, nil
	}
	results, err := t.Write(ctx, writes)
	if err != nil {
		return nil, err
	}
	for _, r := range results {
		if r.Err != nil {
			return nil, fmt.Errorf("run %s: %w", id, r.Err)
		}
	}
	return lifted, nil
}

// Look is how far a run is, whether anybody drives it or not, from what is stored.
func (a Applier) Look(ctx context.Context, t Reader, id string) (Outcome, error) {
	records, err := t.Read(ctx)
	if err != nil {
		return Outcome{}, err
	}
	run, ok := records.Runs[id]
	if !ok {
		return Outcome{}, fmt.Errorf("%w: %s", ErrNoRun, id)
	}
	approved, err := reopen(ctx, t, run.Value, a.Keys)
	if err != nil {
		return Outcome{Run: run.Value}, err
	}
	d := &driver{Applier: a, run: run, look: newLookout(records, a.Keys)}
	d.adopt(approved)
	return d.outcome(), nil
}
