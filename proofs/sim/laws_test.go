package sim_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/musterfleet/muster/proofs/sim"
)

var (
	seed    = flag.Uint64("seed", 0, "live the life of this seed alone, and tell it")
	devices = flag.Int("devices", 0, "with so many devices")
	without = flag.String("without", "", "and without these `faults`, separated by commas")
	first   = flag.Uint64("first", 1, "the seed to begin with")
	lives   = flag.Int("lives", 0, "how many lives; 0 is 400, and with MUSTER_SOAK 100000")
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // a life leaves much behind, and keeps little
	os.Exit(m.Run())
}

func play(t *testing.T, s sim.Setting) (v sim.Verdict) {
	synctest.Test(t, func(*testing.T) { v = sim.Play(s) })
	return v
}

// all lives these lives on both cores and hands over each verdict, one at a time.
func all(t *testing.T, n int, told func(sim.Setting, sim.Verdict)) {
	var mu sync.Mutex
	t.Run("lives", func(t *testing.T) {
		for half := range 2 {
			t.Run(fmt.Sprint(half), func(t *testing.T) {
				t.Parallel()
				for i := half; i < n; i += 2 {
					s := sim.Setting{Seed: *first + uint64(i)}
					v := play(t, s)
					mu.Lock()
					told(s, v)
					mu.Unlock()
				}
			})
		}
	})
}

// TestFleetsLiveThroughFaults: no law is broken, whatever happens, and once faults end all comes to
// stand as the World says, or waits and says why.
func TestFleetsLiveThroughFaults(t *testing.T) {
	if *seed > 0 {
		v := play(t, sim.Setting{Seed: *seed, Devices: *devices, Without: faults(*without), Trace: os.Stdout})
		if v.Breach != "" {
			t.Fatal(v.Breach)
		}
		return
	}
	n := *lives
	switch {
	case n > 0:
	case os.Getenv("MUSTER_SOAK") != "":
		n = 100_000
	default:
		n = 400
	}
	met, events := map[string]int{}, 0
	all(t, n, func(s sim.Setting, v sim.Verdict) {
		events += v.Events
		for f, hits := range v.Faults {
			met[sim.Fault(f).String()] += min(hits, 1)
		}
		for what, hits := range v.Met {
			met[what] += min(hits, 1)
		}
		if v.Breach != "" {
			t.Errorf("-seed %d: %s", s.Seed, v.Breach)
		}
	})
	for _, what := range slices.Sorted(maps.Keys(met)) {
		t.Logf("%-20s in %5d of %d lives", what, met[what], n)
	}
	t.Logf("%d events", events)
}

func faults(names string) map[sim.Fault]bool {
	out := map[sim.Fault]bool{}
	for _, f := range sim.Faults() {
		out[f] = slices.Contains(strings.Split(names, ","), f.String())
	}
	return out
}

// TestLivesRepeat: a seed is a life, line by line.
func TestLivesRepeat(t *testing.T) {
	for n := range uint64(10) {
		var told [2]strings.Builder
		for i := range told {
			play(t, sim.Setting{Seed: n + 1, Trace: &told[i]})
		}
		a, b := strings.Split(told[0].String(), "\n"), strings.Split(told[1].String(), "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Errorf("seed %d, line %d: once %q, once %q", n+1, i, a[i], b[i])
				break
			}
		}
		if len(a) != len(b) {
			t.Errorf("seed %d: once %d lines, once %d", n+1, len(a), len(b))
		}
	}
}

// TestLivesSeePlantedBugs: each bug is found within a few lives.
func TestLivesSeePlantedBugs(t *testing.T) {
	const most = 60
	for _, bug := range sim.Bugs() {
		found := ""
		for n := uint64(1); n <= most && found == ""; n++ {
			if v := play(t, sim.Setting{Seed: n, Bug: bug}); v.Breach != "" {
				found = fmt.Sprintf("after %d lives: %s", n, v.Breach)
			}
		}
		if found == "" {
			t.Errorf("%s: not found in %d lives", bug, most)
		} else {
			t.Logf("%s: found %s", bug, found)
		}
	}
}
