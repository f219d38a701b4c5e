package wire_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"reflect"
	"strings"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// goldenKey signs what is signed in the goldens. It is no secret.
var goldenKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

// fullest are messages of all kinds with all fields filled, and of each enum all values. A field is
// filled by its type and name alone, so that another version fills what it has with the same.
func fullest() (lines [][]byte) {
	for _, m := range []wire.Message{
		wire.DeviceEntry{}, wire.DeviceInfo{}, wire.AppState{}, wire.Heartbeat{}, wire.AskState{}, wire.AskSpec{}, wire.StateAnswer{}, wire.SpecAnswer{},
		wire.AskSecret{}, wire.SecretAnswer{}, wire.AskLogs{}, wire.LogsAnswer{}, wire.AskDoctor{}, wire.DoctorAnswer{}, wire.Refusal{},
		wire.WorldRecord{}, wire.Run{}, wire.Lease{}, wire.Quarantined{},
	} {
		lines = append(lines, wire.Encode(filled(m)))
	}
	for _, m := range []wire.Message{filled(wire.AppState{}), filled(wire.DeviceEntry{}), filled(wire.Run{})} {
		for n := uint8(1); ; n++ {
			v := reflect.New(reflect.TypeOf(m)).Elem()
			v.Set(reflect.ValueOf(m))
			switch m.(type) {
			case wire.AppState:
				v.FieldByName("Phase").SetUint(uint64(n))
			case wire.DeviceEntry:
				v.FieldByName("Lifecycle").SetUint(uint64(n))
			case wire.Run:
				v.FieldByName("Status").SetUint(uint64(n))
				v.FieldByName("Lanes").Set(reflect.ValueOf([]wire.Lane{{Rollout: "r", State: wire.LaneState(min(n, uint8(wire.LaneRolledBack)))}}))
			}
			line := wire.Encode(v.Interface().(wire.Message))
			if _, err := wire.Decode(line); err != nil {
				break // no value of that number
			}
			lines = append(lines, line)
		}
	}
	state, err := wire.Sign(goldenKey, filled(wire.DesiredState{}))
	keys, err2 := wire.SignKeyset(goldenKey, filled(wire.Keyset{}))
	secret, err3 := wire.SignSecret(goldenKey, filled(wire.Secret{}))
	for _, err := range []error{err, err2, err3} {
		if err != nil {
			panic(err)
		}
	}
	return append(lines, state.Raw(), keys, secret)
}

func filled[T any](v T) T {
	at := reflect.New(reflect.TypeOf(v)).Elem()
	fill(at, "")
	return at.Interface().(T)
}

func fill(v reflect.Value, name string) {
	switch v.Interface().(type) {
	case algebra.DeviceID:
		v.Set(reflect.ValueOf(d1))
	case algebra.App:
		v.Set(reflect.ValueOf(web))
	case algebra.Version:
		v.Set(reflect.ValueOf(algebra.MustVersion("1.10")))
	case algebra.Digest:
		v.Set(reflect.ValueOf(algebra.DigestOf([]byte(name))))
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 11, 26, 12, 0, 0, 5, time.UTC)))
	case time.Duration:
		v.SetInt(int64(3 * time.Second))
	case json.RawMessage:
		v.SetBytes([]byte(`{"kind":"Signed"}`))
	case ed25519.PublicKey:
		v.SetBytes(goldenKey.Public().(ed25519.PublicKey))
	case wire.SecretUse:
		v.SetString(string(wire.ForRegistry))
	case wire.Condition:
		v.SetString(string(wire.Doubt))
	default:
		fillKind(v, name)
	}
}

func fillKind(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			key, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			fill(v.Field(i), key)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(name))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, name)
		fill(value, name)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString(name)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8: // an enum
		v.SetUint(2)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(numbered(name)))
	case reflect.Uint64:
		v.SetUint(numbered(name))
	default:
		panic(fmt.Sprintf("%s is of %s: say what it is filled with", name, v.Type()))
	}
}

// numbered is a number from 2 that follows from a name.
func numbered(name string) uint64 {
	h := fnv.New32()
	_, _ = h.Write([]byte(name))
	return 2 + uint64(h.Sum32()%1000)
}
