package operator_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/inprocess"
	"github.com/musterfleet/muster/executor/operator"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
)

// rig is a fleet in process with devices that obey, and operators that tests start.
type rig struct {
	t     *testing.T
	fleet *inprocess.Fleet
	key   ed25519.PrivateKey
	keys  wire.Keyring
	fails func(algebra.DeviceID, algebra.Release) bool
	// slow is how long a device takes to run another release; begins and ends hear of it.
	slow         time.Duration
	begins, ends func(device, version string)
	mu           sync.Mutex
	// published is each release that each device was told to run, in order.
	published map[string][]string
}

func newRig(t *testing.T, devices ...string) *rig {
	public, private, err := ed25519.GenerateKey(nil)
	must(t, err)
	r := &rig{t: t, fleet: inprocess.New(time.Now), key: private, keys: wire.NewKeyring(public), published: map[string][]string{},
		fails:  func(algebra.DeviceID, algebra.Release) bool { return false },
		begins: func(string, string) {}, ends: func(string, string) {}}
	for _, name := range devices {
		r.join(name)
	}
	return r
}

// join enrols a device and has it run.
func (r *rig) join(name string) {
	r.enrol(name)
	r.run(name)
}

func (r *rig) enrol(name string) {
	results, err := r.fleet.Write(r.t.Context(), []executor.Write{executor.SetEntry{Entry: wire.DeviceEntry{Device: algebra.MustDeviceID(name),
		Lifecycle: algebra.Enrolled, Labels: map[string]string{"name": name}}}})
	must(r.t, err)
	must(r.t, results[0].Err)
}

func (r *rig) run(name string) {
	id := algebra.MustDeviceID(name)
	feed := r.fleet.Follow(r.t.Context(), id)
	must(r.t, r.fleet.Report(id, wire.Encode(wire.Heartbeat{Device: id, Sequence: 1})))
	go func() {
		runs := map[algebra.App]algebra.Release{}
		for raw := range feed {
			v, err := wire.Open(raw, id, r.keys)
			if err != nil {
				continue
			}
			for app := range runs {
				if _, stays := v.State().Apps[app]; !stays {
					delete(runs, app)
					_ = r.fleet.Report(id, wire.Encode(wire.AppState{Device: id, App: app}))
				}
			}
			for app, rel := range v.State().Releases() {
				s := wire.AppState{Device: id, App: app, Phase: algebra.Running, Running: wire.RunningOf(rel), Wanted: v.State().Generation}
				if r.fails(id, rel) {
					s.Phase, s.Running, s.LastError = algebra.Failed, wire.Running{}, "exit 1"
				}
				if runs[app] != rel {
					r.mu.Lock()
					r.published[name] = append(r.published[name], rel.Version.String())
					r.mu.Unlock()
					r.begins(name, rel.Version.String())
					time.Sleep(r.slow)
					r.ends(name, rel.Version.String())
				}
				runs[app] = rel
				_ = r.fleet.Report(id, wire.Encode(s))
			}
		}
	}()
}

// serve runs an operator until the test's end or until it is killed.
type serving struct {
	*operator.Operator
	worlds chan operator.Loaded
	stop   func()
}

func (r *rig) serve(holder string, edit ...func(*operator.Operator)) *serving {
	worlds := make(chan operator.Loaded, 8)
	s := &serving{worlds: worlds, Operator: &operator.Operator{Fleet: r.fleet, Worlds: worlds, Now: time.Now, Settle: 5 * time.Millisecond, Again: 50 * time.Millisecond,
		Applier: executor.Applier{Key: r.key, Keys: r.keys, By: "muster serve", Holder: holder, Lasts: 300 * time.Millisecond}}}
	for _, e := range edit {
		e(s.Operator)
	}
	ctx, cancel := context.WithCancel(r.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Run(ctx) }()
	s.stop = func() { cancel(); <-done }
	r.t.Cleanup(s.stop)
	return s
}

