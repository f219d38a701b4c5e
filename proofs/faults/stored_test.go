package faults_test

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/executor/wire"
)

// kept are the buckets of which the broker keeps all that was ever stored: see replicate.
var kept = []string{wire.DesiredBucket, wire.RunsBucket, wire.LeasesBucket}

// stored is what the broker stored, in its order.
func (r *rig) stored() []entry {
	var out []entry
	for _, bucket := range kept {
		r.retry("what is in "+bucket, time.Minute, func(ctx context.Context) error {
			stream, err := r.js.Stream(ctx, "KV_"+bucket)
			if err != nil {
				return err
			}
			for seq := uint64(len(r.read[bucket])) + 1; seq <= stream.CachedInfo().State.LastSeq; seq++ {
				m, err := stream.GetMsg(ctx, seq)
				if err != nil {
					return err
				}
				r.read[bucket] = append(r.read[bucket], storedEntry(m))
			}
			return nil
		})
		out = append(out, r.read[bucket]...)
	}
	return out
}

func storedEntry(raw *jetstream.RawStreamMsg) entry {
	e := entry{At: raw.Time.UnixNano(), Who: "the broker"}
	if state, _, err := wire.Claimed(raw.Data); err == nil {
		e.What, e.Device, e.Generation, e.Version = published, state.Device.String(), state.Generation, numberOf(state.Apps[web].Version)
		return e
	}
	m, err := wire.Decode(raw.Data)
	if err != nil {
		panic(err) // it would be a history with a hole
	}
	switch m := m.(type) {
	case wire.Run:
		e.What, e.Who, e.Fence, e.Ended = run, m.ID, m.Fence, m.Status.Ended()
	case wire.Lease:
		e.What, e.Who, e.Fence = lease, m.Holder, m.Fence
	}
	return e
}
