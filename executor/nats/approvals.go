package nats

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner/planfile"
)

// PutApproval keeps somebody's word for a plan, for who applies it. It proves nothing by being
// there: its signature does.
func (t *Transport) PutApproval(ctx context.Context, plan algebra.Digest, a planfile.Approval) error {
	text, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("approval: %w", err)
	}
	key := approvalsOf(plan) + algebra.DigestOf([]byte(a.Key)).Short() // a key has one word
	if _, err := t.buckets[wire.ApprovalsBucket].Put(ctx, key, text); err != nil {
		return fmt.Errorf("bucket %s: %w", wire.ApprovalsBucket, err)
	}
	return nil
}

// Approvals are the words given for a plan, unverified.
func (t *Transport) Approvals(ctx context.Context, plan algebra.Digest) ([]planfile.Approval, error) {
	w, err := t.buckets[wire.ApprovalsBucket].Watch(ctx, approvalsOf(plan)+"*", jetstream.IgnoreDeletes())
	if err != nil {
		return nil, fmt.Errorf("bucket %s: %w", wire.ApprovalsBucket, err)
	}
	defer w.Stop()
	var out []planfile.Approval
	for {
		select {
		case e, open := <-w.Updates():
			if !open {
				return nil, fmt.Errorf("bucket %s: reading it ended early", wire.ApprovalsBucket)
			}
			if e == nil { // all that was there has been delivered
				return out, nil
			}
			var a planfile.Approval
			if json.Unmarshal(e.Value(), &a) == nil { // what is none approves nothing
				out = append(out, a)
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("bucket %s: %w", wire.ApprovalsBucket, ctx.Err())
		}
	}
}

// approvalsOf begins the keys of all approvals of a plan.
func approvalsOf(plan algebra.Digest) string {
	return strings.Replace(plan.String(), ":", "=", 1) + "."
}
