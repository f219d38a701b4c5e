package agent

import (
	"encoding/binary"
	"errors"
	"maps"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// Faults are the releases that went wrong on this device, by slot and release: what is
// poisoned is left alone until its time, also after a restart of the agent.
type Faults map[FaultKey]Fault

// FaultKey is a release in a slot.
type FaultKey struct {
	App        algebra.App
	Deployment algebra.Digest
	Values     algebra.Digest
}

// Fault is how a release went wrong.
type Fault struct {
	Count  int       `json:"count"` // times in a row
	At     time.Time `json:"at"`    // the last time
	Retry  time.Time `json:"retry"` // when it may be tried again
	Reason string    `json:"reason"`
	// Refused says that the device would not have it, not that it failed.
	Refused bool `json:"refused,omitempty"`
	// Unanswered says that it did not come so far as to fail: the fleet did not say what it is, or what
	// was to run it was away.
	Unanswered bool `json:"unanswered,omitempty"`
}

// due is when it may be tried again: at once where by the clock it has yet to happen, as that was
// set back since.
func (f Fault) due(now time.Time) time.Time {
	if f.At.After(now) {
		return time.Time{}
	}
	return f.Retry
}

const (
	firstDelay = time.Second
	maxDelay   = 5 * time.Minute
	// A release that was up for steadyAfter has earned a fresh count.
	steadyAfter = time.Minute
	// Faults older than this are forgotten.
	faultsKept = 24 * time.Hour
)

func faultKey(app algebra.App, r algebra.Release) FaultKey {
	return FaultKey{app, r.Deployment, r.Values}
}

// with adds a fault. The delay doubles with each, up to maxDelay, and is shortened by up to a
// quarter, by a hash that differs between devices: a fleet that failed together does not come
// back together. atOnce lets the first retry go without delay, for what had run well.
func (f Faults) with(device algebra.DeviceID, k FaultKey, reason error, now time.Time, atOnce bool) Faults {
	next := maps.Clone(f)
	if next == nil {
		next = Faults{}
	}
	for key, fault := range next {
		if now.Sub(fault.At) > faultsKept {
			delete(next, key)
		}
	}
	n := next[k].Count + 1
	doublings := n - 1
	if atOnce {
		doublings--
	}
	delay := time.Duration(0)
	if doublings >= 0 {
		delay = maxDelay
		if doublings < 9 {
			delay = min(maxDelay, firstDelay<<doublings)
		}
	}
	h := algebra.DigestOf(binary.BigEndian.AppendUint64([]byte(device.String()+k.App.String()+k.Deployment.String()), uint64(n))).String()
	delay -= delay / 4 * time.Duration(h[len(h)-1]%16) / 16
	next[k] = Fault{Count: n, At: now, Retry: now.Add(delay), Reason: reason.Error(), Refused: errors.Is(reason, ErrRefused),
		Unanswered: errors.Is(reason, ErrUnanswered) || errors.Is(reason, ErrAway)}
	return next
}

func (f Faults) without(k FaultKey) Faults {
	next := maps.Clone(f)
	delete(next, k)
	return next
}
