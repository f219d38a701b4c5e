package nats

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
)

// Halted is a stop of all publishing.
type Halted struct {
	By, Reason string
	At         time.Time
}

// String is who stopped it, when and why.
func (h Halted) String() string {
	return fmt.Sprintf("by %s at %s: %s; muster resume lets it go on", h.By, h.At.Format(time.RFC3339), h.Reason)
}

// The halt is in the configuration of the bucket itself: no message fits into it, so the broker
// refuses each write of a desired state from that moment on, whoever makes it and whichever
// version it is of. Nobody has to be told, and nobody can have missed it.
const (
	haltedSize = 1
	haltedBy   = "muster-halted-by"
	haltedAt   = "muster-halted-at"
	haltedWhy  = "muster-halted-why"
)

const desiredStream = "KV_" + wire.DesiredBucket

// Halt stops all publishing at once. What is published stays in force.
func Halt(ctx context.Context, nc *nats.Conn, h Halted) error {
	return changeDesired(ctx, nc, func(c *jetstream.StreamConfig) error {
		if have, is := haltOf(*c); is {
			return fmt.Errorf("publishing is halted already, %s", have)
		}
		c.MaxMsgSize = haltedSize
		c.Metadata[haltedBy], c.Metadata[haltedWhy] = h.By, h.Reason
		c.Metadata[haltedAt] = h.At.UTC().Format(time.RFC3339)
		return nil
	})
}

// Resume lets publishing go on, and gives the halt that it ended.
func Resume(ctx context.Context, nc *nats.Conn) (Halted, error) {
	var ended Halted
	return ended, changeDesired(ctx, nc, func(c *jetstream.StreamConfig) error {
		var is bool
		if ended, is = haltOf(*c); !is {
			return errors.New("publishing is not halted")
		}
		c.MaxMsgSize = -1
		for _, key := range []string{haltedBy, haltedAt, haltedWhy} {
			delete(c.Metadata, key)
		}
		return nil
	})
}

// IsHalted is the halt in force, if there is one.
func IsHalted(ctx context.Context, nc *nats.Conn) (h Halted, is bool, err error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return Halted{}, false, err
	}
	s, err := js.Stream(ctx, desiredStream)
	if err != nil {
		return Halted{}, false, fmt.Errorf("bucket %s: %w", wire.DesiredBucket, err)
	}
	h, is = haltOf(s.CachedInfo().Config)
	return h, is, nil
}

func haltOf(c jetstream.StreamConfig) (Halted, bool) {
	if c.MaxMsgSize != haltedSize {
		return Halted{}, false
	}
	h := Halted{By: c.Metadata[haltedBy], Reason: c.Metadata[haltedWhy]}
	h.At, _ = time.Parse(time.RFC3339, c.Metadata[haltedAt]) // zero if somebody wrote it otherwise
	return h, true
}

func changeDesired(ctx context.Context, nc *nats.Conn, edit func(*jetstream.StreamConfig) error) error {
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	s, err := js.Stream(ctx, desiredStream)
	if err != nil {
		return fmt.Errorf("bucket %s: %w", wire.DesiredBucket, err)
	}
	c := s.CachedInfo().Config
	if c.Metadata = maps.Clone(c.Metadata); c.Metadata == nil {
		c.Metadata = map[string]string{}
	}
	if err := edit(&c); err != nil {
		return err
	}
	if _, err := js.UpdateStream(ctx, c); err != nil {
		return fmt.Errorf("bucket %s: %w", wire.DesiredBucket, err)
	}
	return nil
}

// tooBig reports whether the broker refused a message for its size: with a halt nothing fits.
func tooBig(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == jsMessageTooBig
}

// jsMessageTooBig is JSStreamMessageExceedsMaximumErr of the server.
const jsMessageTooBig = 10054

// halted says why a write was refused that a halt refused.
func (t *Transport) halted(ctx context.Context) error {
	h, is, err := IsHalted(ctx, t.js.Conn())
	if err != nil || !is {
		return err
	}
	return fmt.Errorf("%w %s", executor.ErrHalted, h)
}
