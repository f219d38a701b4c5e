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
