package executor_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/inprocess"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/policies"
)

// rig is a fleet of devices in process, each of which runs what is published to it unless a
// test says otherwise.
type rig struct {
	t     *testing.T
	fleet *inprocess.Fleet
	key   ed25519.PrivateKey
	keys  wire.Keyring
	// answer is what a device says of an app it is to run; nil says nothing.
	answer func(algebra.DeviceID, algebra.App, wire.AppState) *wire.AppState
	// slow is how long a device takes.
	slow time.Duration
}

func newRig(t *testing.T, devices ...string) *rig {
	public, private, err := ed25519.GenerateKey(nil)
	must(t, err)
	r := &rig{t: t, fleet: inprocess.New(time.Now), key: private, keys: wire.NewKeyring(public),
		answer: func(_ algebra.DeviceID, _ algebra.App, s wire.AppState) *wire.AppState { return &s }}
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	for _, name := range devices {
		id := algebra.MustDeviceID(name)
		r.write(executor.SetEntry{Entry: wire.DeviceEntry{Device: id, Lifecycle: algebra.Enrolled}})
		must(t, r.fleet.Report(id, wire.Encode(wire.Heartbeat{Device: id, Sequence: 1})))
		go r.device(id, r.fleet.Follow(ctx, id))
	}
	return r
}

// device obeys each desired state and reports it.
func (r *rig) device(id algebra.DeviceID, desired <-chan []byte) {
	runs := map[algebra.App]algebra.Release{}
	for raw := range desired {
		v, err := wire.Open(raw, id, r.keys)
		if err != nil {
			continue // refused: the device runs what it ran
		}
		for app := range runs {
			if _, ok := v.State().Apps[app]; !ok {
				delete(runs, app)
				_ = r.fleet.Report(id, wire.Encode(wire.AppState{Device: id, App: app}))
			}
		}
		time.Sleep(r.slow)
		for app, rel := range v.State().Releases() {
			runs[app] = rel
			s := wire.AppState{Device: id, App: app, Phase: algebra.Running, Running: wire.RunningOf(rel), Wanted: v.State().Generation}
			if said := r.answer(id, app, s); said != nil {
				_ = r.fleet.Report(id, wire.Encode(*said))
			}
		}
	}
}

func (r *rig) write(w executor.Write) {
	r.t.Helper()
	results, err := r.fleet.Write(context.Background(), []executor.Write{w})
	must(r.t, err)
	must(r.t, results[0].Err)
}

func (r *rig) observe() algebra.Reality {
	r.t.Helper()
	reality, problems, err := executor.Observe(context.Background(), r.fleet, r.keys, time.Now())
	must(r.t, err)
	if len(problems) > 0 {
		r.t.Fatalf("problems: %v", problems)
	}
	return reality
}

func (r *rig) plan(w algebra.World) planner.Plan { return planner.Make(w, r.observe()) }

func (r *rig) applier() executor.Applier {
	return executor.Applier{Transport: r.fleet, Key: r.key, Keys: r.keys, By: "ana", Holder: "ana here", Now: time.Now}
}

func (r *rig) apply(w algebra.World) executor.Outcome {
	r.t.Helper()
	out, err := r.applier().Apply(context.Background(), approve(r.t, w, r.observe()))
	must(r.t, err)
	return out
}

// world runs web at a version on all devices.
func world(t *testing.T, version string) algebra.World { return worldOf(t, version, "") }

// worldOf is that with more documents.
func worldOf(t *testing.T, version, more string) algebra.World {
	t.Helper()
	w, found := worldfile.Load(fstest.MapFS{"world.yaml": {Data: []byte(strings.ReplaceAll(`
apiVersion: muster.fleet/v1alpha1
kind: World
metadata: {name: web}
spec: {gates: none}
---
apiVersion: muster.fleet/v1alpha1
kind: Deployment
metadata: {name: web}
spec: {app: web, version: VERSION, podman: {containers: [{name: web, image: 'localhost/web:VERSION'}]}}
---
apiVersion: muster.fleet/v1alpha1
kind: Assignment
metadata: {name: web}
spec: {expression: 'all -> {web}'}
`+more, "VERSION", version))}})
	must(t, found.Err())
	return w
}

