package main

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/musterfleet/muster/algebra/invented"
)

func BenchmarkIndexRoster(b *testing.B) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	for d := range invented.Devices(100_000) {
		if err := enc.Encode(d); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		if _, _, err := indexRoster("roster", bytes.NewReader(text.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzRosterLine checks that what is read quickly is read the same in full.
func FuzzRosterLine(f *testing.F) {
	for _, line := range []string{
		`{"id":"a"}`, `{"id":"a","labels":{},"facts":{}}`, `{ "id" : "a" , "labels" : { "x" : "1" } }`, `{"labels":{"x":"1"},"id":"a"}`,
		`{"id":"a","id":"b"}`, `{"id":"a","labels":{"x":"1","x":"2"}}`, `{"id":"a","labels":{"":"1"}}`, `{"id":"a","labels":{"x":"\u0041"}}`,
		`{"id":"a","labels":{"x":"ä"}}`, `{"id":"a","labels":null}`, `{"id":"a","labels":{"x":1}}`, `{"id":"a"} `, `{"id":"a"}{`, `{"id":"A"}`,
		`{"id":"a",}`, `{"id":"a" "labels":{}}`, `{"id":"a","labels":{"x":"1",}}`, `{"ID":"a"}`, `{}`, `{"id":""}`, "{\"id\":\"a\",\"labels\":{\"x\":\"\x7f\"}}",
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		quick, ok := newQuickLine().device(bytes.Clone(line))
		if !ok {
			return
		}
		full, why, _ := rosterDevice(line)
		if full.Labels == nil {
			full.Labels = map[string]string{}
		}
		if full.Facts == nil {
			full.Facts = map[string]string{}
		}
		if why != "" || !reflect.DeepEqual(quick, full) {
			t.Errorf("%s reads quickly as %v, in full as %v, %s", line, quick, full, why)
		}
	})
}
