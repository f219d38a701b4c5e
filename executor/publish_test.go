package executor_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
)

// sluggish takes its time for desired states, and keeps the leases that were written between two
// writes of them.
type sluggish struct {
	executor.Transport
	takes   time.Duration
	leases  []wire.Lease
	between []wire.Lease
	parts   int
}

func (s *sluggish) Write(ctx context.Context, writes []executor.Write) ([]executor.Result, error) {
	switch w := writes[0].(type) {
	case executor.SetDesired:
		time.Sleep(s.takes)
		if s.parts++; s.parts > 1 {
			s.between = append(s.between, s.leases...)
		}
		s.leases = nil
	case executor.SetLease:
		s.leases = append(s.leases, w.Lease)
	}
	return s.Transport.Write(ctx, writes)
}

// TestALongPublicationKeepsItsLease: who publishes to many devices is heard of meanwhile, and what
// was announced stays so until it is done.
func TestALongPublicationKeepsItsLease(t *testing.T) {
	names := make([]string, 4100)
	for i := range names {
		names[i] = fmt.Sprintf("edge%04d", i)
	}
	r := newRig(t, names...)
	w := worldOf(t, "1", `---
apiVersion: muster.fleet/v1alpha1
kind: Rollout
metadata: {name: web}
spec: {for: web, waves: [{rest: true}]}
`)
	slow := &sluggish{Transport: r.fleet, takes: 100 * time.Millisecond}
	a := r.applier()
	a.Transport, a.Lasts = slow, 150*time.Millisecond
	out, err := a.Apply(t.Context(), approve(t, w, r.observe()))
	must(t, err)
	if out.Run.Status != wire.RunSucceeded || out.Count.Healthy != len(names) {
		t.Fatalf("the run is %s with %+v", out.Run.Status, out.Count)
	}
	if slow.parts != 3 || len(slow.between) < 2 {
		t.Fatalf("%d parts were published, the lease was written %d times between them", slow.parts, len(slow.between))
	}
	for _, l := range slow.between {
		if l.Intent != "edge[0000-4099]" || l.Above != 0 {
			t.Errorf("the lease announces %q above %d meanwhile", l.Intent, l.Above)
		}
	}
}
