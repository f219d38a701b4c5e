package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/invented"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/proofs/bench"
)

// kills is how often apply is killed, at instants drawn from a fixed seed.
const kills = 10

// TestApplyKilledNineConverges: muster apply, a process against a broker, a hub and agents that
// are real but for what they run, is killed by SIGKILL ten times at random instants of a rollout,
// and whoever attaches brings it to its end. What the broker stored is then read in its order: no
// disruption ever took more devices of a site down than the budget has. 1,000 devices in make
// soak, 60 elsewhere.
func TestApplyKilledNineConverges(t *testing.T) {
	devices := 60
	if os.Getenv("MUSTER_SOAK") != "" {
		devices = 1000
	}
	s := newStage(t, devices)
	began := time.Now()
	s.muster("apply", "-w", s.world(1), "--yes")
	t.Logf("%d devices: the first rollout, from nothing, took %s", devices, time.Since(began).Round(time.Millisecond))
	h := s.record()
	whole, active := s.watched(0, "apply", "-w", s.world(2), "--yes")
	dice := rand.New(rand.NewSource(20261123))
	killed, midway, lives, version := 0, 0, 0, 2
	for killed < kills {
		version++
		world, run := s.world(version), ""
		for done := false; !done; lives++ {
			args := []string{"apply", "-w", world, "--yes", "--lease", "500ms"}
			if run = s.run(version); run != "" {
				args = []string{"apply", "--attach", run, "--lease", "500ms"}
			}
			before := s.published(version)
			var dead bool
			if killed < kills { // one in four at any instant, the others while it acts
				within := active
				if killed%4 == 0 {
					within = -whole
				}
				_, lived := s.watched(within/time.Duration(1+dice.Intn(12)), args...)
				dead = lived < 0
			} else {
				s.muster(args...)
			}
			if dead {
				killed++
			}
			now := s.published(version)
			if dead && now > before && now < devices {
				midway++
			}
			done = now == devices && s.ended(version)
		}
	}
	if midway < kills/4 {
		t.Errorf("only %d of %d kills were in the middle of publishing", midway, killed)
	}
	if code := s.exit("plan", "-w", s.world(version), "--detailed-exitcode"); code != 0 {
		t.Errorf("a plan after it ends with exit code %d: something is left", code)
	}
	disruptions, most := h.check(t)
	t.Logf("%d devices: one rollout takes %s, %s of it acting; %d lives of apply, %d killed -9, %d of them in the middle of publishing; %d disruptions, at most %s",
		devices, whole.Round(time.Millisecond), active.Round(time.Millisecond), lives, killed, midway, disruptions, most)
	if disruptions < devices {
		t.Errorf("only %d disruptions were seen", disruptions)
	}
	if t.Failed() || os.Getenv("MUSTER_SOAK") == "" {
		return
	}
	bench.Record(t, bench.Section{Title: "muster apply, killed", File: "FAULTS.md", Text: fmt.Sprintf(`A change of a tenth of each site at a time, in three waves, by the binaries: whoever finds a run that has not ended attaches to it. The budget is
checked from outside, by what the broker stored of orders and of what devices said, in its order: at
most %s. A plan made afterwards is empty. One rollout takes %s if nobody is killed, %s of it publishing.`, most, whole.Round(time.Millisecond), active.Round(time.Millisecond)),
		Rows: [][]string{{"devices", "rollouts", "lives of apply", "killed -9", "of these while publishing", "devices taken down and back"},
			{fmt.Sprint(devices), fmt.Sprint(version - 2), fmt.Sprint(lives), fmt.Sprint(killed), fmt.Sprint(midway), fmt.Sprint(disruptions)}},
		Command: "MUSTER_SOAK=1 go test -count=1 -v -run '^" + t.Name() + "$' ./cmd/muster"})
}

// stage is a fleet in a process of its own.
type stage struct {
	t       *testing.T
	dir     string
	fleet   *cluster
	devices int
}

