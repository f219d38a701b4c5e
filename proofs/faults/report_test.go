package faults_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/proofs/bench"
)

// report is a table of proofs/FAULTS.md.
type report struct {
	began time.Time
	load  string // as it began
	rows  [][]string
}

func newReport() *report {
	return &report{began: time.Now(), load: load(), rows: [][]string{{"what fails", "how", "outcome", "time"}}}
}

// load is how many processes wait for the CPUs of this machine, over the last minute.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

func (r *report) row(what, how, outcome string, took time.Duration) {
	r.rows = append(r.rows, []string{what, how, outcome, fmt.Sprintf("%.1f s", took.Seconds())})
}

// none says why a fault could not be had on this machine.
func (r *report) none(what, how string, why error) {
	r.rows = append(r.rows, []string{what, how, "not tried: " + why.Error(), ""})
}

// record writes the table in a soak, and what else there is to say, if the test passed.
func (r *report) record(t *testing.T, title, text string) {
	if !soak || *only != "" || t.Failed() {
		return
	}
	text += fmt.Sprintf("\n\nAll of it took %s; the load of the machine was %s as it began and %s as it ended, on %d CPUs.",
		time.Since(r.began).Round(time.Second), r.load, load(), runtime.NumCPU())
	bench.Record(t, bench.Section{Title: title, Text: text, Rows: r.rows, File: "FAULTS.md",
		Command: "MUSTER_SOAK=1 go test -count=1 -v -timeout 60m -run '^" + t.Name() + "$' ./proofs/faults"})
}