func TestApplyConvergesAndPlansNothingAfter(t *testing.T) {
	r := newRig(t, "a", "b", "c.example.org")
	for i, version := range []string{"1", "2"} {
		out := r.apply(world(t, version))
		if out.Run.Status != wire.RunSucceeded || out.Count.Healthy != 3 || len(out.Left) != 0 {
			t.Fatalf("version %s: %s, %+v, left %v", version, out.Run.Status, out.Count, out.Left)
		}
		again := r.plan(world(t, version))
		if !again.IsEmpty() || again.Unchanged != 3 {
			t.Fatalf("version %s: a second plan has %d changes, %d unchanged", version, len(again.Changes), again.Unchanged)
		}
		records, err := r.fleet.Read(context.Background())
		must(t, err)
		v, err := wire.Open(records.Devices[algebra.MustDeviceID("a")].Desired.Value, algebra.MustDeviceID("a"), r.keys)
		must(t, err)
		if v.State().Generation != uint64(i+1) {
			t.Errorf("version %s is generation %d, want %d", version, v.State().Generation, i+1)
		}
	}
	out := r.apply(algebra.World{NoGates: true})
	if out.Run.Status != wire.RunSucceeded {
		t.Fatalf("stopping all: %s, left %v", out.Run.Status, out.Left)
	}
}

func TestApplyNamesTheDeviceThatFails(t *testing.T) {
	r := newRig(t, "a", "b")
	r.answer = func(id algebra.DeviceID, _ algebra.App, s wire.AppState) *wire.AppState {
		if id.String() == "b" {
			s.Phase, s.Running, s.LastError = algebra.Failed, wire.Running{}, "no such image"
		}
		return &s
	}
	out := r.apply(world(t, "1"))
	if out.Run.Lanes[0].State != wire.LaneHeld || len(out.Left) == 0 || out.Left[len(out.Left)-1].Why != "web is Failed: no such image" {
		t.Fatalf("%s, left %v", out.Run.Status, out.Left)
	}
}

func TestApplyLeavesOfflineDevicesToTheNextPlan(t *testing.T) {
	r := newRig(t, "a")
	r.write(executor.SetEntry{Entry: wire.DeviceEntry{Device: algebra.MustDeviceID("silent"), Lifecycle: algebra.Enrolled}})
	out := r.apply(world(t, "1"))
	if out.Run.Status != wire.RunSucceeded || out.Count.Offline != 1 || out.Count.Healthy != 1 || len(out.Left) != 1 || out.Left[0].Device.String() != "silent" {
		t.Fatalf("%+v, left %v", out.Count, out.Left)
	}
	if n := len(r.plan(world(t, "1")).Changes); n != 1 {
		t.Errorf("the next plan has %d changes, want the one for silent", n)
	}
}

func TestApplySkipsWhatMovedAndRefusesWhenAllDid(t *testing.T) {
	r := newRig(t, "a", "b")
	w := world(t, "1")
	stale := approve(t, w, r.observe())
	r.write(executor.SetEntry{Entry: wire.DeviceEntry{Device: algebra.MustDeviceID("a"), Lifecycle: algebra.Enrolled,
		Labels: map[string]string{"new": "label"}}, Revision: r.observe().Records[algebra.MustDeviceID("a")].Registry})
	out, err := r.applier().Apply(context.Background(), stale)
	must(t, err)
	if out.Count.Left != 1 || out.Count.Healthy != 1 {
		t.Fatalf("%+v, left %v", out.Count, out.Left)
	}
	before := r.observe().Records
	_, err = r.applier().Apply(context.Background(), stale)
	if !errors.Is(err, executor.ErrStale) {
		t.Fatalf("applied twice: %v, want ErrStale", err)
	}
	if fmt.Sprint(before) != fmt.Sprint(r.observe().Records) {
		t.Error("a refused apply wrote something")
	}
}

