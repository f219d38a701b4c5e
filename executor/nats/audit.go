package nats

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// AuditEntry is one thing that somebody did to the fleet.
type AuditEntry struct {
	At time.Time `json:"at"`
	// By is who did it, as the issuer knows them.
	By string `json:"by"`
	// Action is the verb, Subject what it was done to: a device, a plan, an offer.
	Action  string            `json:"action"`
	Subject string            `json:"subject"`
	Detail  map[string]string `json:"detail,omitempty"`
}

// auditStream keeps all entries, in order; none can be deleted, changed or purged.
const auditStream = "AUDIT"

func createAudit(ctx context.Context, js jetstream.JetStream) error {
	_, err := js.Stream(ctx, auditStream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = js.CreateStream(ctx, jetstream.StreamConfig{
			Name: auditStream, Subjects: []string{"audit.>"}, DenyDelete: true, DenyPurge: true, Duplicates: time.Minute,
		})
	}
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

// Audit writes an entry and waits until it is stored: what is not on record should not happen.
func Audit(ctx context.Context, nc *nats.Conn, e AuditEntry) error {
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	text, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	if _, err := js.Publish(ctx, "audit."+e.Action, text); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

// Audited calls each with all entries since a time, in order, until it returns false.
func Audited(ctx context.Context, nc *nats.Conn, since time.Time, each func(AuditEntry) bool) error {
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	stream, err := js.Stream(ctx, auditStream)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	c := jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy}
	if !since.IsZero() {
		c = jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &since}
	}
	consumer, err := stream.OrderedConsumer(ctx, c)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	for {
		batch, err := consumer.FetchNoWait(256)
		if err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		n := 0
		for m := range batch.Messages() {
			n++
			var e AuditEntry
			if err := json.Unmarshal(m.Data(), &e); err != nil {
				return fmt.Errorf("audit: %w", err)
			}
			if !each(e) {
				return nil
			}
		}
		if batch.Error() != nil || n == 0 {
			return batch.Error()
		}
	}
}
