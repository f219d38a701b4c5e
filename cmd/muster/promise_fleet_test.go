package main

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/musterfleet/muster/proofs/bench"
)

// TestBenchFleet: what a whole fleet on this machine takes, from muster bench fleet.
func TestBenchFleet(t *testing.T) {
	bench.Start(t)
	rows := [][]string{{"devices", "what they are", "all heard", "plan and review", "all published", "all ran it", "change to applied p50", "p99", "all asked again",
		"broker", "operator", "devices' side", "consumers"}}
	mib := func(n uint64) string { return fmt.Sprintf("%d MiB", n>>20) }
	short := func(seconds float64) string { return bench.Short(time.Duration(seconds * float64(time.Second))) }
	for _, n := range []int{1_000, 10_000, 100_000} {
		out, _ := muster(t, "bench", "fleet", "--devices", fmt.Sprint(n), "-o", "json")
		var r fleetResult
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		what := "agents"
		if r.Shared {
			what = fmt.Sprintf("played over %d connections", r.Connections)
		}
		rows = append(rows, []string{bench.Power(n), what, short(r.Connect), short(r.Plan), short(r.Publish), short(r.Converge), short(r.P50), short(r.P99),
			short(r.Storm), mib(r.Broker), mib(r.Operator), mib(r.Fleet), fmt.Sprint(r.Consumers)})
		if r.Consumers > 4 {
			t.Errorf("%d devices: %d consumers in JetStream; their number is not to grow with the fleet", n, r.Consumers)
		}
	}
	bench.Record(t, bench.Section{Title: "A whole fleet on one machine",
		Text: "`muster bench fleet`: broker, devices and operator are processes of one machine with 2 CPUs, on loopback, and share them; the broker writes to disk.\n" +
			`*agents* are real ones, each with an authenticated connection of its own and a runtime that only remembers; *played* devices share connections:
they ask, follow, verify, report and beat, and there is no agent behind them. The change replaces one app on every device in one wave: from the first write until all desired
states are stored, and until the last device's report that it runs is; *change to applied* is the time between the two on one device, by the store's clock.
*all asked again* is from the broker being back after kill -9 until every device has asked what it is to run and is answered. Memory is resident, after the change.
Target: consumers do not grow with the fleet.`, Rows: rows})
}
