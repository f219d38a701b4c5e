package executor

import (
	"errors"
	"fmt"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

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
