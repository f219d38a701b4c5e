package sim_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
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
	bug     = flag.Uint("bug", 0, "with the bug of this number planted")
	first   = flag.Uint64("first", 1, "the seed to begin with")
	lives   = flag.Int("lives", 0, "how many lives; 0 is 2000, and with MUSTER_SOAK 100000")
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(1000) // a life leaves much behind, and keeps little
	os.Exit(m.Run())
}

func play(t *testing.T, s sim.Setting) (v sim.Verdict) {
	synctest.Test(t, func(*testing.T) { v = sim.Play(s) })
	return v
}

// all lives these lives on all cores and hands over each verdict, one at a time.
func all(t *testing.T, n int, told func(*testing.T, sim.Setting, sim.Verdict)) {
	var mu sync.Mutex
	t.Run("lives", func(t *testing.T) {
		cores := runtime.GOMAXPROCS(0)
		for core := range cores {
			t.Run(fmt.Sprint(core), func(t *testing.T) {
				t.Parallel()
				for i := core; i < n; i += cores {
					s := sim.Setting{Seed: *first + uint64(i), Bug: sim.Bug(*bug)}
					v := play(t, s)
					mu.Lock()
					told(t, s, v)
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
		v := play(t, sim.Setting{Seed: *seed, Devices: *devices, Without: faults(*without), Bug: sim.Bug(*bug), Trace: os.Stdout})
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
		n = 2000
	}
	met, events, failed := map[string]int{}, 0, 0
	all(t, n, func(t *testing.T, s sim.Setting, v sim.Verdict) {
		events += v.Events
		for f, hits := range v.Faults {
			met[sim.Fault(f).String()] += min(hits, 1)
		}
		for what, hits := range v.Met {
			met[what] += min(hits, 1)
		}
		if v.Breach != "" {
			if failed++; failed <= 3 {
				t.Error(tell(t, s, v))
			}
		}
	})
	if failed > 3 {
		t.Errorf("%d lives of %d failed", failed, n)
	}
	t.Logf("%d lives, %d events", n, events)
	for _, what := range must() {
		t.Logf("%-20s in %5d lives", what, met[what])
		if few := map[bool]int{true: 500, false: 200}[what == letIn]; n >= 1000 && met[what]*few < n {
			t.Errorf("%s in %d of %d lives only", what, met[what], n)
		}
	}
}

// letIn takes a label, or a new device, at the right moment of the right rollout.
const letIn = "let in"

// must is all that lives have to come to: each fault, and what follows from them.
func must() []string {
	var all []string
	for _, f := range sim.Faults() {
		all = append(all, f.String())
	}
	return append(all, "refused", "started", "halted", "fenced", "overtaken", "held off", "stale", "quarantined",
		"run paused", "run cancelling", "run cancelled", "run failed", "run succeeded",
		"lane held", "lane rolling back", "lane rolled back", "lane passed", "joined the tail", letIn)
}

// tell is how a life failed, the fewest faults and devices with which it fails the same way, and the
// end of that life.
func tell(t *testing.T, s sim.Setting, v sim.Verdict) string {
	law, _, _ := strings.Cut(v.Breach, ":")
	s.Without = map[sim.Fault]bool{}
	fails := func(s sim.Setting) bool { return strings.HasPrefix(play(t, s).Breach, law+":") }
	for _, f := range sim.Faults() {
		s.Without[f] = true
		if v.Faults[f] > 0 && !fails(s) {
			delete(s.Without, f)
		}
	}
	for n := 1; n <= 4 && s.Devices == 0; n++ {
		fewer := s
		if fewer.Devices = n; fails(fewer) {
			s = fewer
		}
	}
	var names []string
	for f := range s.Without {
		names = append(names, f.String())
	}
	slices.Sort(names)
	var told strings.Builder
	s.Trace = &told
	breach := play(t, s).Breach
	lines := strings.Split(strings.TrimSpace(told.String()), "\n")
	return fmt.Sprintf("seed %d: %s\nat its least: go test ./proofs/sim -run Fleets -seed %d -devices %d -bug %d -without %s\n%s\n%s",
		s.Seed, v.Breach, s.Seed, s.Devices, s.Bug, strings.Join(names, ","), breach, strings.Join(lines[max(0, len(lines)-40):], "\n"))
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
	for n := range uint64(12) {
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
	const most = 200
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