func TestApplyRefusesTheUnapprovedAndTheOwnedWorld(t *testing.T) {
	r := newRig(t, "a")
	w := world(t, "1")
	if _, err := r.applier().Apply(context.Background(), unapproved); err == nil || !strings.Contains(err.Error(), "not approved") {
		t.Errorf("an unapproved plan: %v", err)
	}
	r.write(executor.SetWorld{Record: wire.WorldRecord{World: w.Digest(), Owner: "serve on hub-1", Held: true}})
	_, err := r.applier().Apply(context.Background(), approve(t, w, r.observe()))
	if err == nil || !strings.Contains(err.Error(), "owned by serve on hub-1") {
		t.Errorf("an owned World: %v", err)
	}
	if n := len(r.observe().Published.Apps()); n != 0 {
		t.Errorf("a refused apply published %d apps", n)
	}
}

// TestACancelledRunLetsDevicesFinish: nothing more is published, what is under way comes to its
// end, and the rest is named.
func TestACancelledRunLetsDevicesFinish(t *testing.T) {
	r := newRig(t, "a", "b")
	var mu sync.Mutex
	cancelled := false
	r.answer = func(_ algebra.DeviceID, _ algebra.App, s wire.AppState) *wire.AppState {
		mu.Lock()
		defer mu.Unlock()
		if !cancelled {
			cancelled = true
			r.order(rollout.Cancel{By: "ben"})
			time.Sleep(50 * time.Millisecond)
		}
		return &s
	}
	out := r.apply(world(t, "1"))
	if out.Run.Status != wire.RunCancelled || out.Run.Reason != "cancelled by ben" || len(out.Left) != 1 || out.Left[0].Why != "not published to" || out.Count.Healthy != 1 {
		t.Fatalf("%s: %s, %+v, left %v", out.Run.Status, out.Run.Reason, out.Count, out.Left)
	}
	if n := len(r.observe().Published.Apps()); n != 1 {
		t.Errorf("after a cancel %d apps are published, want the one that was", n)
	}
}

// TestARunThatIsOvertakenByAnotherWorldCanBeEnded: it publishes nothing more, and whoever cancels
// it need not put its World in force again.
func TestARunThatIsOvertakenByAnotherWorldCanBeEnded(t *testing.T) {
	r := newRig(t, "a", "b")
	held := `
---
apiVersion: muster.fleet/v1alpha1
kind: Rollout
metadata: {name: web}
spec: {for: web, waves: [{percent: 50}, {rest: true}], gate: {healthy: 100%, minimum: 2}}
`
	first, err := r.applier().Apply(context.Background(), approve(t, worldOf(t, "1", held), r.observe()))
	must(t, err)
	if first.Run.Lanes[0].State != wire.LaneHeld {
		t.Fatalf("the first run is %+v", first.Run)
	}
	if out := r.apply(world(t, "2")); out.Run.Status != wire.RunSucceeded {
		t.Fatalf("the second run is %s", out.Run.Status)
	}
	if _, err := r.applier().Attach(context.Background(), first.Run.ID); !errors.Is(err, executor.ErrStale) {
		t.Errorf("the first run goes on: %v, want ErrStale", err)
	}
	r.order(rollout.Cancel{By: "ben"})
	out, err := r.applier().Attach(context.Background(), first.Run.ID)
	must(t, err)
	if out.Run.Status != wire.RunCancelled || len(out.Left) != 2 {
		t.Errorf("cancelled, it is %s, left %v", out.Run.Status, out.Left)
	}
}