func newStage(t *testing.T, devices int) *stage {
	s := &stage{t: t, dir: t.TempDir(), devices: devices}
	dev := exec.Command("muster", "dev", "--dir", filepath.Join(s.dir, "fleet"), "--podman", "off", "--devices", fmt.Sprint(devices))
	var said strings.Builder
	dev.Stdout, dev.Stderr = &said, &said
	s.must(dev.Start())
	t.Cleanup(func() {
		_ = dev.Process.Signal(syscall.SIGTERM)
		_ = dev.Wait()
	})
	config := filepath.Join(s.dir, "fleet/config.toml")
	for range 2400 {
		if _, err := os.Stat(config); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Setenv("MUSTER_CONFIG", config)
	var err error
	if s.fleet, err = (&source{console: &console{out: io.Discard, errw: io.Discard}, config: config}).join(t.Context()); err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	t.Cleanup(s.fleet.close)
	return s
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// world is a directory with a World of that version: a tenth of each site may be down.
func (s *stage) world(version int) string {
	dir := filepath.Join(s.dir, fmt.Sprint("world", version))
	s.must(os.MkdirAll(dir, 0o755))
	s.must(os.WriteFile(filepath.Join(dir, "web.yaml"), []byte(invented.World(version,
		`waves: [{percent: 5}, {percent: 30}, {rest: true}], budget: {maxUnavailable: 10%, by: 'label("site")'}, gate: {healthy: 100%}`)), 0o600))
	return dir
}

func (s *stage) muster(args ...string) {
	s.t.Helper()
	if said, err := exec.Command("muster", args...).CombinedOutput(); err != nil {
		s.t.Fatalf("muster %s: %v\n%s", strings.Join(args, " "), err, said)
	}
}

func (s *stage) exit(args ...string) int {
	cmd := exec.Command("muster", args...)
	_ = cmd.Run()
	return cmd.ProcessState.ExitCode()
}

// watched runs a command and says how long it took, and how long since it said that its run goes
// on. If kill is given, it is killed that long after it said so, or if that is negative after it
// was started; then active is negative.
func (s *stage) watched(kill time.Duration, args ...string) (whole, active time.Duration) {
	cmd := exec.Command("muster", args...)
	told, err := cmd.StderrPipe()
	s.must(err)
	began := time.Now()
	s.must(cmd.Start())
	if kill < 0 {
		time.AfterFunc(-kill, func() { _ = cmd.Process.Kill() })
	}
	acted := began
	lines := bufio.NewScanner(told)
	for lines.Scan() {
		if acted == began && strings.HasPrefix(lines.Text(), "the run is ") {
			acted = time.Now()
			if kill > 0 {
				time.AfterFunc(kill, func() { _ = cmd.Process.Kill() })
			}
		}
	}
	_ = cmd.Wait()
	if cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return time.Since(began), -1
	}
	return time.Since(began), time.Since(acted)
}

// published counts the devices to which that version is published.
func (s *stage) published(version int) int {
	records, err := s.fleet.Read(s.t.Context())
	s.must(err)
	n := 0
	for _, d := range records.Devices {
		if state, _, err := wire.Claimed(d.Desired.Value); err == nil && state.Apps[algebra.MustApp("web")].Version.String() == fmt.Sprintf("%d.0.0", version) {
			n++
		}
	}
	return n
}

// run is the newest run, if it is of that version, which is the how manieth of all.
func (s *stage) run(version int) string {
	records, err := s.fleet.Read(s.t.Context())
	s.must(err)
	if runs := listed(records); len(runs) == version && !runs[0].Status.Ended() {
		return runs[0].ID
	}
	return ""
}

func (s *stage) ended(version int) bool {
	records, err := s.fleet.Read(s.t.Context())
	s.must(err)
	runs := listed(records)
	return len(runs) == version && runs[0].Status == wire.RunSucceeded
}

// storedHistory is what the broker stored of desired states and of what devices reported, in its order.
type storedHistory struct {
	mu     sync.Mutex
	events []stored
	sites  map[algebra.DeviceID]string
	size   map[string]int
}

type stored struct {
	at      time.Time
	device  algebra.DeviceID
	desired bool
	has     algebra.Release
}

// record follows both buckets from now on.
func (s *stage) record() *storedHistory {
	h := &storedHistory{sites: map[algebra.DeviceID]string{}, size: map[string]int{}}
	records, err := s.fleet.Read(s.t.Context())
	s.must(err)
	for id, d := range records.Devices {
		h.sites[id] = d.Entry.Value.Labels["site"]
		h.size[h.sites[id]]++
	}
	js, err := jetstream.New(s.fleet.conn)
	s.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	s.t.Cleanup(cancel)
	for _, bucket := range []string{wire.DesiredBucket, wire.StateBucket} {
		kv, err := js.KeyValue(ctx, bucket)
		s.must(err)
		w, err := kv.WatchAll(ctx, jetstream.IncludeHistory())
		s.must(err)
		go func() {
			for e := range w.Updates() {
				if e != nil {
					h.add(e)
				}
			}
		}()
	}
	return h
}

func (h *storedHistory) add(e jetstream.KeyValueEntry) {
	one := stored{at: e.Created()}
	if e.Bucket() == wire.DesiredBucket {
		state, _, err := wire.Claimed(e.Value())
		if err != nil {
			return
		}
		one.desired, one.device, one.has = true, state.Device, state.Releases()[algebra.MustApp("web")]
	} else {
		m, err := wire.Decode(e.Value())
		said, ok := m.(wire.AppState)
		if err != nil || !ok {
			return
		}
		one.device = said.Device
		if said.Phase == algebra.Running {
			one.has = said.Running.Release()
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, one)
}

// check plays the history. A publication of another release to a device that runs what it should
// is a disruption: with it no more of its site may be down than a tenth, and one at least.
func (h *storedHistory) check(t *testing.T) (disruptions int, most string) {
	time.Sleep(200 * time.Millisecond) // what is stored is delivered
	h.mu.Lock()
	defer h.mu.Unlock()
	slices.SortStableFunc(h.events, func(a, b stored) int { return a.at.Compare(b.at) })
	wants, runs := map[algebra.DeviceID]algebra.Release{}, map[algebra.DeviceID]algebra.Release{}
	down, worst := map[string]int{}, map[string]int{}
	isDown := func(id algebra.DeviceID) int {
		if wants[id] != runs[id] {
			return 1
		}
		return 0
	}
	for _, e := range h.events {
		site, was := h.sites[e.device], isDown(e.device)
		if !e.desired {
			runs[e.device] = e.has
		} else {
			first := wants[e.device].IsZero()
			wants[e.device] = e.has
			if isDown(e.device) > was && !first {
				disruptions++
				worst[site] = max(worst[site], down[site]+1)
				if limit := max(1, h.size[site]/10); down[site]+1 > limit {
					t.Errorf("at %s %s takes site %s to %d down of %d, limit %d", e.at.Format("15:04:05.000"), e.device, site, down[site]+1, h.size[site], limit)
				}
			}
		}
		down[site] += isDown(e.device) - was
	}
	for _, site := range slices.Sorted(maps.Keys(worst)) {
		most += fmt.Sprintf("%s %d of %d down, ", site, worst[site], h.size[site])
	}
	return disruptions, strings.TrimSuffix(most, ", ")
}
