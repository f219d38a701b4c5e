package nats

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/executor/wire"
)

// republishedDesired sends each write of the desired-state bucket on to who follows it.
var republishedDesired = jetstream.RePublish{
	Source:      "$KV." + wire.DesiredBucket + ".>",
	Destination: wire.AllDesired,
}

// bucketConfigs is every bucket of the fleet, as this version needs it. Replicas and placement
// are the operator's to choose and are not compared.
func bucketConfigs() []jetstream.KeyValueConfig {
	return []jetstream.KeyValueConfig{
		{Bucket: wire.DesiredBucket, RePublish: &republishedDesired},
		{Bucket: wire.DevicesBucket},
		{Bucket: wire.SpecsBucket},
		{Bucket: wire.InfoBucket},
		{Bucket: wire.StateBucket},
		{Bucket: wire.HeartbeatBucket, Storage: jetstream.MemoryStorage},
		{Bucket: wire.WorldBucket},
		{Bucket: wire.RunsBucket},
		{Bucket: wire.LeasesBucket},
		{Bucket: wire.QuarantineBucket},
		{Bucket: wire.PlansBucket},
		{Bucket: wire.OffersBucket},
		{Bucket: wire.SecretsBucket},
		{Bucket: wire.KeysetBucket},
		{Bucket: wire.DutiesBucket},
		{Bucket: wire.SummaryBucket},
		{Bucket: wire.ApprovalsBucket},
	}
}

// CreateBuckets makes the buckets and the audit that are missing. One that exists with a configuration on
// which the fleet would not work is an error that names the bucket and the field; nothing is
// changed on a bucket that exists, and nothing created if one does not fit.
func CreateBuckets(ctx context.Context, nc *nats.Conn) error {
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("buckets: %w", err)
	}
	var missing []jetstream.KeyValueConfig
	for _, want := range bucketConfigs() {
		stream, err := js.Stream(ctx, "KV_"+want.Bucket)
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound):
			missing = append(missing, want)
		case err != nil:
			return fmt.Errorf("bucket %s: %w", want.Bucket, err)
		default:
			if err := compare(want, stream.CachedInfo().Config); err != nil {
				return err
			}
		}
	}
	for _, want := range missing {
		if _, err := js.CreateKeyValue(ctx, want); err != nil {
			return fmt.Errorf("bucket %s: %w", want.Bucket, err)
		}
	}
	return createAudit(ctx, js)
}

// compare names the first field in which a bucket differs in a way that matters.
func compare(want jetstream.KeyValueConfig, have jetstream.StreamConfig) error {
	republish := func(r *jetstream.RePublish) string {
		if r == nil {
			return "none"
		}
		return fmt.Sprintf("%s to %s, headers only %t", r.Source, r.Destination, r.HeadersOnly)
	}
	for _, field := range []struct{ name, want, have string }{
		{"subjects", fmt.Sprint([]string{"$KV." + want.Bucket + ".>"}), fmt.Sprint(have.Subjects)},
		{"storage", want.Storage.String(), have.Storage.String()},
		{"history", "1", fmt.Sprint(have.MaxMsgsPerSubject)},
		{"ttl", "0s", have.MaxAge.String()},
		{"max messages", "-1", fmt.Sprint(have.MaxMsgs)},
		{"max value size", "-1", fmt.Sprint(have.MaxMsgSize)},
		{"republish", republish(want.RePublish), republish(have.RePublish)},
		{"direct access", "true", fmt.Sprint(have.AllowDirect)},
		{"discard", jetstream.DiscardNew.String(), have.Discard.String()},
	} {
		if _, halted := haltOf(have); halted && field.name == "max value size" {
			continue
		}
		if field.want != field.have {
			return fmt.Errorf("bucket %s: %s is %s, want %s; change it, or remove the bucket if nothing in it is needed",
				want.Bucket, field.name, field.have, field.want)
		}
	}
	return nil
}