// TestAFailedRunIsRolledBackAndPutInQuarantine: what failed is put back, and the next plan leaves
// it blocked until somebody retries. Its marks are those of all that it wrote.
func TestAFailedRunIsRolledBackAndPutInQuarantine(t *testing.T) {
	r := newRig(t, "a", "b", "c", "d")
	r.apply(world(t, "1"))
	r.answer = func(_ algebra.DeviceID, _ algebra.App, s wire.AppState) *wire.AppState {
		if s.Running.Version.String() == "2" {
			s.Phase, s.Running, s.LastError = algebra.Failed, wire.Running{}, "it does not start"
		}
		return &s
	}
	bad := worldOf(t, "2", `
---
apiVersion: muster.fleet/v1alpha1
kind: Rollout
metadata: {name: web}
spec: {for: web, waves: [{percent: 50}, {rest: true}], gate: {healthy: 90%}, onFailure: rollback}
`)
	out := r.apply(bad)
	if out.Run.Status != wire.RunFailed || out.Run.Lanes[0].State != wire.LaneRolledBack {
		t.Fatalf("the run is %+v", out.Run)
	}
	m, _, err := executor.NewMirror(context.Background(), r.fleet, r.keys, bad, time.Now())
	must(t, err)
	if have := m.Marks; have.Runs != out.Marks.Runs || have.Desired != out.Marks.Desired || have.Apart != out.Marks.Apart || have.Apart == 0 {
		t.Errorf("who reads all comes to %+v, the run wrote %+v", have, out.Marks)
	}
	reality := r.observe()
	for i := range uint32(reality.Roster.Len()) {
		if rel := reality.Published.Release(i, algebra.MustApp("web")); rel.Version.String() != "1" {
			t.Errorf("%s has version %s", reality.Roster.ID(i), rel.Version)
		}
	}
	if p := r.plan(bad); len(p.Changes) != 0 || len(p.Blocked) != 4 || p.Blocked[0].Why != planner.Quarantined {
		t.Errorf("the next plan has %d changes and blocks %v", len(p.Changes), p.Blocked)
	}
	lifted, err := executor.Retry(context.Background(), r.fleet, out.Run.ID)
	must(t, err)
	if p := r.plan(bad); len(lifted) != 1 || len(p.Changes) != 4 {
		t.Errorf("retried, %d are lifted and the plan has %d changes", len(lifted), len(p.Changes))
	}
}

// TestAnInterruptedApplyLeavesTheRunToOthers at once: its lease is let go.
func TestAnInterruptedApplyLeavesTheRunToOthers(t *testing.T) {
	r := newRig(t, "a", "b")
	ctx, cancel := context.WithCancel(context.Background())
	silent := true
	var mu sync.Mutex
	r.answer = func(_ algebra.DeviceID, _ algebra.App, s wire.AppState) *wire.AppState {
		mu.Lock()
		defer mu.Unlock()
		if silent {
			cancel()
			return nil
		}
		return &s
	}
	out, err := r.applier().Apply(ctx, approve(t, world(t, "1"), r.observe()))
	if !errors.Is(err, context.Canceled) || out.Run.Status != wire.RunActive {
		t.Fatalf("%s: %v", out.Run.Status, err)
	}
	mu.Lock()
	silent = false
	mu.Unlock()
	for _, l := range out.Left {
		id := l.Device
		if state, _, err := wire.Claimed(r.records().Devices[id].Desired.Value); err == nil {
			rel := state.Releases()[algebra.MustApp("web")]
			must(t, r.fleet.Report(id, wire.Encode(wire.AppState{Device: id, App: algebra.MustApp("web"), Phase: algebra.Running, Running: wire.RunningOf(rel), Wanted: state.Generation})))
		}
	}
	if holder := r.records().Lease.Value.Holder; holder != "" {
		t.Errorf("the lease is still held by %q", holder)
	}
	next := r.applier()
	next.Holder = "ben elsewhere"
	out, err = next.Attach(context.Background(), out.Run.ID)
	must(t, err)
	if out.Run.Status != wire.RunSucceeded || out.Run.Fence != 2 {
		t.Errorf("attached, the run is %s, fence %d", out.Run.Status, out.Run.Fence)
	}
}

