package desk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// Change is what somebody does to devices of the registry.
type Change struct {
	Verb    Verb     `json:"verb"`
	Devices []string `json:"devices"`
	// Labels are set; one whose value is empty is taken away.
	Labels map[string]string `json:"labels,omitempty"`
	Reason string            `json:"reason,omitempty"`
}

// Verb is a kind of change.
type Verb string

// The verbs.
const (
	Approve      Verb = "approve"
	Deny         Verb = "deny"
	Label        Verb = "label"
	Revoke       Verb = "revoke"
	Decommission Verb = "decommission"
)

// moves are the lifecycles a verb takes a device from, and to which. Label moves none.
var moves = map[Verb]struct {
	to   algebra.Lifecycle
	from []algebra.Lifecycle
}{
	Approve:      {algebra.Enrolled, []algebra.Lifecycle{algebra.Requested}},
	Deny:         {algebra.Revoked, []algebra.Lifecycle{algebra.Requested}},
	Revoke:       {algebra.Revoked, []algebra.Lifecycle{algebra.Enrolled, algebra.Requested, algebra.Decommissioned}},
	Decommission: {algebra.Decommissioned, []algebra.Lifecycle{algebra.Enrolled}},
	Label:        {},
}

// Do makes a change in the name of somebody, and puts each device on record. All devices are
// looked at before the first is changed: one that cannot be changed hinders all. Each change is
// a compare-and-set, so what somebody else did meanwhile is an error and stands.
func Do(ctx context.Context, devices jetstream.KeyValue, c Change, by string, record func(wire.DeviceEntry) error) ([]wire.DeviceEntry, error) {
	if _, ok := moves[c.Verb]; !ok {
		return nil, fmt.Errorf("registry: no verb %q", c.Verb)
	}
	if len(c.Devices) == 0 {
		return nil, fmt.Errorf("%s: no device is named", c.Verb)
	}
	var entries []wire.DeviceEntry
	var revisions []uint64
	var wrong []error
	for _, id := range c.Devices {
		entry, revision, err := entryOf(ctx, devices, id)
		if err == nil {
			entry, err = c.on(entry)
		}
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		entry.SetBy, entry.At = by, time.Now().UTC()
		entries, revisions = append(entries, entry), append(revisions, revision)
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	for i, e := range entries {
		if _, err := devices.Update(ctx, wire.Token(e.Device), wire.Encode(e), revisions[i]); err != nil {
			return entries[:i], fmt.Errorf("%s: %w; somebody else changed it at the same time: look again", e.Device, err)
		}
		if err := record(e); err != nil {
			return entries[:i+1], err
		}
	}
	return entries, nil
}

// on is the entry after the change.
func (c Change) on(e wire.DeviceEntry) (wire.DeviceEntry, error) {
	if m := moves[c.Verb]; m.to != 0 {
		if e.Lifecycle == m.to {
			return e, fmt.Errorf("%s is %s already", e.Device, m.to)
		}
		if !slices.Contains(m.from, e.Lifecycle) {
			return e, fmt.Errorf("%s is %s; %s takes only what is %s", e.Device, e.Lifecycle, c.Verb, lifecycles(m.from))
		}
		e.Lifecycle = m.to
	}
	labels := maps.Clone(e.Labels)
	for k, v := range c.Labels {
		if labels == nil {
			labels = map[string]string{}
		}
		if labels[k] = v; v == "" {
			delete(labels, k)
		}
	}
	e.Labels = labels
	return e, nil
}

func lifecycles(of []algebra.Lifecycle) string {
	var names []string
	for _, l := range of {
		names = append(names, l.String())
	}
	return strings.Join(names, " or ")
}

func entryOf(ctx context.Context, devices jetstream.KeyValue, id string) (wire.DeviceEntry, uint64, error) {
	d, err := algebra.ParseDeviceID(id)
	if err != nil {
		return wire.DeviceEntry{}, 0, err
	}
	e, err := devices.Get(ctx, wire.Token(d))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return wire.DeviceEntry{}, 0, fmt.Errorf("there is no device %s; muster device list shows those there are", d)
	}
	if err != nil {
		return wire.DeviceEntry{}, 0, fmt.Errorf("%s: %w", d, err)
	}
	m, err := wire.Decode(e.Value())
	entry, ok := m.(wire.DeviceEntry)
	if err != nil || !ok {
		return wire.DeviceEntry{}, 0, fmt.Errorf("%s: its entry cannot be read", d)
	}
	return entry, e.Revision(), nil
}
