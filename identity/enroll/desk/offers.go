package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/identity/enroll"
)

// Make keeps a new offer for as long as it lasts.
func Make(ctx context.Context, offers jetstream.KeyValue, o enroll.Offer, t enroll.Token) error {
	o.ID, o.Hash = t.ID, t.Hash()
	return Keep(ctx, offers, o)
}

// Keep keeps a new offer that has its id and hash.
func Keep(ctx context.Context, offers jetstream.KeyValue, o enroll.Offer) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if _, err := offers.Create(ctx, o.ID, text); err != nil {
		return fmt.Errorf("offer: %w", err)
	}
	return nil
}

// Opens finds out whether a token may be used to ask, for the callout.
func (d *Desk) Opens(ctx context.Context, t enroll.Token) (until time.Time, err error) {
	return Opens(ctx, d.offers, t)
}

// Opens finds out whether a token may be used to ask: it is an offer's, and that has not ended.
func Opens(ctx context.Context, offers jetstream.KeyValue, t enroll.Token) (until time.Time, err error) {
	e, err := offers.Get(ctx, t.ID)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return time.Time{}, errors.New("the token is not one of this fleet")
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("offers: %w", err)
	}
	o, err := enroll.ParseOffer(e.Value())
	if err != nil {
		return time.Time{}, err
	}
	return o.Until, o.Opens(t, time.Now())
}

func (d *Desk) keep(ctx context.Context, o enroll.Offer, revision uint64) (uint64, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return 0, err
	}
	return d.offers.Update(ctx, o.ID, text, revision)
}