func (r *rig) records() executor.Records {
	r.t.Helper()
	records, err := r.fleet.Read(context.Background())
	must(r.t, err)
	return records
}

// order has an event happen to the run that has not ended, as the verbs of muster rollout do.
func (r *rig) order(e rollout.Event) {
	records, err := r.fleet.Read(context.Background())
	must(r.t, err)
	for id, run := range records.Runs {
		if run.Value.Status.Ended() {
			continue
		}
		_, err := executor.Order(context.Background(), r.fleet, id, e)
		must(r.t, err)
	}
}

// TestAFixIsNotJudgedByWhatItReplaces: a device that says at once that the old version has failed has
// said nothing of the new one.
func TestAFixIsNotJudgedByWhatItReplaces(t *testing.T) {
	r := newRig(t, "a", "b")
	r.apply(world(t, "1"))
	r.answer = func(id algebra.DeviceID, _ algebra.App, s wire.AppState) *wire.AppState {
		before := s
		before.Phase, before.Running.Version, before.LastError = algebra.Failed, algebra.MustVersion("1"), "health check failed"
		before.Running.Deployment = algebra.DigestOf([]byte("version 1"))
		must(t, r.fleet.Report(id, wire.Encode(before)))
		time.Sleep(20 * time.Millisecond)
		return &s
	}
	out := r.apply(worldOf(t, "2", `
---
apiVersion: muster.fleet/v1alpha1
kind: Rollout
metadata: {name: web}
spec: {for: web, waves: [{rest: true}], gate: {healthy: 100%}, onFailure: rollback}
`))
	if out.Run.Status != wire.RunSucceeded {
		t.Errorf("the run is %s: %s", out.Run.Status, out.Run.Reason)
	}
}

// TestAReportFromBeforeAChangeShowsNothing: a device that was given something else and then the first
// again shows that it has it only by a report of then.
func TestAReportFromBeforeAChangeShowsNothing(t *testing.T) {
	r := newRig(t, "a")
	out := r.apply(world(t, "1"))
	id, app := algebra.MustDeviceID("a"), algebra.MustApp("web")
	desired := r.records().Devices[id].Desired
	v, err := wire.Open(desired.Value, id, r.keys)
	must(t, err)
	next := v.State()
	slot := next.Apps[app]
	r.answer = func(algebra.DeviceID, algebra.App, wire.AppState) *wire.AppState { return nil }
	for _, want := range []int{0, 1} {
		next.Generation, next.Previous = next.Generation+2, v.Digest()
		if want == 0 {
			slot.Since = next.Generation
		}
		next.Apps = map[algebra.App]wire.App{app: slot}
		signed, err := wire.Sign(r.key, next)
		must(t, err)
		r.write(executor.SetDesired{State: signed, Revision: r.records().Devices[id].Desired.Revision})
		if want == 1 {
			must(t, r.fleet.Report(id, wire.Encode(wire.AppState{Device: id, App: app, Phase: algebra.Running, Running: wire.RunningOf(slot.Release()), Wanted: slot.Since})))
		}
		seen, err := r.applier().Look(context.Background(), r.fleet, out.Run.ID)
		must(t, err)
		if seen.Count.Healthy != want {
			t.Errorf("after generation %d, %d devices are healthy, want %d", next.Generation, seen.Count.Healthy, want)
		}
	}
}

