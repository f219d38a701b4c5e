package wire_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

const seed = 20261123

func parameters(t *testing.T) *gopter.TestParameters {
	t.Logf("seed %d", seed)
	p := gopter.DefaultTestParametersWithSeed(seed)
	p.MinSuccessfulTests, p.MinSize, p.MaxSize = 500, 1, 8
	return p
}

// ids generates ids of few letters and labels, so that some are prefixes of others.
func ids() gopter.Gen {
	return gen.SliceOfN(3, gen.OneConstOf("d", "d1", "1", "d-1", "host")).Map(func(labels []string) algebra.DeviceID {
		return algebra.MustDeviceID(strings.Join(labels[:1+len(labels[0])%3], "."))
	})
}

// tokenLaw: a token has no dot, it is injective, and ParseToken takes it back.
func tokenLaw(token func(algebra.DeviceID) string) func(a, b algebra.DeviceID) bool {
	return func(a, b algebra.DeviceID) bool {
		back, err := wire.ParseToken(token(a))
		return err == nil && back == a && (a == b) == (token(a) == token(b)) &&
			!strings.ContainsAny(token(a), ".*> ")
	}
}

func TestTokenIsInjective(t *testing.T) {
	dotted := 0
	law := tokenLaw(wire.Token)
	p := gopter.NewProperties(parameters(t))
	p.Property("ParseToken(Token(d)) = d, one token", prop.ForAll(func(a, b algebra.DeviceID) bool {
		if strings.Contains(a.String(), ".") {
			dotted++
		}
		return law(a, b)
	}, ids(), ids()))
	p.TestingRun(t)
	if dotted < 100 {
		t.Errorf("only %d of 500 ids had a dot", dotted)
	}
}

func TestTokenLawCatchesPlantedBugs(t *testing.T) {
	a, b := algebra.MustDeviceID("d.1"), algebra.MustDeviceID("d-1")
	for name, token := range map[string]func(algebra.DeviceID) string{
		"dots kept":      func(d algebra.DeviceID) string { return d.String() },
		"dots to hyphen": func(d algebra.DeviceID) string { return strings.ReplaceAll(d.String(), ".", "-") },
	} {
		if tokenLaw(token)(a, b) {
			t.Errorf("%s: not caught", name)
		}
	}
}

func TestReportSubjectsFollowFromContent(t *testing.T) {
	p := gopter.NewProperties(parameters(t))
	p.Property("reports have equal subjects iff device, kind and app are equal", prop.ForAll(func(a, b algebra.DeviceID) bool {
		return subjectLaw(wire.Report.Subject, a, b)
	}, ids(), ids()))
	p.Property("Decode(Encode(m)) = m", prop.ForAll(func(d algebra.DeviceID, text string) bool {
		for _, m := range messages(d, text) {
			back, err := wire.Decode(wire.Encode(m))
			if err != nil || !reflect.DeepEqual(back, m) {
				t.Logf("%#v came back as %#v, %v", m, back, err)
				return false
			}
		}
		return true
	}, ids(), gen.AnyString().Map(func(s string) string { return strings.ToValidUTF8(s, "?") + "x" })))
	p.TestingRun(t)
}

// subjectLaw: a subject tells whose report it is, of which kind, and of which app.
func subjectLaw(subject func(wire.Report) string, a, b algebra.DeviceID) bool {
	for i, x := range reports(a) {
		for j, y := range reports(b) {
			if (subject(x) == subject(y)) != (a == b && i == j) {
				return false
			}
		}
	}
	return true
}

func TestReportLawCatchesPlantedBugs(t *testing.T) {
	a, b := algebra.MustDeviceID("d1"), algebra.MustDeviceID("d1.host")
	for name, subject := range map[string]func(wire.Report) string{
		"an app called info": func(r wire.Report) string { return strings.Replace(r.Subject(), ".state.", ".", 1) },
		"no device":          func(r wire.Report) string { return r.Subject()[strings.LastIndex(r.Subject(), "."):] + r.Kind() },
	} {
		if subjectLaw(subject, a, a) && subjectLaw(subject, a, b) {
			t.Errorf("%s: not caught", name)
		}
	}
}

func reports(d algebra.DeviceID) []wire.Report {
	return []wire.Report{
		wire.DeviceInfo{Device: d}, wire.Heartbeat{Device: d, Sequence: 1},
		wire.AppState{Device: d, App: algebra.MustApp("web")}, wire.AppState{Device: d, App: algebra.MustApp("info")},
	}
}

func messages(d algebra.DeviceID, text string) []wire.Message {
	digest := algebra.DigestOf([]byte(text))
	r := algebra.Release{Version: algebra.MustVersion("1.10"), Deployment: digest, Values: digest}
	return []wire.Message{
		wire.DeviceInfo{Device: d, Facts: map[string]string{"arch": text}},
		wire.AppState{Device: d, App: algebra.MustApp("web"), Phase: algebra.Failed, Running: wire.RunningOf(r), LastError: text, Restarts: 2},
		wire.AppState{Device: d, App: algebra.MustApp("web")},
		wire.Heartbeat{Device: d, Sequence: 3, Uptime: 60},
		wire.DeviceEntry{Device: d, Labels: map[string]string{"site": text}, Lifecycle: wire.Enrolled, SetBy: text},
		wire.AskState{Device: d, Nonce: text}, wire.AskSpec{Device: d, Nonce: text, Digest: digest},
		wire.StateAnswer{Device: d, Nonce: text}, wire.StateAnswer{Device: d, Nonce: text, Revision: 7, State: []byte(`{"kind":"Signed"}`)},
		wire.SpecAnswer{Device: d, Nonce: text, Spec: []byte(text)}, wire.Refusal{Device: d, Nonce: text, Reason: text},
		wire.WorldRecord{World: digest, Owner: text, Held: true},
		wire.Signed{Payload: []byte(text), Key: text, Signature: []byte(text)},
		wire.Unsupported{Name: "Later", Raw: fmt.Appendf(nil, `{"kind":"Later","text":%q}`, "x")},
	}
}

func FuzzToken(f *testing.F) {
	f.Add("d1=host=example=org")
	f.Add("d1.host")
	f.Fuzz(func(t *testing.T, token string) {
		if d, err := wire.ParseToken(token); err == nil && wire.Token(d) != token {
			t.Errorf("%q is read as %s, whose token is %q", token, d, wire.Token(d))
		}
		if d, err := algebra.ParseDeviceID(token); err == nil && !tokenLaw(wire.Token)(d, d) {
			t.Errorf("device %s", d)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, m := range messages(algebra.MustDeviceID("d1.example.org"), "x") {
		f.Add(wire.Encode(m))
	}
	f.Add([]byte(`{"kind":"Heartbeat","device":"d1","sequence":1,"later":{"a":[1]}}`))
	f.Add([]byte(`{"kind":"AppState","device":"d1","app":"web","since":"2026-11-23T22:00:00+23:59"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := wire.Decode(data)
		if err != nil {
			return
		}
		again, err := wire.Decode(wire.Encode(m))
		if err != nil {
			t.Fatalf("%q decodes to %#v, whose encoding does not: %v", data, m, err)
		}
		if m.Kind() != again.Kind() {
			t.Errorf("kind %q became %q", m.Kind(), again.Kind())
		}
	})
}
