package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// fleetResult is what a bench measured. Times are in seconds, memory in bytes.
type fleetResult struct {
	Devices     int     `json:"devices"`
	Connections int     `json:"connections"`
	Shared      bool    `json:"shared"`
	Connect     float64 `json:"connect"`
	// Plan is planning and review; Publish from the first write of the run until all is published;
	// Converge from there until the last device is reported to run it.
	Plan     float64 `json:"plan"`
	Publish  float64 `json:"publish"`
	Converge float64 `json:"converge"`
	// P50 and P99 are, over devices, from its change being stored to its report being stored.
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	// Storm is from starting the broker again after kill -9 until every device has asked and all are answered.
	Storm     float64 `json:"storm"`
	Broker    uint64  `json:"broker_memory"`
	Operator  uint64  `json:"operator_memory"`
	Fleet     uint64  `json:"fleet_memory"`
	Consumers int     `json:"consumers"`
}

func (b *fleetBench) print() error {
	if b.output.value == "json" {
		return asLines(b.console, slices.Values([]fleetResult{b.result}))
	}
	r := b.result
	mib := func(n uint64) string { return fmt.Sprintf("%d MiB", n>>20) }
	seconds := func(s float64) string {
		return time.Duration(s * float64(time.Second)).Round(time.Millisecond).String()
	}
	what := "agents, each on a connection of its own"
	if r.Shared {
		what = fmt.Sprintf("played, over %s; no agents", cmp.Or(map[int]string{1: "one connection"}[r.Connections], fmt.Sprint(r.Connections, " connections")))
	}
	for _, row := range [][2]string{
		{"devices", fmt.Sprintf("%d %s", r.Devices, what)},
		{"until all were heard", seconds(r.Connect)},
		{"plan and review", seconds(r.Plan)},
		{"until all was published", seconds(r.Publish)},
		{"until all ran it", seconds(r.Converge)},
		{"change to applied", fmt.Sprintf("p50 %s, p99 %s", seconds(r.P50), seconds(r.P99))},
		{"until all asked again", seconds(r.Storm) + " after the broker was started anew"},
		{"memory", fmt.Sprintf("broker %s, operator %s, devices %s", mib(r.Broker), mib(r.Operator), mib(r.Fleet))},
		{"JetStream consumers", fmt.Sprint(r.Consumers)},
	} {
		if _, err := fmt.Fprintf(b.console.out, "%-25s %s\n", row[0], row[1]); err != nil {
			return err
		}
	}
	return nil
}