// declare loads a World of these documents whose gates are none.
func (s *serving) declare(t *testing.T, text string) algebra.World {
	t.Helper()
	w := world(t, text)
	s.worlds <- operator.Loaded{World: w, Judge: func(p policies.Proposal) (policies.Approved, policies.Report) {
		return policies.Review(p, nil, policies.Options{NoGates: w.NoGates, AllowStop: 1000})
	}}
	return w
}

// stands waits for a state.
func (s *serving) stands(t *testing.T, want operator.State) operator.Status {
	t.Helper()
	eventually(t, func() bool { return s.Status().Standing.State == want }, func() any { return s.Status() })
	return s.Status()
}

// runs waits until devices run exactly this version of web.
func (r *rig) runs(version string, devices ...string) {
	r.t.Helper()
	eventually(r.t, func() bool {
		reality, _, err := executor.Observe(r.t.Context(), r.fleet, r.keys, time.Now())
		must(r.t, err)
		for _, name := range devices {
			s := reality.Slots[algebra.Slot{Device: algebra.MustDeviceID(name), App: algebra.MustApp("web")}]
			if s.Release.Version.String() != version || s.Phase != algebra.Running {
				return false
			}
		}
		return true
	}, func() any { return r.published })
}

func (r *rig) records() executor.Records {
	r.t.Helper()
	records, err := r.fleet.Read(r.t.Context())
	must(r.t, err)
	return records
}

