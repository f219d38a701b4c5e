package nats

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/musterfleet/muster/executor"
)

// TestWhatWaitsIsTheNewest: a reader who was away is told each record once, as it is now, the one first
// that changed first.
func TestWhatWaitsIsTheNewest(t *testing.T) {
	b := newBacklog()
	for n := range uint64(1000) {
		b.put(executor.Record{Bucket: "device-heartbeat", Key: fmt.Sprint("d", n%3), Revision: n + 1})
		b.put(executor.Record{Bucket: "device-info", Key: "d0", Revision: n + 1})
	}
	ctx, stop := context.WithCancel(t.Context())
	var have []string
	for r := range b.all(ctx) {
		have = append(have, fmt.Sprint(r.Bucket, " ", r.Key, " ", r.Revision))
		switch len(have) {
		case 4: // what comes while some are taken is told as well
			b.put(executor.Record{Bucket: "device-info", Key: "d0", Revision: 2000})
		case 5:
			stop()
		}
	}
	want := []string{"device-heartbeat d0 1000", "device-info d0 1000", "device-heartbeat d1 998", "device-heartbeat d2 999", "device-info d0 2000"}
	if !slices.Equal(have, want) {
		t.Errorf("told %q, want %q", have, want)
	}
}
