package inprocess

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
)

// Fleet is the records of one fleet. It is an executor.Transport.
type Fleet struct {
	now func() time.Time

	mu       sync.Mutex
	revision uint64
	records  map[address]executor.Record
	watchers map[address]map[*queue]bool
	answers  sync.Map // device to what answers for it
}

// everything is where those watch who want to see each record.
var everything = address{}

type address struct{ bucket, key string }

// New is an empty fleet. Records get their time from now.
func New(now func() time.Time) *Fleet {
	return &Fleet{now: now, records: map[address]executor.Record{}, watchers: map[address]map[*queue]bool{}}
}

var _ executor.Watcher = (*Fleet)(nil)

// Read takes all records at one moment.
func (f *Fleet) Read(ctx context.Context) (executor.Records, error) {
	return f.read(ctx, func(bucket string) bool {
		return bucket != wire.SpecsBucket && bucket != wire.PlansBucket && bucket != wire.SecretsBucket && bucket != wire.KeysetBucket
	})
}

// ReadRuns takes the records that are of no device, at one moment.
func (f *Fleet) ReadRuns(ctx context.Context) (executor.Records, error) {
	return f.read(ctx, executor.OfRuns)
}

func (f *Fleet) read(ctx context.Context, in func(bucket string) bool) (executor.Records, error) {
	if err := ctx.Err(); err != nil {
		return executor.Records{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return executor.Assemble(func(yield func(executor.Record) bool) {
		for at, rec := range f.records {
			if in(at.bucket) && !yield(rec) {
				return
			}
		}
	}), nil
}

// Watch delivers each change of devices, runs and quarantines from now on.
func (f *Fleet) Watch(ctx context.Context) (<-chan executor.Change, error) {
	return f.changes(ctx, executor.Watched), nil
}

// WatchAll delivers each change from now on.
func (f *Fleet) WatchAll(ctx context.Context) (<-chan executor.Change, error) {
	return f.changes(ctx, func(string) bool { return true }), nil
}

func (f *Fleet) changes(ctx context.Context, in func(bucket string) bool) <-chan executor.Change {
	out := make(chan executor.Change)
	q := f.watch(everything)
	go func() {
		defer close(out)
		defer f.unwatch(everything, q)
		for rec := range q.all(ctx) {
			if !in(rec.Bucket) {
				continue
			}
			c, err := executor.ChangeOf(rec)
			if err != nil {
				continue // no part of the records, or one that Read names among its problems
			}
			select {
			case out <- c:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// Write carries out the writes in order.
func (f *Fleet) Write(ctx context.Context, writes []executor.Write) ([]executor.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	results := make([]executor.Result, len(writes))
	for i, w := range writes {
		rec, revision := executor.Put(w)
		results[i].Revision, results[i].Err = f.put(rec, &revision)
		switch w.(type) {
		case executor.PutSpec, executor.PutPlan:
			results[i].Err = nil // content-addressed: it is there
		case executor.SetDesired, executor.SetEntry, executor.SetWorld, executor.SetRun, executor.SetLease, executor.SetQuarantine:
		}
	}
	return results, nil
}

// PlanPart is a stored part of a plan.
func (f *Fleet) PlanPart(_ context.Context, sealed algebra.Digest, part int) ([]byte, error) {
	rec, ok := f.get(wire.PlansBucket, wire.PlanKey(sealed, part))
	if !ok {
		return nil, fmt.Errorf("plan %s: %w", sealed.Short(), executor.ErrNoPlan)
	}
	return rec.Value, nil
}

// Spec is a stored deployment.
func (f *Fleet) Spec(_ context.Context, d algebra.Digest) (algebra.Deployment, error) {
	rec, ok := f.get(wire.SpecsBucket, wire.SpecKey(d))
	if !ok {
		return algebra.Deployment{}, fmt.Errorf("deployment %s: %w", d.Short(), executor.ErrNoSpec)
	}
	return wire.OpenSpec(d, rec.Value)
}

// Plant stores bytes as they are, for tests of bad records.
func (f *Fleet) Plant(bucket, key string, value []byte) {
	_, _ = f.put(executor.Record{Bucket: bucket, Key: key, Value: value}, nil)
}

func (f *Fleet) get(bucket, key string) (executor.Record, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	rec, ok := f.records[address{bucket, key}]
	return rec, ok && !rec.Deleted
}

// put writes a record and returns its revision. If want is given, the record must have it.
func (f *Fleet) put(rec executor.Record, want *uint64) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := address{rec.Bucket, rec.Key}
	if have := f.records[at].Revision; want != nil && have != *want {
		return have, fmt.Errorf("%s/%s: %w: revision %d, now %d", rec.Bucket, rec.Key, executor.ErrMoved, *want, have)
	}
	f.revision++
	rec.Revision, rec.At = f.revision, f.now()
	f.records[at] = rec
	for _, watched := range []address{at, everything} {
		for q := range f.watchers[watched] {
			q.push(rec)
		}
	}
	return rec.Revision, nil
}

func (f *Fleet) watch(at address) *queue {
	q := newQueue()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.watchers[at] == nil {
		f.watchers[at] = map[*queue]bool{}
	}
	f.watchers[at][q] = true
	return q
}

func (f *Fleet) unwatch(at address, q *queue) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.watchers[at], q)
}
