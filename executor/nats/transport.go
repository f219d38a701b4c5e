package nats

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/internal/line"
)

// Transport is the fleet's records in the buckets of account FLEET.
type Transport struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	buckets map[string]jetstream.KeyValue
}

var _ executor.Watcher = (*Transport)(nil)

const (
	// inFlight is how many writes wait for their acknowledgement at once. Beyond some
	// thousands the server is the bottleneck; without a bound its inbound queue would grow.
	inFlight = 4096
	// ackWithin ends the wait for an acknowledgement that was lost.
	ackWithin = 10 * time.Second
)

// NewTransport uses a connection to account FLEET whose buckets exist.
func NewTransport(ctx context.Context, nc *nats.Conn) (*Transport, error) {
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(inFlight), jetstream.WithPublishAsyncTimeout(ackWithin))
	if err != nil {
		return nil, fmt.Errorf("transport: %w", err)
	}
	t := &Transport{nc: nc, js: js, buckets: map[string]jetstream.KeyValue{}}
	for _, c := range bucketConfigs() {
		if t.buckets[c.Bucket], err = js.KeyValue(ctx, c.Bucket); err != nil {
			return nil, fmt.Errorf("bucket %s: %w", c.Bucket, err)
		}
	}
	return t, nil
}

// Read takes all records.
func (t *Transport) Read(ctx context.Context) (executor.Records, error) { return t.read(ctx, recorded) }

// ReadRuns takes the records that are of no device.
func (t *Transport) ReadRuns(ctx context.Context) (executor.Records, error) {
	return t.read(ctx, ofRuns)
}

func (t *Transport) read(ctx context.Context, buckets []string) (executor.Records, error) {
	var failed error
	records := executor.Assemble(func(yield func(executor.Record) bool) { failed = t.each(ctx, buckets, yield) })
	if failed != nil {
		return executor.Records{}, failed
	}
	return records, nil
}

// ofRuns are the buckets that ReadRuns takes, recorded those that Read does.
var (
	ofRuns   = []string{wire.WorldBucket, wire.RunsBucket, wire.LeasesBucket, wire.QuarantineBucket}
	recorded = append(slices.Clip(ofRuns), wire.DevicesBucket, wire.DesiredBucket, wire.InfoBucket, wire.StateBucket, wire.HeartbeatBucket)
)

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
	return t.changes(ctx, slices.DeleteFunc(slices.Clone(recorded), func(b string) bool { return !executor.Watched(b) }))
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

// Write publishes all writes without waiting in between, then collects the acknowledgements.
func (t *Transport) Write(ctx context.Context, writes []executor.Write) ([]executor.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	results := make([]executor.Result, len(writes))
	acks := make([]jetstream.PubAckFuture, len(writes))
	for i, w := range writes {
		rec, revision := executor.Put(w)
		m := nats.NewMsg("$KV." + rec.Bucket + "." + rec.Key)
		m.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(revision, 10))
		m.Data = rec.Value
		var err error
		if acks[i], err = t.js.PublishMsgAsync(m, jetstream.WithStallWait(ackWithin)); err != nil {
			acks[i], results[i].Err = nil, outcome(w, err)
		}
	}
	for i, ack := range acks {
		if ack == nil {
			continue
		}
		select {
		case a := <-ack.Ok():
			results[i].Revision = a.Sequence
		case err := <-ack.Err():
			results[i].Err = outcome(writes[i], err)
		case <-ctx.Done():
			results[i].Err = ctx.Err()
		}
	}
	if i := slices.IndexFunc(results, func(r executor.Result) bool { return tooBig(r.Err) }); i >= 0 {
		if why := t.halted(ctx); why != nil {
			for i := range results {
				if tooBig(results[i].Err) {
					results[i].Err = why
				}
			}
		}
	}
	return results, nil
}

// moved reports an error of the broker that a record has another revision than was expected.
func moved(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// outcome tells a record that has moved from a failure.
func outcome(w executor.Write, err error) error {
	rec, revision := executor.Put(w)
	if !moved(err) {
		return fmt.Errorf("%s/%s: %w", rec.Bucket, rec.Key, err)
	}
	switch w.(type) {
	case executor.PutSpec, executor.PutPlan:
		return nil // content-addressed: it is there
	case executor.SetDesired, executor.SetEntry, executor.SetWorld, executor.SetRun, executor.SetLease, executor.SetQuarantine:
	}
	return fmt.Errorf("%s/%s: %w: revision %d is not its last", rec.Bucket, rec.Key, executor.ErrMoved, revision)
}

// PlanPart is a stored part of a plan.
func (t *Transport) PlanPart(ctx context.Context, sealed algebra.Digest, part int) ([]byte, error) {
	e, err := t.buckets[wire.PlansBucket].Get(ctx, wire.PlanKey(sealed, part))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, fmt.Errorf("plan %s: %w", sealed.Short(), executor.ErrNoPlan)
	}
	if err != nil {
		return nil, fmt.Errorf("plan %s: %w", sealed.Short(), err)
	}
	return e.Value(), nil
}

// Spec is a stored deployment.
func (t *Transport) Spec(ctx context.Context, d algebra.Digest) (algebra.Deployment, error) {
	text, err := t.StoredSpec(ctx, d)
	if err != nil {
		return algebra.Deployment{}, err
	}
	return wire.OpenSpec(d, text)
}

// StoredSpec is a deployment as it is stored, for who opens it elsewhere.
func (t *Transport) StoredSpec(ctx context.Context, d algebra.Digest) ([]byte, error) {
	e, err := t.buckets[wire.SpecsBucket].Get(ctx, wire.SpecKey(d))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, fmt.Errorf("deployment %s: %w", d.Short(), executor.ErrNoSpec)
	}
	if err != nil {
		return nil, fmt.Errorf("deployment %s: %w", d.Short(), err)
	}
	return e.Value(), nil
}
