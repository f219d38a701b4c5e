package inprocess

import (
	"context"
	"fmt"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
)

// Report stores what a device says of itself, as a hub would: only that of an enrolled device.
func (f *Fleet) Report(from algebra.DeviceID, data []byte) error {
	m, err := wire.Decode(data)
	if err != nil {
		return err
	}
	r, ok := m.(wire.Report)
	if !ok || r.About() != from {
		return fmt.Errorf("device %s: a message of kind %q is no report of it", from, m.Kind())
	}
	if !f.enrolled(from) {
		return fmt.Errorf("device %s: not enrolled", from)
	}
	bucket, key, empty := wire.Place(r)
	_, err = f.put(executor.Record{Bucket: bucket, Key: key, Value: data, Deleted: empty}, nil)
	return err
}

// Ask answers a device's request, an encoded AskState or AskSpec.
func (f *Fleet) Ask(from algebra.DeviceID, request []byte) ([]byte, error) {
	m, err := wire.Decode(request)
	if err != nil {
		return nil, err
	}
	switch m := m.(type) {
	case wire.AskState:
		if !f.enrolled(from) || m.Device != from {
			return refuse(m.Device, m.Nonce, "not enrolled"), nil
		}
		rec, _ := f.get(wire.DesiredBucket, wire.Token(from))
		keys, _ := f.get(wire.KeysetBucket, wire.KeysetKey)
		return wire.Encode(wire.StateAnswer{Device: from, Nonce: m.Nonce, Revision: rec.Revision, State: rec.Value, Keys: keys.Value}), nil
	case wire.AskSpec:
		rec, ok := f.get(wire.SpecsBucket, wire.SpecKey(m.Digest))
		if !ok || !f.enrolled(from) || m.Device != from {
			return refuse(m.Device, m.Nonce, "no deployment "+m.Digest.Short()+" for this device"), nil
		}
		return wire.Encode(wire.SpecAnswer{Device: from, Nonce: m.Nonce, Spec: rec.Value}), nil
	case wire.AskSecret:
		rec, ok := f.get(wire.SecretsBucket, wire.SecretKey(from, m.Name))
		if !f.enrolled(from) || m.Device != from {
			return refuse(m.Device, m.Nonce, "not enrolled"), nil
		}
		answer := wire.SecretAnswer{Device: from, Nonce: m.Nonce}
		if ok {
			answer.Secret = rec.Value
		}
		return wire.Encode(answer), nil
	case wire.Signed, wire.DeviceEntry, wire.DeviceInfo, wire.AppState, wire.Heartbeat, wire.StateAnswer,
		wire.SpecAnswer, wire.Refusal, wire.WorldRecord, wire.Run, wire.Lease, wire.Quarantined,
		wire.AskLogs, wire.LogsAnswer, wire.AskDoctor, wire.DoctorAnswer, wire.SecretAnswer, wire.Unsupported:
		return nil, fmt.Errorf("device %s: a message of kind %q is no request", from, m.Kind())
	}
	panic(fmt.Sprintf("inprocess: unknown message %T", m))
}

func refuse(d algebra.DeviceID, nonce, reason string) []byte {
	return wire.Encode(wire.Refusal{Device: d, Nonce: nonce, Reason: reason})
}

// Serve has answer called with each encoded question to the device, until ctx ends.
func (f *Fleet) Serve(ctx context.Context, device algebra.DeviceID, answer func([]byte) []byte) {
	f.answers.Store(device, answer)
	<-ctx.Done()
	f.answers.Delete(device)
}

// Query puts a question to a device; nil is no answer.
func (f *Fleet) Query(device algebra.DeviceID, question wire.Message) ([]byte, error) {
	answer, ok := f.answers.Load(device)
	if !ok {
		return nil, fmt.Errorf("device %s: not connected", device)
	}
	return answer.(func([]byte) []byte)(wire.Encode(question)), nil
}

// Follow delivers each desired state published to the device from now on, until ctx ends.
func (f *Fleet) Follow(ctx context.Context, device algebra.DeviceID) <-chan []byte {
	out := make(chan []byte)
	at := address{wire.DesiredBucket, wire.Token(device)}
	q := f.watch(at)
	go func() {
		defer close(out)
		defer f.unwatch(at, q)
		for rec := range q.all(ctx) {
			select {
			case out <- rec.Value:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

func (f *Fleet) enrolled(d algebra.DeviceID) bool {
	rec, ok := f.get(wire.DevicesBucket, wire.Token(d))
	if !ok {
		return false
	}
	m, err := wire.Decode(rec.Value)
	entry, ok := m.(wire.DeviceEntry)
	return err == nil && ok && entry.Lifecycle.Served()
}
