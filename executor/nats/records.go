package nats

import (
	"context"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/internal/line"
)

// Read takes all records.
func (t *Transport) Read(ctx context.Context) (executor.Records, error) { return t.read(ctx, recorded) }

// ReadRuns takes the records that are of no device.
func (t *Transport) ReadRuns(ctx context.Context) (executor.Records, error) {
	return t.read(ctx, only(executor.OfRuns))
}

func (t *Transport) read(ctx context.Context, buckets []string) (executor.Records, error) {
	var failed error
	records := executor.Assemble(func(yield func(executor.Record) bool) { failed = t.each(ctx, buckets, yield) })
	if failed != nil {
		return executor.Records{}, failed
	}
	return records, nil
}

// recorded are the buckets that Read takes.
var recorded = []string{wire.WorldBucket, wire.RunsBucket, wire.LeasesBucket, wire.QuarantineBucket, wire.DevicesBucket, wire.DesiredBucket,
	wire.InfoBucket, wire.StateBucket, wire.HeartbeatBucket}

// only are those of the recorded buckets that are in.
func only(in func(bucket string) bool) []string {
	return slices.DeleteFunc(slices.Clone(recorded), func(b string) bool { return !in(b) })
}

// Each hands out what Read assembles, bucket by bucket, until yield is false.
func (t *Transport) Each(ctx context.Context, yield func(executor.Record) bool) error {
	return t.each(ctx, recorded, yield)
}

func (t *Transport) each(ctx context.Context, buckets []string, yield func(executor.Record) bool) error {
	going := true
	for _, bucket := range buckets {
		err := t.readBucket(ctx, bucket, func(r executor.Record) bool { going = yield(r); return going })
		if err != nil || !going {
			return err
		}
	}
	return nil
}

func (t *Transport) readBucket(ctx context.Context, bucket string, yield func(executor.Record) bool) error {
	w, err := t.buckets[bucket].WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return fmt.Errorf("bucket %s: %w", bucket, err)
	}
	defer w.Stop()
	lost := t.nc.StatusChanged(nats.CLOSED)
	defer t.nc.RemoveStatusListener(lost)
	for {
		select {
		case e, ok := <-w.Updates():
			switch {
			case !ok:
				return fmt.Errorf("bucket %s: reading it ended early", bucket)
			case e == nil: // all that was there has been delivered
				return nil
			case !yield(recordOf(e)):
				return nil
			}
		case <-lost:
			return fmt.Errorf("bucket %s: %w", bucket, nats.ErrConnectionClosed)
		case <-ctx.Done():
			return fmt.Errorf("bucket %s: %w", bucket, ctx.Err())
		}
	}
}

// Watch merges the changes of the buckets that hold something of devices, runs or quarantines.
func (t *Transport) Watch(ctx context.Context) (<-chan executor.Change, error) {
	return t.changes(ctx, only(executor.Watched))
}

// WatchAll merges the changes of all buckets that Read takes.
func (t *Transport) WatchAll(ctx context.Context) (<-chan executor.Change, error) {
	return t.changes(ctx, recorded)
}

func (t *Transport) changes(ctx context.Context, buckets []string) (<-chan executor.Change, error) {
	ctx, cancel := context.WithCancel(ctx)
	// A run does not read while it seals and publishes. The heartbeats of a large fleet would pile up
	// meanwhile until the client drops them and the watch has to begin anew.
	waiting := line.New[place, executor.Record]()
	for _, bucket := range buckets {
		w, err := t.buckets[bucket].WatchAll(ctx, jetstream.UpdatesOnly())
		if err != nil {
			cancel()
			return nil, fmt.Errorf("bucket %s: %w", bucket, err)
		}
		go func() {
			defer cancel() // one lost watcher ends all: a partial view would pass for silence
			defer w.Stop()
			t.listen(ctx, w, waiting)
		}()
	}
	out := make(chan executor.Change, 256)
	go func() {
		defer close(out)
		defer cancel()
		for {
			r, ok := waiting.Next(ctx)
			if !ok {
				return
			}
			c, err := executor.ChangeOf(r)
			if err != nil {
				continue // Read names it among its problems
			}
			select {
			case out <- c:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

// place is where a record is.
type place struct{ bucket, key string }

// listen takes in what a watcher hears until it or the connection is lost, or ctx ends.
func (t *Transport) listen(ctx context.Context, w jetstream.KeyWatcher, into *line.Line[place, executor.Record]) {
	lost := t.nc.StatusChanged(nats.CLOSED)
	defer t.nc.RemoveStatusListener(lost)
	for {
		select {
		case e, ok := <-w.Updates():
			if !ok {
				return
			}
			if e != nil {
				into.Put(place{e.Bucket(), e.Key()}, recordOf(e))
			}
		case <-lost:
			return
		case <-ctx.Done():
			return
		}
	}
}

func recordOf(e jetstream.KeyValueEntry) executor.Record {
	return executor.Record{
		Bucket: e.Bucket(), Key: e.Key(), Value: e.Value(), Revision: e.Revision(), At: e.Created(),
		Deleted: e.Operation() != jetstream.KeyValuePut,
	}
}
