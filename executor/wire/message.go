package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/musterfleet/muster/algebra"
)

// MaxSize is the greatest message that is read, the payload limit of a NATS server.
const MaxSize = 1 << 20

// Message is what travels. Its variants are exactly these: Signed, DeviceEntry, DeviceInfo,
// AppState, Heartbeat, AskState, AskSpec, AskSecret, StateAnswer, SpecAnswer, SecretAnswer, AskLogs,
// LogsAnswer, AskDoctor, DoctorAnswer, Refusal, WorldRecord, Run, Lease, Quarantined and Unsupported.
//
//sumtype:decl
type Message interface {
	// Kind is the text that names the variant on the wire.
	Kind() string
	check() error // sealed
}

// Unsupported is a message of a kind this build does not know, as it came.
type Unsupported struct {
	Name string
	Raw  []byte
}

// Kind is the unknown kind.
func (m Unsupported) Kind() string { return m.Name }

// Refuse answers a question of a kind this build does not know, so that who asks, being newer, need
// not wait in vain; false: it is no question.
func (m Unsupported) Refuse() (Refusal, bool) {
	var head struct {
		Device algebra.DeviceID `json:"device"`
		Nonce  string           `json:"nonce"`
	}
	if json.Unmarshal(m.Raw, &head) != nil || head.Device.IsZero() || head.Nonce == "" {
		return Refusal{}, false
	}
	return Refusal{Device: head.Device, Nonce: head.Nonce, Reason: "a question of kind " + m.Name + " is not known to this version"}, true
}

// Encode writes a message. It panics on one that lacks what its kind requires: that is a bug
// of the sender, and Decode would refuse it at the other end.
func Encode(m Message) []byte {
	if err := m.check(); err != nil {
		panic("wire: " + err.Error())
	}
	if u, ok := m.(Unsupported); ok {
		return u.Raw
	}
	return encodeKind("", m.Kind(), m)
}

// encodeKind writes a struct with its kind as the first field, after a prefix.
func encodeKind(prefix, kind string, v any) []byte {
	b := scratch.Get().(*bytes.Buffer)
	defer scratch.Put(b)
	b.Reset()
	b.WriteString(prefix)
	b.WriteString(`{"kind":"`)
	b.WriteString(kind)
	b.WriteByte('"')
	brace := b.Len()
	if err := json.NewEncoder(b).Encode(v); err != nil {
		panic("wire: " + kind + ": " + err.Error()) // structs of strings and numbers always encode
	}
	b.Bytes()[brace] = ','                    // there is a field after it: each kind requires one
	return bytes.Clone(b.Bytes()[:b.Len()-1]) // without the newline
}

// scratch is where messages are written: a fleet is published to at some ten thousand a second, and
// each copy less is garbage less.
var scratch = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Decode reads a message. A kind it does not know gives Unsupported and no error; unknown
// fields are ignored; what is no JSON object, has no kind, lacks a required field or is greater
// than MaxSize is an error.
func Decode(data []byte) (Message, error) {
	kind, err := kindOf(data)
	if err != nil {
		return nil, err
	}
	switch kind {
	case Signed{}.Kind():
		return decode[Signed](data)
	case DeviceEntry{}.Kind():
		return decode[DeviceEntry](data)
	case DeviceInfo{}.Kind():
		return decode[DeviceInfo](data)
	case AppState{}.Kind():
		return decode[AppState](data)
	case Heartbeat{}.Kind():
		return decode[Heartbeat](data)
	case AskState{}.Kind():
		return decode[AskState](data)
	case AskSpec{}.Kind():
		return decode[AskSpec](data)
	case StateAnswer{}.Kind():
		return decode[StateAnswer](data)
	case SpecAnswer{}.Kind():
		return decode[SpecAnswer](data)
	case AskSecret{}.Kind():
		return decode[AskSecret](data)
	case SecretAnswer{}.Kind():
		return decode[SecretAnswer](data)
	case AskLogs{}.Kind():
		return decode[AskLogs](data)
	case LogsAnswer{}.Kind():
		return decode[LogsAnswer](data)
	case AskDoctor{}.Kind():
		return decode[AskDoctor](data)
	case DoctorAnswer{}.Kind():
		return decode[DoctorAnswer](data)
	case Refusal{}.Kind():
		return decode[Refusal](data)
	case WorldRecord{}.Kind():
		return decode[WorldRecord](data)
	case Run{}.Kind():
		return decode[Run](data)
	case Lease{}.Kind():
		return decode[Lease](data)
	case Quarantined{}.Kind():
		return decode[Quarantined](data)
	}
	return Unsupported{Name: kind, Raw: append([]byte(nil), data...)}, nil
}

func decode[M Message](data []byte) (Message, error) {
	var m M
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("message %s: %w", m.Kind(), err)
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	return m, nil
}

func kindOf(data []byte) (string, error) {
	if len(data) > MaxSize {
		return "", fmt.Errorf("message: %d bytes, at most %d are read", len(data), MaxSize)
	}
	var head struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return "", fmt.Errorf("message: %w", err)
	}
	if head.Kind == "" {
		return "", errors.New("message: no kind")
	}
	return head.Kind, nil
}

func (m Unsupported) check() error {
	if kind, err := kindOf(m.Raw); err != nil || kind != m.Name {
		return fmt.Errorf("message of unsupported kind %q: its bytes are of kind %q", m.Name, kind)
	}
	return nil
}

// required names the first of a kind's required fields that is missing.
func required(kind string, fields ...field) error {
	for _, f := range fields {
		if f.missing {
			return fmt.Errorf("message %s: %s is required", kind, f.name)
		}
	}
	return nil
}

type field struct {
	name    string
	missing bool
}
