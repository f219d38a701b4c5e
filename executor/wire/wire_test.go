package wire_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

var (
	d1     = algebra.MustDeviceID("d1.example.org")
	d2     = algebra.MustDeviceID("d2")
	web    = algebra.MustApp("web")
	digest = algebra.DigestOf([]byte("web"))
)

// keyFrom makes the same key in each run.
func keyFrom(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

func state() wire.DesiredState {
	return wire.DesiredState{Device: d1, Generation: 1, Plan: digest, Apps: map[algebra.App]wire.App{
		web: {Version: algebra.MustVersion("1.10"), Digest: digest, Values: algebra.Values{"label:site": "a<b"}},
	}}
}

func TestOpenTakesWhatSignMade(t *testing.T) {
	key := keyFrom(1)
	v, err := wire.Sign(key, state())
	if err != nil {
		t.Fatal(err)
	}
	opened, err := wire.Open(v.Raw(), d1, wire.NewKeyring(public(keyFrom(2)), public(key)))
	if err != nil {
		t.Fatal(err)
	}
	if opened.Digest() != v.Digest() || opened.State().Generation != 1 {
		t.Errorf("opened %+v, want %+v", opened, v)
	}
	want := algebra.Release{Version: algebra.MustVersion("1.10"), Deployment: digest, Values: algebra.Values{"label:site": "a<b"}.Digest()}
	if have := opened.State().Releases()[web]; have != want {
		t.Errorf("release %v, want %v", have, want)
	}
	claimed, at, err := wire.Claimed(v.Raw())
	if err != nil || at != v.Digest() || claimed.Device != d1 {
		t.Errorf("claimed %+v %v %v", claimed, at, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	key := keyFrom(1)
	ring := wire.NewKeyring(public(key))
	good, err := wire.Sign(key, state())
	if err != nil {
		t.Fatal(err)
	}
	var m wire.Signed
	if err := json.Unmarshal(good.Raw(), &m); err != nil {
		t.Fatal(err)
	}
	changed := m
	changed.Payload = bytes.Replace(m.Payload, []byte(`"1.10"`), []byte(`"1.11"`), 1)
	for name, c := range map[string]struct {
		data   []byte
		device algebra.DeviceID
		keys   wire.Keyring
		want   error
		text   string
	}{
		"another device":    {good.Raw(), d2, ring, wire.ErrWrongDevice, "desired state of d2: signed for another device: d1.example.org"},
		"a key not trusted": {good.Raw(), d1, wire.NewKeyring(public(keyFrom(2))), wire.ErrUnknownKey, "not trusted"},
		"no key":            {good.Raw(), d1, nil, wire.ErrUnknownKey, "not trusted"},
		"changed payload":   {wire.Encode(changed), d1, ring, wire.ErrBadSignature, "does not fit"},
		"unsigned payload":  {m.Payload, d1, ring, nil, `not signed: a message of kind "DesiredState"`},
		"no JSON":           {[]byte("x"), d1, ring, nil, "invalid character"},
		"nothing":           {nil, d1, ring, nil, "unexpected end"},
		"signed otherwise": {wire.Encode(wire.Signed{Payload: m.Payload, Key: m.Key, Signature: ed25519.Sign(key, m.Payload)}),
			d1, ring, wire.ErrBadSignature, "does not fit"},
	} {
		_, err := wire.Open(c.data, c.device, c.keys)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v, want %q", name, err, c.text)
		}
	}
}

func TestSignRefusesWhatIsNotComplete(t *testing.T) {
	for name, edit := range map[string]func(*wire.DesiredState){
		"no device":             func(s *wire.DesiredState) { s.Device = algebra.DeviceID{} },
		"generation 0":          func(s *wire.DesiredState) { s.Generation = 0 },
		"first with a previous": func(s *wire.DesiredState) { s.Previous = digest },
		"app without a digest":  func(s *wire.DesiredState) { s.Apps[web] = wire.App{Version: algebra.MustVersion("1")} },
		"too large": func(s *wire.DesiredState) {
			s.Apps[web] = wire.App{Version: algebra.MustVersion("1"), Digest: digest, Values: algebra.Values{"x": strings.Repeat("x", wire.MaxSize)}}
		},
	} {
		s := state()
		edit(&s)
		if _, err := wire.Sign(keyFrom(1), s); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
	empty := wire.DesiredState{Device: d1, Generation: 1}
	if v, err := wire.Sign(keyFrom(1), empty); err != nil || v.State().Apps == nil {
		t.Errorf("a device that shall run nothing: %v", err)
	}
}

// TestPayloadText fixes the canonical form: a change of it breaks every agent in the field.
func TestPayloadText(t *testing.T) {
	v, err := wire.Sign(keyFrom(1), state())
	if err != nil {
		t.Fatal(err)
	}
	var m wire.Signed
	if err := json.Unmarshal(v.Raw(), &m); err != nil {
		t.Fatal(err)
	}
	want := `{"kind":"DesiredState","device":"d1.example.org","generation":1,"plan":"` + digest.String() +
		`","apps":{"web":{"version":"1.10","digest":"` + digest.String() + `","values":{"label:site":"a\u003cb"}}}}`
	if string(m.Payload) != want {
		t.Errorf("payload\n%s, want\n%s", m.Payload, want)
	}
}

func TestDecode(t *testing.T) {
	for text, want := range map[string]string{
		`{"kind":"Heartbeat","device":"d1","sequence":1,"later":true}`:            "",
		`{"kind":"Later","device":7}`:                                             "",
		`{"kind":"Heartbeat","device":"d1"}`:                                      "message Heartbeat: sequence is required",
		`{"kind":"Heartbeat","device":"D1","sequence":1}`:                         `device id "D1"`,
		`{"kind":"AppState","device":"d1","app":"web","phase":"Gone"}`:            `phase "Gone"`,
		`{"kind":"AppState","device":"d1","app":"web","running":{"version":"1"}}`: "running needs version, deployment and values",
		`{"kind":"DeviceEntry","device":"d1","lifecycle":"lost"}`:                 `lifecycle "lost"`,
		`{}`:    "message: no kind",
		`[]`:    "cannot unmarshal array",
		`{"kin`: "unexpected end",
		`{"kind":"Later","x":"` + strings.Repeat("x", wire.MaxSize) + `"}`: "at most 1048576 are read",
	} {
		m, err := wire.Decode([]byte(text))
		switch {
		case want == "" && err != nil:
			t.Errorf("%.60s: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%.60s: %v, %v, want %q", text, m, err, want)
		}
	}
	m, err := wire.Decode([]byte(`{"kind":"Later","device":7}`))
	u, ok := m.(wire.Unsupported)
	if err != nil || !ok || u.Kind() != "Later" || string(wire.Encode(u)) != `{"kind":"Later","device":7}` {
		t.Errorf("an unknown kind is %#v, %v", m, err)
	}
}

func TestKeys(t *testing.T) {
	if have := wire.StateKey(d1, web); have != "d1=example=org.web" {
		t.Errorf("state key %q", have)
	}
	if d, a, err := wire.ParseStateKey("d1=example=org.web"); err != nil || d != d1 || a != web {
		t.Errorf("parsed %v %v %v", d, a, err)
	}
	for _, bad := range []string{"", "d1", "d1.", ".web", "d1.web.x", "d1.we=b"} {
		if _, _, err := wire.ParseStateKey(bad); err == nil {
			t.Errorf("key %q was read", bad)
		}
	}
	if d, err := wire.ParseRequestSubject(wire.RequestSubject(d1)); err != nil || d != d1 {
		t.Errorf("request subject: %v, %v", d, err)
	}
}
