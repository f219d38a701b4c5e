package executor

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// Records is what is known of the fleet: the registry, what was published, what was heard.
type Records struct {
	// Devices has each device that any record is of. Entry.Revision is 0 where the registry
	// does not know it.
	Devices map[algebra.DeviceID]Device
	World   Kept[wire.WorldRecord]
	// Runs are all runs, by id, and Quarantine what they found to fail, by key.
	Runs       map[string]Kept[wire.Run]
	Quarantine map[string]Kept[wire.Quarantined]
	// Lease says who may publish.
	Lease Kept[wire.Lease]
	// Problems names each record that could not be read, by bucket and key. Such a record
	// counts as absent, which stops nothing.
	Problems []error
}

// Device is what is known of one device.
type Device struct {
	Entry     Kept[wire.DeviceEntry]
	Info      Kept[wire.DeviceInfo]
	Heartbeat Kept[wire.Heartbeat]
	States    map[algebra.App]Kept[wire.AppState]
	// Desired is the signed envelope, to be read by wire.Open or wire.Claimed.
	Desired Kept[[]byte]
}

// Kept is a value with the revision of its record and when that was written, by the clock of
// the store. Revision 0: there is no record.
type Kept[T any] struct {
	Value    T
	Revision uint64
	At       time.Time
}

// Heard is when the device was last heard, zero if never: the newest of heartbeat, states and
// facts.
func (d Device) Heard() time.Time {
	at := d.Heartbeat.At
	if d.Info.At.After(at) {
		at = d.Info.At
	}
	for _, s := range d.States {
		if s.At.After(at) {
			at = s.At
		}
	}
	return at
}

// Assemble reads records in any order. Both transports use it, so that they agree on what a
// record means.
func Assemble(records iter.Seq[Record]) Records {
	r := Records{Devices: map[algebra.DeviceID]Device{}, Runs: map[string]Kept[wire.Run]{}, Quarantine: map[string]Kept[wire.Quarantined]{}}
	var bad []Record
	why := map[string]error{}
	for rec := range records {
		if rec.Deleted {
			continue
		}
		if err := r.add(rec); err != nil {
			bad = append(bad, rec)
			why[rec.Bucket+"/"+rec.Key] = err
		}
	}
	slices.SortFunc(bad, func(a, b Record) int { return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Key, b.Key)) })
	for _, rec := range bad {
		at := rec.Bucket + "/" + rec.Key
		r.Problems = append(r.Problems, fmt.Errorf("record %s, revision %d: %w", at, rec.Revision, why[at]))
	}
	return r
}

func (r *Records) add(rec Record) error {
	c, err := ChangeOf(rec)
	if err == nil {
		r.put(c)
	}
	return err
}

// put takes news of a device or of the fleet in.
func (r *Records) put(c Change) {
	d := r.Devices[c.Device]
	r.take(c, &d)
	if !c.Device.IsZero() {
		r.Devices[c.Device] = d
	}
}

// take takes news in, those of a device into d. What is older than what is known is no news: who
// watches before they read hears it again.
func (r *Records) take(c Change, d *Device) {
	switch m := c.Message.(type) {
	case wire.Run:
		r.Runs[m.ID] = newer(r.Runs[m.ID], m, c)
	case wire.Lease:
		r.Lease = newer(r.Lease, m, c)
	case wire.WorldRecord:
		r.World = newer(r.World, m, c)
	case wire.Quarantined:
		key := wire.QuarantineKey(m)
		r.Quarantine[key] = newer(r.Quarantine[key], m, c)
	case wire.Signed:
		d.Desired = newer(d.Desired, c.Envelope, c)
	case wire.DeviceEntry:
		d.Entry = newer(d.Entry, m, c)
	case wire.DeviceInfo:
		d.Info = newer(d.Info, m, c)
	case wire.Heartbeat:
		d.Heartbeat = newer(d.Heartbeat, m, c)
	case wire.AppState: // that of an empty slot is kept too, so that an older one is seen to be
		if d.States == nil {
			d.States = map[algebra.App]Kept[wire.AppState]{}
		}
		d.States[m.App] = newer(d.States[m.App], m, c)
	case wire.AskState, wire.AskSpec, wire.StateAnswer, wire.SpecAnswer, wire.Refusal, wire.AskLogs, wire.LogsAnswer,
		wire.AskDoctor, wire.DoctorAnswer, wire.AskSecret, wire.SecretAnswer, wire.Unsupported:
		panic(fmt.Sprintf("executor: ChangeOf gave a %s", m.Kind()))
	}
}

// newer is the news, unless what is known is newer.
func newer[T any](have Kept[T], news T, c Change) Kept[T] {
	if c.Revision < have.Revision {
		return have
	}
	return Kept[T]{news, c.Revision, c.At}
}
