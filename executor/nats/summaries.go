package nats

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/executor/wire"
)

// PutSummary keeps what an operator tells under a key, in place of what it told before.
func (t *Transport) PutSummary(ctx context.Context, key string, value []byte) error {
	if _, err := t.buckets[wire.SummaryBucket].Put(ctx, key, value); err != nil {
		return fmt.Errorf("bucket %s: %w", wire.SummaryBucket, err)
	}
	return nil
}

// Summaries is all that operators tell, by key. It costs the same however many devices there are.
func (t *Transport) Summaries(ctx context.Context) (map[string][]byte, error) {
	w, err := t.buckets[wire.SummaryBucket].WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return nil, fmt.Errorf("bucket %s: %w", wire.SummaryBucket, err)
	}
	defer w.Stop()
	out := map[string][]byte{}
	for {
		select {
		case e, open := <-w.Updates():
			if !open {
				return nil, fmt.Errorf("bucket %s: reading it ended early", wire.SummaryBucket)
			}
			if e == nil { // all that was there has been delivered
				return out, nil
			}
			out[e.Key()] = e.Value()
		case <-ctx.Done():
			return nil, fmt.Errorf("bucket %s: %w", wire.SummaryBucket, ctx.Err())
		}
	}
}