func eventually(t *testing.T, holds func() bool, have func() any) {
	t.Helper()
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(10 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("not within 60 s: %+v", have())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// web is a World that runs a version of web on all devices, and more documents.
func web(version string, more ...string) string {
	return strings.ReplaceAll(`
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
`+strings.Join(more, ""), "VERSION", version)
}

func world(t *testing.T, text string) algebra.World {
	t.Helper()
	w, found := worldfile.Load(fstest.MapFS{"world.yaml": {Data: []byte(text)}})
	must(t, found.Err())
	return w
}

const gated = "---\napiVersion: muster.fleet/v1alpha1\nkind: Rollout\nmetadata: {name: web}\nspec: {for: web, waves: [{percent: 50}, {rest: true}], gate: {healthy: 100%}}\n"

func TestKeepsTheFleetAsDeclared(t *testing.T) {
	r := newRig(t, "a", "b")
	s := r.serve("one")
	s.declare(t, web("1"))
	r.runs("1", "a", "b")
	s.stands(t, operator.InSync)
	w := s.declare(t, web("2"))
	r.runs("2", "a", "b")
	s.stands(t, operator.InSync)
	r.join("c") // who joins later gets it too
	r.runs("2", "c")
	s.stands(t, operator.InSync)
	if have := r.records().World.Value; have.World != w.Digest() || have.Owner != "muster serve" || !have.Held {
		t.Errorf("the World in force: %+v", have)
	}
	s.stop()
	if r.records().World.Value.Held {
		t.Error("the World is owned by an operator that ended")
	}
}

func TestQuietFleetIsNotWrittenTo(t *testing.T) {
	r := newRig(t, "a", "b")
	s := r.serve("one")
	s.declare(t, web("1"))
	r.runs("1", "a", "b")
	s.stands(t, operator.InSync)
	before := r.records()
	for _, name := range []string{"a", "b"} {
		id := algebra.MustDeviceID(name)
		must(t, r.fleet.Report(id, wire.Encode(wire.Heartbeat{Device: id, Sequence: 2})))
	}
	time.Sleep(300 * time.Millisecond)
	after := r.records()
	if len(after.Runs) != len(before.Runs) || after.World.Revision != before.World.Revision || after.Lease.Revision != before.Lease.Revision {
		t.Errorf("something was written: %+v, before %+v", after.Runs, before.Runs)
	}
}

func TestBrokenWorldKeepsTheLastGood(t *testing.T) {
	r := newRig(t, "a")
	s := r.serve("one")
	s.declare(t, web("1"))
	r.runs("1", "a")
	s.worlds <- operator.Loaded{Err: context.DeadlineExceeded}
	eventually(t, func() bool { return s.Status().Broken != "" }, func() any { return s.Status() })
	r.join("b")
	r.runs("1", "b")
	s.declare(t, web("2"))
	r.runs("2", "a", "b")
	if why := s.Status().Broken; why != "" {
		t.Errorf("still broken: %s", why)
	}
}

func TestDeniedPlanMovesNothingUntilItPasses(t *testing.T) {
	r := newRig(t, "a")
	s := r.serve("one")
	s.declare(t, web("1"))
	r.runs("1", "a")
	open := make(chan struct{})
	w := world(t, web("2"))
	s.worlds <- operator.Loaded{World: w, Judge: func(p policies.Proposal) (policies.Approved, policies.Report) {
		select {
		case <-open: // the freeze is over
			return policies.Review(p, nil, policies.Options{NoGates: true})
		default:
			return policies.Review(p, nil, policies.Options{})
		}
	}}
	if why := s.stands(t, operator.Denied).Standing.Why; !strings.Contains(why, "muster/no-gates: there are no policies") {
		t.Errorf("denied because %s", why)
	}
	time.Sleep(100 * time.Millisecond)
	r.runs("1", "a")
	close(open)
	r.runs("2", "a")
}

func TestWaitsForDevicesThatAreOffline(t *testing.T) {
	r := newRig(t, "a")
	r.enrol("b")
	s := r.serve("one")
	s.declare(t, web("1"))
	r.runs("1", "a")
	if why := s.stands(t, operator.Waiting).Standing.Why; why != "1 device that differs is offline" {
		t.Errorf("waits as %s", why)
	}
	n := len(r.records().Runs)
	time.Sleep(100 * time.Millisecond)
	if more := len(r.records().Runs); more != n {
		t.Errorf("%d runs while it waits, before %d", more, n)
	}
	r.run("b")
	r.runs("1", "b")
	s.stands(t, operator.InSync)
}

func TestHeldRunWaitsForPeopleOrAnotherWorld(t *testing.T) {
	r := newRig(t, "a", "b", "c", "d")
	r.fails = func(_ algebra.DeviceID, rel algebra.Release) bool { return rel.Version.String() == "2" }
	s := r.serve("one")
	s.declare(t, web("1", gated))
	r.runs("1", "a", "b", "c", "d")
	s.declare(t, web("2", gated))
	held := s.stands(t, operator.Held)
	if !strings.Contains(held.Standing.Why, "its gate needs 100%") {
		t.Errorf("held as %s", held.Standing.Why)
	}
	s.declare(t, web("3", gated)) // the fix
	r.runs("3", "a", "b", "c", "d")
	s.stands(t, operator.InSync)
	if have := r.records().Runs[held.Standing.Run].Value; have.Status != wire.RunCancelled || !strings.Contains(have.Reason, "another World") {
		t.Errorf("the run before is %s: %s", have.Status, have.Reason)
	}
	s.declare(t, web("2", gated))
	held = s.stands(t, operator.Held)
	r.fails = func(algebra.DeviceID, algebra.Release) bool { return false }
	_, err := executor.Order(t.Context(), r.fleet, held.Standing.Run, rollout.Cancel{By: "ana"})
	must(t, err)
	if why := s.stands(t, operator.Cancelled).Standing.Why; why != "cancelled by ana; it waits for another World" {
		t.Errorf("cancelled as %s", why)
	}
}

func TestApprovedRunGoesOn(t *testing.T) {
	r := newRig(t, "a", "b", "c", "d")
	r.fails = func(_ algebra.DeviceID, rel algebra.Release) bool { return rel.Version.String() == "1" }
	s := r.serve("one")
	s.declare(t, web("1", gated))
	held := s.stands(t, operator.Held)
	_, err := executor.Order(t.Context(), r.fleet, held.Standing.Run, rollout.Approve{By: "ana"})
	must(t, err)
	eventually(t, func() bool { return len(r.records().Runs[held.Standing.Run].Value.Lanes[0].Verdicts) > 1 }, func() any { return s.Status() })
}

func TestWhatAnotherPutInForceStays(t *testing.T) {
	r := newRig(t, "a")
	s := r.serve("one")
	w := s.declare(t, web("1"))
	r.runs("1", "a")
	s.stands(t, operator.InSync)
	byHand := executor.Applier{Transport: r.fleet, Key: r.key, Keys: r.keys, By: "ana", Holder: "ana", Now: time.Now}
	other := world(t, web("9"))
	reality, _, err := executor.Observe(t.Context(), r.fleet, r.keys, time.Now())
	must(t, err)
	approved, report := policies.Review(proposal(other, reality), nil, policies.Options{NoGates: true})
	if report.Denied() {
		t.Fatal(report.Text(false))
	}
	if _, err := byHand.Apply(t.Context(), approved); err == nil || !strings.Contains(err.Error(), "the World is owned by muster serve since ") {
		t.Fatalf("applied under an operator: %v", err)
	}
	byHand.TakeOver = true
	_, err = byHand.Apply(t.Context(), approved)
	must(t, err)
	if why := s.stands(t, operator.Overtaken).Standing.Why; !strings.HasPrefix(why, "ana put another World in force at ") {
		t.Errorf("overtaken as %s", why)
	}
	s.stop()
	again := r.serve("two") // a restart takes nothing back
	again.worlds <- operator.Loaded{World: w, Judge: func(p policies.Proposal) (policies.Approved, policies.Report) {
		return policies.Review(p, nil, policies.Options{NoGates: true})
	}}
	again.stands(t, operator.Overtaken)
	r.runs("9", "a")
	again.declare(t, web("2"))
	r.runs("2", "a")
	again.stands(t, operator.InSync)
}

func TestDryRunWritesNothing(t *testing.T) {
	r := newRig(t, "a")
	s := r.serve("one", func(o *operator.Operator) { o.Mode = operator.DryRun })
	s.declare(t, web("1"))
	if why := s.stands(t, operator.Planned).Standing.Why; !strings.HasPrefix(why, "1 to start") {
		t.Errorf("planned: %s", why)
	}
	if have := r.records(); have.World.Revision != 0 || len(have.Runs) != 0 || have.Lease.Revision != 0 {
		t.Errorf("written: %+v", have)
	}
}

// TestKilledOperatorsRunGoesOn: whoever starts next ends what was begun.
func TestKilledOperatorsRunGoesOn(t *testing.T) {
	r := newRig(t, "a", "b", "c", "d")
	var once sync.Once
	ctx, kill := context.WithCancel(t.Context())
	slow := "---\napiVersion: muster.fleet/v1alpha1\nkind: Rollout\nmetadata: {name: web}\nspec: {for: web, waves: [{percent: 25}, {percent: 50}, {rest: true}], gate: {healthy: 100%, soak: 1s}}\n"
	first := &operator.Operator{Fleet: r.fleet, Now: time.Now, Settle: time.Millisecond,
		Applier: executor.Applier{Key: r.key, Keys: r.keys, By: "muster serve", Holder: "one", Lasts: 300 * time.Millisecond,
			Watch: func(rollout.Script, rollout.Moment) { once.Do(func() { time.AfterFunc(500*time.Millisecond, kill) }) }}}
	worlds := make(chan operator.Loaded, 1)
	first.Worlds = worlds
	w := world(t, web("1", slow))
	worlds <- operator.Loaded{World: w, Judge: func(p policies.Proposal) (policies.Approved, policies.Report) {
		return policies.Review(p, nil, policies.Options{NoGates: true})
	}}
	must(t, first.Run(ctx))
	if n := len(r.records().Runs); n != 1 {
		t.Fatalf("%d runs", n)
	}
	second := r.serve("two")
	second.declare(t, web("1", slow))
	r.runs("1", "a", "b", "c", "d")
	second.stands(t, operator.InSync)
	for _, run := range r.records().Runs {
		if run.Value.Status != wire.RunSucceeded {
			t.Errorf("run %s is %s", run.Value.ID, run.Value.Status)
		}
	}
	if n := len(r.records().Runs); n != 1 {
		t.Errorf("%d runs: it began another instead of going on", n)
	}
}

func parsed[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	must(t, json.Unmarshal([]byte(text), &v))
	return v
}

func proposal(w algebra.World, r algebra.Reality) policies.Proposal {
	return policies.Proposal{Plan: planner.Make(w, r), Reality: r, Now: time.Now()}
}

// TestWaitsForSomebodysWord: a plan waits until it is approved, stays approved as devices that are in
// it come back, and what it does not cover waits anew.
func TestWaitsForSomebodysWord(t *testing.T) {
	r := newRig(t, "a")
	r.enrol("b")
	var mu sync.Mutex
	words := map[algebra.Digest][]string{}
	all := &told{}
	s := r.serve("one", func(o *operator.Operator) {
		o.Mode, o.Publish = operator.WaitForApproval, all.put
		o.Approved = func(_ context.Context, f planfile.File) ([]string, error) {
			mu.Lock()
			defer mu.Unlock()
			return words[f.Digest()], nil
		}
	})
	approve := func(d algebra.Digest) {
		mu.Lock()
		defer mu.Unlock()
		words[d] = []string{"ana"}
	}
	s.declare(t, web("1"))
	first := s.stands(t, operator.Unapproved).Standing.Plan
	all.mu.Lock()
	file, err := planfile.Decode([]byte(all.all[operator.PendingKey]))
	all.mu.Unlock()
	must(t, err)
	if file.Digest() != first {
		t.Errorf("people are asked about %s, and it waits for %s", file.Digest().Short(), first.Short())
	}
	time.Sleep(100 * time.Millisecond)
	if n := len(r.records().Runs); n != 0 {
		t.Fatalf("%d runs without a word", n)
	}
	approve(first)
	r.runs("1", "a")
	s.stands(t, operator.Waiting)
	r.run("b") // it was in the plan, and offline
	r.runs("1", "b")
	s.stands(t, operator.InSync)
	r.join("c")
	second := s.stands(t, operator.Unapproved).Standing.Plan
	if second == first {
		t.Error("the word for another plan is asked for again")
	}
	approve(second)
	r.runs("1", "c")
}

// TestARunThatWentStaleIsEndedAndPlannedAnew: another World was in force for a moment after it had
// begun, so it cannot go on; what it was to do is done by another run.
func TestARunThatWentStaleIsEndedAndPlannedAnew(t *testing.T) {
	r := newRig(t, "a")
	w := world(t, web("2"))
	reality, _, err := executor.Observe(t.Context(), r.fleet, r.keys, time.Now())
	must(t, err)
	approved, _ := policies.Review(proposal(w, reality), nil, policies.Options{NoGates: true, AllowStop: 1000})
	ctx, cancel := context.WithCancel(t.Context())
	begun, _ := executor.Applier{Transport: r.fleet, Key: r.key, Keys: r.keys, By: "muster serve", Holder: "one", Now: time.Now, Lasts: 300 * time.Millisecond,
		Watch: func(rollout.Script, rollout.Moment) { cancel() }}.Apply(ctx, approved)
	in := r.records().World
	in.Value.World, in.Value.At, in.Value.Held = algebra.DigestOf([]byte("another World")), time.Now(), true
	results, err := r.fleet.Write(t.Context(), []executor.Write{executor.SetWorld{Record: in.Value, Revision: in.Revision}})
	must(t, err)
	must(t, results[0].Err)

	s := r.serve("two")
	s.declare(t, web("2"))
	r.runs("2", "a")
	s.stands(t, operator.InSync)
	if got := r.records().Runs[begun.Run.ID].Value.Status; got != wire.RunCancelled {
		t.Errorf("the run that went stale is %s", got)
	}
}
