package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra/invented"
	"github.com/musterfleet/muster/proofs/bench"
)

// fiveTerms is the query of the benchmarks.
const fiveTerms = `arch = aarch64 & label("env") = "prod" & label("ring") in ("0", "1", "2") & label("role") != "sensor" & !has(label("hold"))`

// TestBenchQuery measures muster query as a process, from its start to its end.
func TestBenchQuery(t *testing.T) {
	bench.Start(t)
	rows := [][]string{{"devices", "--roster FILE", "its size", "--snapshot FILE", "its size", "memory of the latter", "found"}}
	for _, n := range bench.Sizes(t, 800) {
		dir := t.TempDir()
		roster, snap := filepath.Join(dir, "devices.jsonl"), filepath.Join(dir, "fleet.snapshot")
		writeInvented(t, roster, n)
		muster(t, "snapshot", "--roster", roster, "--out", snap)
		found, lines, _ := least(t, 3, "query", "--roster", roster, "--count", fiveTerms)
		again, kept, memory := least(t, 5, "query", "--snapshot", snap, "--count", fiveTerms)
		if found != again {
			t.Errorf("%d devices: %s of them by lines, %s by snapshot", n, found, again)
		}
		rows = append(rows, []string{bench.Power(n), bench.Short(lines), megabytes(t, roster), bench.Short(kept), megabytes(t, snap), fmt.Sprintf("%d MiB", memory>>20), found})
		if n == 1_000_000 && kept > 5*time.Second {
			t.Errorf("a snapshot of 10⁶ devices is loaded and fiveTerms in %s, want 5 s", bench.Short(kept))
		}
	}
	bench.Record(t, bench.Section{
		Title: "muster query, from start to end",
		Text: "The whole process: start, load, index, answer `" + fiveTerms + "`. Devices are those that `muster bench devices` invents,\n" +
			"13 to 16 keys each. Target: a snapshot of 10⁶ devices is loaded within 5 s.",
		Rows: rows,
	})
}

func writeInvented(t *testing.T, name string, n int) {
	t.Helper()
	err := writeFileBy(name, 0o644, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		for d := range invented.Devices(n) {
			if err := enc.Encode(d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// muster runs a process of it, and gives its output and the most memory it had.
func muster(t *testing.T, args ...string) (out string, memory int64) {
	t.Helper()
	cmd := exec.Command("muster", args...) // TestMain put this test's binary in the path under that name
	cmd.Stderr = os.Stderr
	b, err := cmd.Output()
	if err != nil {
		t.Fatalf("muster %s: %v", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(b)), mostMemory(cmd.ProcessState)
}

// least is muster's output and its shortest time in a number of runs.
func least(t *testing.T, runs int, args ...string) (out string, took time.Duration, memory int64) {
	t.Helper()
	took = bench.Least(runs, func() { out, memory = muster(t, args...) })
	return out, took, memory
}

func megabytes(t *testing.T, name string) string {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d MB", info.Size()/1_000_000)
}
