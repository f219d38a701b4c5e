package agent

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// outbox holds the reports that are still to be sent: of each subject only the newest.
type outbox struct {
	mu      sync.Mutex
	reports map[string]wire.Report
	facts   map[string]string
	refused string
	wake    chan struct{}
}

// FactRefused is the fact that says why the last desired state was refused. It is gone once
// one is accepted.
const FactRefused = "desired.refused"

func newOutbox() *outbox {
	return &outbox{reports: map[string]wire.Report{}, wake: make(chan struct{}, 1)}
}

func (o *outbox) put(r wire.Report) {
	o.mu.Lock()
	o.reports[r.Subject()] = r
	o.mu.Unlock()
	o.ring()
}

// ring wakes whoever sends.
func (o *outbox) ring() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// know takes the facts in and reports them.
func (o *outbox) know(device algebra.DeviceID, facts map[string]string) {
	o.mu.Lock()
	o.facts = facts
	o.mu.Unlock()
	o.putInfo(device)
}

// refuse makes a refusal a fact; the empty reason takes it away.
func (o *outbox) refuse(device algebra.DeviceID, reason string) {
	o.mu.Lock()
	o.refused = reason
	o.mu.Unlock()
	o.putInfo(device)
}

func (o *outbox) putInfo(device algebra.DeviceID) {
	o.mu.Lock()
	facts := maps.Clone(o.facts)
	if facts == nil {
		facts = map[string]string{}
	}
	if o.refused != "" {
		facts[FactRefused] = o.refused
	}
	o.mu.Unlock()
	o.put(wire.DeviceInfo{Device: device, Facts: facts})
}

// take empties the outbox.
func (o *outbox) take() []wire.Report {
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []wire.Report
	for _, subject := range slices.Sorted(maps.Keys(o.reports)) {
		list = append(list, o.reports[subject])
	}
	clear(o.reports)
	return list
}

// putBack keeps a report that could not be sent, unless there is a newer one.
func (o *outbox) putBack(r wire.Report) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, newer := o.reports[r.Subject()]; !newer {
		o.reports[r.Subject()] = r
	}
}

// post sends what is in the outbox, in growing intervals while it cannot.
func (a *Agent) post(ctx context.Context) {
	wait := firstDelay
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.outbox.wake:
		}
		failed := error(nil)
		for _, r := range a.outbox.take() {
			if failed == nil {
				failed = a.Link.Report(ctx, r)
			}
			if failed != nil {
				a.outbox.putBack(r)
			}
		}
		if failed == nil {
			wait = firstDelay
			continue
		}
		a.Log.Debug("reports not sent; trying again", "in", wait, "error", failed)
		time.AfterFunc(vary(wait), a.outbox.ring)
		wait = min(2*wait, maxDelay/10)
	}
}

func (a *Agent) tellFacts() {
	if a.Facts != nil {
		a.outbox.know(a.Device, a.Facts())
	}
}