// TestWhoIsOvertakenLeavesTheRunAsItIs: they hear of it by the very record that they could write.
func TestWhoIsOvertakenLeavesTheRunAsItIs(t *testing.T) {
	r := newRig(t, "a")
	r.answer = func(algebra.DeviceID, algebra.App, wire.AppState) *wire.AppState { return nil }
	a := r.applier()
	var once sync.Once
	a.Watch = func(_ rollout.Script, m rollout.Moment) {
		for _, e := range m.Effects {
			if _, publishes := e.(rollout.Publish); publishes {
				return // it would learn of it from the lease
			}
		}
		once.Do(func() {
			lease := r.records().Lease
			r.write(executor.SetLease{Lease: wire.Lease{Holder: "ben elsewhere", Run: m.Run.ID, Fence: lease.Value.Fence + 1}, Revision: lease.Revision})
			run := r.records().Runs[m.Run.ID]
			run.Value.Fence, run.Value.Status, run.Value.Reason = lease.Value.Fence+1, wire.RunCancelled, "cancelled by ben"
			r.write(executor.SetRun{Run: run.Value, Revision: run.Revision})
		})
	}
	out, err := a.Apply(context.Background(), approve(t, world(t, "1"), r.observe()))
	if !errors.Is(err, executor.ErrOvertaken) {
		t.Errorf("the run is %s: %v, want ErrOvertaken", out.Run.Status, err)
	}
	for id, run := range r.records().Runs {
		if run.Value.Fence != 2 || run.Value.Status != wire.RunCancelled {
			t.Errorf("run %s has fence %d and %s", id, run.Value.Fence, run.Value.Status)
		}
	}
}

// meanwhile is a fleet in which something happens once as a plan is read.
type meanwhile struct {
	*inprocess.Fleet
	once sync.Once
	does func()
}

func (m *meanwhile) PlanPart(ctx context.Context, sealed algebra.Digest, part int) ([]byte, error) {
	m.once.Do(m.does)
	return m.Fleet.PlanPart(ctx, sealed, part)
}

// TestWhoAttachesAsARunEndsLeavesItAsItIs: who had it may end it by a write that was on its way.
func TestWhoAttachesAsARunEndsLeavesItAsItIs(t *testing.T) {
	r := newRig(t, "a")
	ctx, kill := context.WithCancel(t.Context())
	a := r.applier()
	a.Watch = func(rollout.Script, rollout.Moment) { kill() }
	begun, _ := a.Apply(ctx, approve(t, world(t, "1"), r.observe()))
	var last executor.Kept[wire.Run]
	a = r.applier()
	a.Transport = &meanwhile{Fleet: r.fleet, does: func() {
		run := r.records().Runs[begun.Run.ID]
		run.Value.Status, run.Value.Reason = wire.RunCancelled, "cancelled by ben"
		r.write(executor.SetRun{Run: run.Value, Revision: run.Revision})
		last = r.records().Runs[begun.Run.ID]
	}}
	if _, err := a.Attach(t.Context(), begun.Run.ID); !errors.Is(err, executor.ErrEnded) {
		t.Errorf("attaching gives %v, want ErrEnded", err)
	}
	if run := r.records().Runs[begun.Run.ID]; last.Revision == 0 || run.Revision != last.Revision {
		t.Errorf("the run was written at revision %d, it ended at %d", run.Revision, last.Revision)
	}
}

// TestWhoIsOvertakenAsTheyAttachLeavesTheRunAsItIs: whoever took over wrote it meanwhile.
func TestWhoIsOvertakenAsTheyAttachLeavesTheRunAsItIs(t *testing.T) {
	r := newRig(t, "a")
	ctx, kill := context.WithCancel(t.Context())
	a := r.applier()
	a.Watch = func(rollout.Script, rollout.Moment) { kill() }
	begun, _ := a.Apply(ctx, approve(t, world(t, "1"), r.observe()))
	var fence uint64
	a = r.applier()
	a.Transport = &meanwhile{Fleet: r.fleet, does: func() {
		lease := r.records().Lease
		fence = lease.Value.Fence + 1
		r.write(executor.SetLease{Lease: wire.Lease{Holder: "ben elsewhere", Run: begun.Run.ID, Fence: fence}, Revision: lease.Revision})
		run := r.records().Runs[begun.Run.ID]
		run.Value.Fence = fence
		r.write(executor.SetRun{Run: run.Value, Revision: run.Revision})
	}}
	if _, err := a.Attach(t.Context(), begun.Run.ID); !errors.Is(err, executor.ErrOvertaken) {
		t.Errorf("attaching gives %v, want ErrOvertaken", err)
	}
	if run := r.records().Runs[begun.Run.ID]; fence == 0 || run.Value.Fence != fence {
		t.Errorf("the run has fence %d, who took over has %d", run.Value.Fence, fence)
	}
}

