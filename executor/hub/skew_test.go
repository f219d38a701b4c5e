package hub_test

import (
	"bytes"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/executortest"
	"github.com/musterfleet/muster/executor/wire"
)

// TestOlderAgentIsServed: whatever an agent of the version before reports is stored as it came, and
// whatever it asks is answered.
func TestOlderAgentIsServed(t *testing.T) {
	text, err := os.ReadFile("../wire/testdata/older.ndjson")
	must(t, err)
	s, tr, _ := fleet(t, 1)
	own, err := s.Connect()
	must(t, err)
	defer own.Close()
	js, err := jetstream.New(own)
	must(t, err)
	older := algebra.MustDeviceID("d1.example.org")
	set(t, tr, executortest.Entry(older), 0)
	nc := deviceConn(t, s, older)
	reports, questions := 0, []string{}
	for _, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
		m, err := wire.Decode(line)
		must(t, err)
		switch m := m.(type) {
		case wire.Report:
			reports++
			bucket, key, _ := wire.Place(m)
			kv, err := js.KeyValue(t.Context(), bucket)
			must(t, err)
			for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
				must(t, nc.Publish(m.Subject(), line)) // until the hub has heard of the device
				if e, err := kv.Get(t.Context(), key); err == nil && bytes.Equal(e.Value(), line) {
					break
				}
				if time.Now().After(end) {
					t.Fatalf("not stored: %s", line)
				}
			}
		case wire.AskState, wire.AskSpec, wire.AskSecret:
			raw, err := nc.Request(wire.RequestSubject(older), line, 5*time.Second)
			must(t, err)
			answer, err := wire.Decode(raw.Data)
			must(t, err)
			questions = append(questions, answer.Kind())
		}
	}
	// Of the deployment that is asked for there is none.
	if reports != 11 || !slices.Equal(questions, []string{"StateAnswer", "Refusal", "SecretAnswer"}) {
		t.Errorf("%d reports, and questions are answered by %q", reports, questions)
	}
}
