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
	echoes  map[string]echo   // of what went out
	facts   map[string]string // of the machine
	own     map[string]string // of the agent itself
	told    map[string]string // both, as last reported
	wake    chan struct{}
}

// Facts that the agent knows of itself.
const (
	// FactRefused says why the last desired state was refused. It is gone once one is accepted.
	FactRefused = "desired.refused"
	// FactKeyset is the generation of the operator keys that are trusted, absent before the first.
	FactKeyset = "keys.generation"
	// FactHold says why the device is held, and is absent if it is not.
	FactHold = "hold"
	// FactXKey is the public key that secrets of the device are sealed to.
	FactXKey = "xkey"
)

func newOutbox() *outbox {
	return &outbox{reports: map[string]wire.Report{}, echoes: map[string]echo{}, own: map[string]string{}, wake: make(chan struct{}, 1)}
}

func (o *outbox) put(r wire.Report) {
	o.mu.Lock()
	o.reports[r.Subject()] = r
	o.echoes[r.Subject()] = o.echoes[r.Subject()].of(r)
	o.mu.Unlock()
	o.ring()
}

// gone notes that a report was sent.
func (o *outbox) gone(r wire.Report) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, newer := o.reports[r.Subject()]; !newer {
		o.echoes[r.Subject()] = o.echoes[r.Subject()].sent()
	}
}

// repeat has said again what is due with this heartbeat.
func (o *outbox) repeat() {
	o.mu.Lock()
	for subject, e := range o.echoes {
		if e.left == 0 {
			continue
		}
		if e.left--; e.left == 0 {
			o.reports[subject] = e.report
		}
		o.echoes[subject] = e
	}
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

// know takes the machine's facts in, and reports them if anything changed or again is set.
func (o *outbox) know(device algebra.DeviceID, facts map[string]string, again bool) {
	o.mu.Lock()
	o.facts = facts
	o.mu.Unlock()
	o.putInfo(device, again)
}

// fact sets a fact of the agent itself; the empty text takes it away.
func (o *outbox) fact(device algebra.DeviceID, name, text string) {
	o.mu.Lock()
	o.own[name] = text
	if text == "" {
		delete(o.own, name)
	}
	o.mu.Unlock()
	o.putInfo(device, false)
}

func (o *outbox) putInfo(device algebra.DeviceID, again bool) {
	o.mu.Lock()
	facts := map[string]string{}
	maps.Copy(facts, o.facts)
	maps.Copy(facts, o.own)
	news := again || !maps.Equal(facts, o.told)
	o.told = facts
	o.mu.Unlock()
	if news {
		o.put(wire.DeviceInfo{Device: device, Facts: facts})
	}
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
			} else {
				a.outbox.gone(r)
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

// tellFacts reads the machine's facts and reports them if they changed, or in any case if again
// is set.
func (a *Agent) tellFacts(again bool) {
	if a.Facts != nil {
		a.outbox.know(a.Device, a.Facts(), again)
	}
}

// waiting is how many reports are still to be sent.
func (o *outbox) waiting() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.reports)
}
