package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/musterfleet/muster/proofs/bench"
)

// TestBenchFleet: what a whole fleet on this machine takes, from muster bench fleet. The section is
// written anew after each size, so that one which does not come to its end takes no other with it.
func TestBenchFleet(t *testing.T) {
	bench.Start(t)
	rows := [][]string{{"devices", "what they are", "all heard", "plan and review", "all published", "all ran it", "change to applied p50", "p99", "all asked again",
		"broker", "operator", "devices' side", "consumers"}}
	for _, n := range []int{1_000, 10_000, mostAgents, 100_000} {
		r, err := benchFleet(n)
		if err != nil {
			t.Errorf("%d devices: %v", n, err)
			rows = append(rows, append([]string{bench.Power(n), "it did not come to its end"}, make([]string, len(rows[0])-2)...))
		} else {
			rows = append(rows, fleetRow(r))
		}
		if r.Consumers > 4 {
			t.Errorf("%d devices: %d consumers in JetStream; their number is not to grow with the fleet", n, r.Consumers)
		}
		bench.Record(t, bench.Section{Title: "A whole fleet on one machine", Text: fleetText, Rows: rows})
	}
}

func benchFleet(devices int) (r fleetResult, err error) {
	cmd := exec.Command("muster", "bench", "fleet", "--devices", fmt.Sprint(devices), "-o", "json")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &r)
	}
	return r, err
}

func fleetRow(r fleetResult) []string {
	mib := func(n uint64) string { return fmt.Sprintf("%d MiB", n>>20) }
	short := func(seconds float64) string { return bench.Short(time.Duration(seconds * float64(time.Second))) }
	what := "agents"
	if r.Shared {
		what = fmt.Sprintf("played over %d connections", r.Connections)
	}
	return []string{bench.Power(r.Devices), what, short(r.Connect), short(r.Plan), short(r.Publish), short(r.Converge), short(r.P50), short(r.P99),
		short(r.Storm), mib(r.Broker), mib(r.Operator), mib(r.Fleet), fmt.Sprint(r.Consumers)}
}

var fleetText = fmt.Sprintf("`muster bench fleet`"+`: broker, devices and operator are processes of one machine with 2 CPUs, on loopback, and share them; the broker writes to disk.
*agents* are real ones, each with an authenticated connection of its own and a runtime that only remembers; %d are as many as the broker may have files open
where the limit is 20,000, with room for its own. *played* devices share connections: they ask, follow, verify, report and beat, and there is no agent behind them.
The change replaces one app on every device in one wave: from the first write until all desired states are stored, and until the last device's report that it runs
is; *change to applied* is the time between the two on one device, by the store's clock. *all asked again* is from starting the broker again after kill -9 until every
device has asked what it is to run and all are answered. Memory is resident, after the change. Target: consumers do not grow with the fleet.`, mostAgents)
