package office

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	fleet "github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity/enroll"
	"github.com/musterfleet/muster/identity/enroll/desk"
)

// Client asks the office. It reads the fleet as a transport does.
type Client struct {
	nc *nats.Conn
	as wire.Asker
}

var _ executor.Reader = (*Client)(nil)

// NewClient asks as who the connection was opened by, whose inbox must be that of the asker.
func NewClient(nc *nats.Conn, as wire.Asker) *Client { return &Client{nc, as} }

// Read takes all records.
func (c *Client) Read(ctx context.Context) (executor.Records, error) {
	var failed error
	records := executor.Assemble(func(yield func(executor.Record) bool) {
		failed = c.ask(ctx, "read", nil, func(line []byte) error {
			var r executor.Record
			if err := json.Unmarshal(line, &r); err != nil {
				return err
			}
			yield(r)
			return nil
		})
	})
	if failed != nil {
		return executor.Records{}, failed
	}
	return records, nil
}

// Spec is a stored deployment.
func (c *Client) Spec(ctx context.Context, d algebra.Digest) (algebra.Deployment, error) {
	var text []byte
	if err := c.ask(ctx, "spec", d, func(line []byte) error { text = line; return nil }); err != nil {
		return algebra.Deployment{}, err
	}
	if text == nil {
		return algebra.Deployment{}, fmt.Errorf("deployment %s: %w", d.Short(), executor.ErrNoSpec)
	}
	return wire.OpenSpec(d, text)
}

// PlanPart is a stored part of a plan.
func (c *Client) PlanPart(ctx context.Context, sealed algebra.Digest, part int) ([]byte, error) {
	var text []byte
	found := false
	if err := c.ask(ctx, "plan", planAsked{sealed, part}, func(line []byte) error { found = true; return json.Unmarshal(line, &text) }); err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("plan %s: %w", sealed.Short(), executor.ErrNoPlan)
	}
	return text, nil
}

// Audited calls each with all entries since a time, in order.
func (c *Client) Audited(ctx context.Context, since time.Time, each func(fleet.AuditEntry)) error {
	return c.ask(ctx, "audit", since, func(line []byte) error {
		var e fleet.AuditEntry
		err := json.Unmarshal(line, &e)
		if err == nil {
			each(e)
		}
		return err
	})
}

// Summaries is all that operators tell, by key.
func (c *Client) Summaries(ctx context.Context) (map[string][]byte, error) {
	out := map[string][]byte{}
	return out, c.ask(ctx, "told", nil, func(line []byte) error {
		var one map[string]json.RawMessage
		err := json.Unmarshal(line, &one)
		for key, text := range one {
			out[key] = text
		}
		return err
	})
}

// Change changes the registry; the entries are those of the devices that were changed.
func (c *Client) Change(ctx context.Context, ch desk.Change) (entries []wire.DeviceEntry, err error) {
	err = c.ask(ctx, "change", ch, func(line []byte) error {
		m, err := wire.Decode(line)
		if e, ok := m.(wire.DeviceEntry); ok {
			entries = append(entries, e)
		}
		return err
	})
	return entries, err
}

// Offer keeps an offer. Of its token it holds the hash alone.
func (c *Client) Offer(ctx context.Context, o enroll.Offer) error {
	return c.ask(ctx, "offer", o, func([]byte) error { return nil })
}

func (c *Client) ask(ctx context.Context, verb string, question any, each func([]byte) error) error {
	if err := ask(ctx, c.nc, c.as.Subject(verb), question, each); err != nil {
		return fmt.Errorf("office: %w", err)
	}
	return nil
}
