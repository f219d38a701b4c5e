package executor

import (
	"cmp"
	"errors"
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

// Record is a key of a bucket as a transport finds it.
type Record struct {
	Bucket, Key string
	Value       []byte
	Revision    uint64
	At          time.Time
	Deleted     bool
}

// Change is news of one device, a DeviceEntry, DeviceInfo, AppState, Heartbeat or Signed, or of
// the fleet, a Run, Lease, Quarantined or WorldRecord, which has no Device.
type Change struct {
	Device  algebra.DeviceID
	Message wire.Message
	// Envelope is a desired state as it is stored, to be read by wire.Open; its Message is an
	// empty Signed, since to look into it is up to who has the keys.
	Envelope []byte
	Revision uint64
	At       time.Time
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

// ChangeOf reads a record of those that Read takes. The content must be of the device, and app,
// that the key names; a deleted app state is the empty slot's. A desired state is not opened.
func ChangeOf(rec Record) (Change, error) {
	c := Change{Revision: rec.Revision, At: rec.At}
	var err error
	switch rec.Bucket {
	case wire.DevicesBucket:
		var m wire.DeviceEntry
		m, err = messageOf[wire.DeviceEntry](rec)
		c.Device, c.Message = m.Device, m
	case wire.InfoBucket:
		var m wire.DeviceInfo
		m, err = messageOf[wire.DeviceInfo](rec)
		c.Device, c.Message = m.Device, m
	case wire.HeartbeatBucket:
		var m wire.Heartbeat
		m, err = messageOf[wire.Heartbeat](rec)
		c.Device, c.Message = m.Device, m
	case wire.RunsBucket:
		c.Message, err = messageOf[wire.Run](rec)
		return c, err
	case wire.LeasesBucket:
		c.Message, err = messageOf[wire.Lease](rec)
		return c, err
	case wire.WorldBucket:
		c.Message, err = messageOf[wire.WorldRecord](rec)
		return c, err
	case wire.QuarantineBucket:
		c.Message, err = messageOf[wire.Quarantined](rec)
		return c, err
	case wire.DesiredBucket:
		c.Device, err = wire.ParseToken(rec.Key)
		if err == nil && rec.Deleted {
			err = errors.New("it was deleted, which publishes nothing")
		}
		c.Message, c.Envelope = wire.Signed{}, rec.Value
		return c, err
	case wire.StateBucket:
		id, app, err := wire.ParseStateKey(rec.Key)
		if err != nil {
			return Change{}, err
		}
		m := wire.AppState{Device: id, App: app}
		if !rec.Deleted {
			if m, err = messageOf[wire.AppState](rec); err != nil {
				return Change{}, err
			}
		}
		if m.Device != id || m.App != app {
			return Change{}, fmt.Errorf("it is of %s on %s", m.App, m.Device)
		}
		c.Device, c.Message = id, m
		return c, nil
	default:
		return Change{}, fmt.Errorf("bucket %s: no part of the fleet's records", rec.Bucket)
	}
	if err != nil {
		return Change{}, err
	}
	if wire.Token(c.Device) != rec.Key {
		return Change{}, fmt.Errorf("it is of %s", c.Device)
	}
	return c, nil
}

func messageOf[M wire.Message](rec Record) (M, error) {
	var none M
	m, err := wire.Decode(rec.Value)
	if err != nil {
		return none, err
	}
	if want, ok := m.(M); ok {
		return want, nil
	}
	return none, fmt.Errorf("a message of kind %q, want %s", m.Kind(), none.Kind())
}

// Put is the record a write makes, and the revision it requires.
func Put(w Write) (rec Record, revision uint64) {
	switch w := w.(type) {
	case SetDesired:
		return Record{Bucket: wire.DesiredBucket, Key: wire.Token(w.State.State().Device), Value: w.State.Raw()}, w.Revision
	case SetEntry:
		return Record{Bucket: wire.DevicesBucket, Key: wire.Token(w.Entry.Device), Value: wire.Encode(w.Entry)}, w.Revision
	case SetWorld:
		return Record{Bucket: wire.WorldBucket, Key: wire.WorldKey, Value: wire.Encode(w.Record)}, w.Revision
	case SetRun:
		return Record{Bucket: wire.RunsBucket, Key: w.Run.ID, Value: wire.Encode(w.Run)}, w.Revision
	case SetLease:
		return Record{Bucket: wire.LeasesBucket, Key: wire.LeaseKey, Value: wire.Encode(w.Lease)}, w.Revision
	case SetQuarantine:
		return Record{Bucket: wire.QuarantineBucket, Key: wire.QuarantineKey(w.Record), Value: wire.Encode(w.Record)}, w.Revision
	case PutPlan:
		return Record{Bucket: wire.PlansBucket, Key: wire.PlanKey(w.Sealed, w.Part), Value: w.Data}, 0
	case PutSpec:
		return Record{Bucket: wire.SpecsBucket, Key: wire.SpecKey(w.Deployment.Digest()), Value: w.Deployment.Canonical()}, 0
	}
	panic(fmt.Sprintf("executor: unknown write %T", w))
}