func TestObserveNamesATamperedDesiredState(t *testing.T) {
	r := newRig(t, "a")
	r.apply(world(t, "1"))
	r.fleet.Plant(wire.DesiredBucket, "a", wire.Encode(wire.Signed{Payload: []byte("{}"), Key: "k", Signature: []byte("s")}))
	_, problems, err := executor.Observe(context.Background(), r.fleet, r.keys, time.Now())
	must(t, err)
	if len(problems) != 1 || !errors.Is(problems[0], wire.ErrUnknownKey) {
		t.Errorf("problems %v, want the unknown key", problems)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// unapproved is what anyone can make.
var unapproved policies.Approved

// approve has a plan of the World reviewed; without gates, as the World says it needs none.
func approve(t *testing.T, w algebra.World, r algebra.Reality) policies.Approved {
	t.Helper()
	approved, report := policies.Review(policies.Proposal{Plan: planner.Make(w, r), Reality: r, Now: r.ObservedAt},
		nil, policies.Options{NoGates: w.NoGates, AllowStop: 100})
	if report.Denied() {
		t.Fatalf("denied: %s", report.Text(false))
	}
	return approved
}

// TestApplyGoesBeyondWhatADeviceHasSeen: a store that lost its last writes must not make the
// device refuse the next ones as old.
func TestApplyGoesBeyondWhatADeviceHasSeen(t *testing.T) {
	r := newRig(t, "a")
	id := algebra.MustDeviceID("a")
	must(t, r.fleet.Report(id, wire.Encode(wire.AppState{Device: id, App: algebra.MustApp("old"), Phase: algebra.Failed, Wanted: 7})))
	r.apply(world(t, "1"))
	records, err := r.fleet.Read(context.Background())
	must(t, err)
	v, err := wire.Open(records.Devices[id].Desired.Value, id, r.keys)
	must(t, err)
	if v.State().Generation != 8 {
		t.Errorf("generation %d, want 8 after the device spoke of 7", v.State().Generation)
	}
}

// TestNoDocumentTakesARevocationBack: a hub serves decommissioned devices, so a stolen one
// that was revoked must not become one.
func TestNoDocumentTakesARevocationBack(t *testing.T) {
	r := newRig(t, "a", "gone", "stolen")
	for name, lifecycle := range map[string]algebra.Lifecycle{"gone": algebra.Enrolled, "stolen": algebra.Revoked} {
		id := algebra.MustDeviceID(name)
		r.write(executor.SetEntry{Entry: wire.DeviceEntry{Device: id, Lifecycle: lifecycle}, Revision: r.observe().Records[id].Registry})
	}
	w := world(t, "1")
	for _, name := range []string{"gone", "new", "stolen"} {
		w.Devices = append(w.Devices, algebra.DeclaredDevice{ID: algebra.MustDeviceID(name), Decommissioned: name != "new",
			Labels: map[string]string{"site": "a"}})
	}
	r.apply(w)
	for name, want := range map[string]algebra.Lifecycle{"a": algebra.Enrolled, "gone": algebra.Decommissioned,
		"new": algebra.Requested, "stolen": algebra.Revoked} {
		if have := r.observe().Records[algebra.MustDeviceID(name)].Lifecycle; have != want {
			t.Errorf("%s is %s, want %s", name, have, want)
		}
	}
}
