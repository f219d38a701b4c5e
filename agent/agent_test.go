package agent_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/agent/agenttest"
	"github.com/musterfleet/muster/agent/inprocess"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

var appA, appB = algebra.MustApp("a"), algebra.MustApp("b")

// start runs an agent until the test ends or stop is called.
func start(t *testing.T, a *agent.Agent) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	if a.Log == nil {
		a.Log = slog.New(slog.DiscardHandler)
	}
	go func() { ended <- a.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(20 * time.Second):
			t.Error("the agent does not end")
		}
	})
	t.Cleanup(stop)
	return stop
}

func runningAt(version int) func(wire.AppState) bool {
	return func(s wire.AppState) bool {
		return s.Phase == algebra.Running && s.Running.Version == algebra.MustVersion(string(rune('0'+version)))
	}
}

func gone(s wire.AppState) bool { return s.Phase == 0 }

// set is a set of apps at versions, with their deployments.
func set(versions map[algebra.App]int) (map[algebra.App]wire.App, []algebra.Deployment) {
	apps, specs := map[algebra.App]wire.App{}, []algebra.Deployment{}
	for app, v := range versions {
		d := simSpecs[app][v]
		apps[app] = wire.App{Version: d.Version(), Digest: d.Digest()}
		specs = append(specs, d)
	}
	return apps, specs
}

// From the first set to the last, with a cut, a restart without network, and a clean end.
func TestLife(t *testing.T) {
	r, link, path := &inprocess.Runtime{}, &agenttest.Link{}, t.TempDir()
	newAgent := func(d *agent.Dir) *agent.Agent {
		return &agent.Agent{Device: simDevice, Runtime: r, Link: link, Keys: simRing, Dir: d, Facts: func() map[string]string { return map[string]string{"arch": "x86_64"} }}
	}
	d := openDir(t, path)
	stop := start(t, newAgent(d))
	var sets []wire.Verified
	publishSet := func(versions map[algebra.App]int) {
		apps, specs := set(versions)
		sets = append(sets, publish(sets, apps))
		link.Publish(sets[len(sets)-1].Raw(), specs...)
	}
	publishSet(map[algebra.App]int{appA: 0, appB: 0})
	link.App(t, appA, runningAt(0))
	publishSet(map[algebra.App]int{appA: 1})
	link.App(t, appA, runningAt(1))
	link.App(t, appB, gone)

	stop()
	must(t, d.Close())
	if seen, _ := r.Observe(t.Context()); seen[appA].Phase != algebra.Running {
		t.Fatalf("the end of the agent ended what ran: %v", seen)
	}
	link.Cut(true)
	r.Remove(appA) // the machine is booted anew: nothing runs, and there is no network
	d = openDir(t, path)
	defer func() { must(t, d.Close()) }()
	stop = start(t, newAgent(d))
	waitFor(t, func() bool {
		seen, _ := r.Observe(t.Context())
		return seen[appA].Release == sets[1].State().Apps[appA].Release()
	})
	before := len(link.Reports())
	link.Cut(false)
	publishSet(map[algebra.App]int{appA: 2})
	link.App(t, appA, runningAt(2))
	stop()

	var facts, beats int
	for i, m := range link.Reports() {
		switch m := m.(type) {
		case wire.DeviceInfo:
			facts++
			if m.Facts["arch"] != "x86_64" {
				t.Errorf("facts %v", m.Facts)
			}
		case wire.Heartbeat:
			beats++
		case wire.AppState:
			if i >= before && m.App == appB {
				t.Errorf("a slot that is long empty is reported: %+v", m)
			}
		}
	}
	if facts != 2 || beats < 1 {
		t.Errorf("facts were reported %d times in two lives, heartbeats %d", facts, beats)
	}
}

func waitFor(t *testing.T, good func() bool) {
	t.Helper()
	for begun := time.Now(); !good(); time.Sleep(2 * time.Millisecond) {
		if time.Since(begun) > 20*time.Second {
			t.Fatal("not after 20 s")
		}
	}
}

// An older set, one with a bad signature and one for another device change nothing, and are
// reported until a good one is accepted.
func TestRefusals(t *testing.T) {
	r, link := &inprocess.Runtime{}, &agenttest.Link{}
	var log syncBuffer
	start(t, &agent.Agent{Device: simDevice, Runtime: r, Link: link, Keys: simRing, Log: slog.New(slog.NewTextHandler(&log, nil))})
	one, specs := set(map[algebra.App]int{appA: 0})
	two, more := set(map[algebra.App]int{appA: 1})
	first := publish(nil, one)
	second := publish([]wire.Verified{first}, two)
	link.Publish(second.Raw(), append(specs, more...)...)
	link.App(t, appA, runningAt(1))
	for _, c := range []struct {
		raw  []byte
		want string
	}{
		{first.Raw(), "generation 1 is older than 2"},
		{publish([]wire.Verified{first}, one).Raw(), "generation 2 differs from the one accepted"},
		{append([]byte(nil), second.Raw()[:80]...), "unexpected end"},
		{sign(simKey, wire.DesiredState{Device: algebra.MustDeviceID("d2"), Generation: 9, Previous: first.Digest()}).Raw(), "signed for another device"},
	} {
		link.Publish(c.raw)
		waitFor(t, func() bool { return strings.Contains(refusal(link), c.want) })
		if !strings.Contains(log.String(), c.want) {
			t.Errorf("the log does not say %q", c.want)
		}
	}
	if seen, _ := r.Observe(t.Context()); len(seen) != 1 || seen[appA].Release != second.State().Apps[appA].Release() {
		t.Errorf("after the refusals runs %v", seen)
	}
	three, _ := set(map[algebra.App]int{appA: 0})
	link.Publish(publish([]wire.Verified{first, second}, three).Raw())
	link.App(t, appA, runningAt(0))
	waitFor(t, func() bool { return refusal(link) == "" })
}

func refusal(l *agenttest.Link) (text string) {
	for _, m := range l.Reports() {
		if info, is := m.(wire.DeviceInfo); is {
			text = info.Facts[agent.FactRefused]
		}
	}
	return text
}

type syncBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Two apps exchange their ports: all is fetched, then both stop, then both start.
func TestStopsBeforeStarts(t *testing.T) {
	var mu sync.Mutex
	var calls []string
	r, link := &inprocess.Runtime{Delay: func(c inprocess.Call) time.Duration {
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, c.Op.String())
		return 10 * time.Millisecond
	}}, &agenttest.Link{}
	start(t, &agent.Agent{Device: simDevice, Runtime: r, Link: link, Keys: simRing})
	one, specs := set(map[algebra.App]int{appA: 0, appB: 0}) // ports 8000 and 8001
	two, more := set(map[algebra.App]int{appA: 1, appB: 2})  // ports 8001 and 8000
	first := publish(nil, one)
	link.Publish(first.Raw(), append(specs, more...)...)
	link.App(t, appA, runningAt(0))
	link.App(t, appB, runningAt(0))
	mu.Lock()
	calls = nil
	mu.Unlock()
	link.Publish(publish([]wire.Verified{first}, two).Raw())
	link.App(t, appA, runningAt(1))
	link.App(t, appB, runningAt(2))
	mu.Lock()
	defer mu.Unlock()
	if want := []string{"prepare", "prepare", "stop", "stop", "start", "start"}; !slices.Equal(calls, want) {
		t.Errorf("calls %v, want %v", calls, want)
	}
}

// lossy loses reports that a slot runs, without an error, as a hub that fails does.
type lossy struct {
	agenttest.Link
	lose atomic.Int32
}

func (l *lossy) Report(ctx context.Context, r wire.Report) error {
	if s, is := r.(wire.AppState); is && s.Phase == algebra.Running && l.lose.Add(-1) >= 0 {
		return nil
	}
	return l.Link.Report(ctx, r)
}

// What was reported is said again after pauses that grow, in case that the fleet was deaf, and then
// not until it changes.
func TestWhatWasSentIsSaidAgain(t *testing.T) {
	link := &lossy{}
	link.lose.Store(3)
	start(t, &agent.Agent{Device: simDevice, Runtime: &inprocess.Runtime{}, Link: link, Keys: simRing, Heartbeat: 10 * time.Millisecond})
	apps, specs := set(map[algebra.App]int{appA: 0})
	link.Publish(publish(nil, apps).Raw(), specs...)
	link.App(t, appA, runningAt(0))
	time.Sleep(300 * time.Millisecond)
	told := 0
	for _, r := range link.Reports() {
		if s, is := r.(wire.AppState); is && s.Phase == algebra.Running {
			told++
		}
	}
	if told != 2 {
		t.Errorf("of five times three were lost, and it was told %d times", told)
	}
}

// slow takes its time to say what a deployment is, and for reports that a slot runs.
type slow struct {
	agenttest.Link
	takes time.Duration
}

func (l *slow) Spec(ctx context.Context, d algebra.Digest) (algebra.Deployment, error) {
	time.Sleep(l.takes)
	return l.Link.Spec(ctx, d)
}

func (l *slow) Report(ctx context.Context, r wire.Report) error {
	if s, is := r.(wire.AppState); is && s.Phase == algebra.Running {
		time.Sleep(l.takes)
	}
	return l.Link.Report(ctx, r)
}

// A heartbeat that falls into the sending of a report does not have the one before it said again
// after it: the fleet would take the slot for what it was, until everything is told anew.
func TestWhatIsSaidOnceMoreIsTheNewest(t *testing.T) {
	link := &slow{takes: 100 * time.Millisecond}
	start(t, &agent.Agent{Device: simDevice, Runtime: &inprocess.Runtime{}, Link: link, Keys: simRing, Heartbeat: 20 * time.Millisecond})
	apps, specs := set(map[algebra.App]int{appA: 0})
	link.Publish(publish(nil, apps).Raw(), specs...)
	link.App(t, appA, runningAt(0))
	time.Sleep(300 * time.Millisecond)
	var phases []algebra.Phase
	for _, r := range link.Reports() {
		if s, is := r.(wire.AppState); is {
			phases = append(phases, s.Phase)
		}
	}
	first := slices.Index(phases, algebra.Running)
	if first == 0 || slices.ContainsFunc(phases[first:], func(p algebra.Phase) bool { return p != algebra.Running }) {
		t.Errorf("told %v", phases)
	}
}

// unanswering does not say what a deployment is, a number of times.
type unanswering struct {
	agenttest.Link
	times atomic.Int32
}

func (l *unanswering) Spec(ctx context.Context, d algebra.Digest) (algebra.Deployment, error) {
	if l.times.Add(-1) >= 0 {
		return algebra.Deployment{}, fmt.Errorf("deployment %s: %w", d.Short(), agent.ErrUnanswered)
	}
	return l.Link.Spec(ctx, d)
}

// A fleet that has too much to do to say what a release is does not make it fail: a gate would
// count that.
func TestUnansweredIsNotFailed(t *testing.T) {
	link := &unanswering{}
	link.times.Store(1)
	start(t, &agent.Agent{Device: simDevice, Runtime: &inprocess.Runtime{}, Link: link, Keys: simRing})
	apps, specs := set(map[algebra.App]int{appA: 0})
	link.Publish(publish(nil, apps).Raw(), specs...)
	s := link.App(t, appA, func(s wire.AppState) bool { return strings.Contains(s.LastError, "did not answer") })
	if s.Phase != algebra.Pulling {
		t.Errorf("it is %s while nobody says what it is", s.Phase)
	}
	link.App(t, appA, runningAt(0))
}

// What is to run a release may be away, or break off: that is no failure of the release either.
func TestARuntimeThatIsAwayFailsNothing(t *testing.T) {
	var away atomic.Bool
	away.Store(true)
	r, link := &inprocess.Runtime{Fail: func(c inprocess.Call) error {
		if c.Op == inprocess.Start && away.Load() {
			return fmt.Errorf("start: %w: connection refused", agent.ErrAway)
		}
		return nil
	}}, &agenttest.Link{}
	start(t, &agent.Agent{Device: simDevice, Runtime: r, Link: link, Keys: simRing})
	apps, specs := set(map[algebra.App]int{appA: 0})
	link.Publish(publish(nil, apps).Raw(), specs...)
	s := link.App(t, appA, func(s wire.AppState) bool { return strings.Contains(s.LastError, "is away") })
	if s.Phase != algebra.Pulling {
		t.Errorf("it is %s while nothing can run it", s.Phase)
	}
	away.Store(false)
	link.App(t, appA, runningAt(0))
}

// A release that cannot be fetched leaves the old one running, and says why.
func TestFetchFailsBeforeAnythingStops(t *testing.T) {
	fail := make(chan error, 1)
	r, link := &inprocess.Runtime{Fail: func(c inprocess.Call) error {
		if c.Op == inprocess.Prepare && c.Deployment.Version() == algebra.MustVersion("1") {
			select {
			case err := <-fail:
				return err
			default:
			}
		}
		return nil
	}}, &agenttest.Link{}
	start(t, &agent.Agent{Device: simDevice, Runtime: r, Link: link, Keys: simRing})
	one, specs := set(map[algebra.App]int{appA: 0})
	two, more := set(map[algebra.App]int{appA: 1})
	first := publish(nil, one)
	link.Publish(first.Raw(), append(specs, more...)...)
	link.App(t, appA, runningAt(0))
	fail <- errors.New("no route to registry")
	link.Publish(publish([]wire.Verified{first}, two).Raw())
	s := link.App(t, appA, func(s wire.AppState) bool { return strings.Contains(s.LastError, "no route to registry") })
	if !runningAt(0)(s) {
		t.Errorf("reported is %+v, want the old release running", s)
	}
	link.App(t, appA, runningAt(1)) // by itself, after a delay
}

// TestAContextThatNeverEnds is no reason to end: an agent that has nothing to do waits.
func TestAContextThatNeverEnds(t *testing.T) {
	link := &agenttest.Link{}
	a := &agent.Agent{Device: simDevice, Runtime: &inprocess.Runtime{}, Link: link, Keys: simRing, Log: slog.New(slog.DiscardHandler)}
	go func() { t.Errorf("the agent ended: %v", a.Run(context.Background())) }()
	apps, specs := set(map[algebra.App]int{appA: 0})
	time.Sleep(100 * time.Millisecond) // idle
	link.Publish(publish(nil, apps).Raw(), specs...)
	link.App(t, appA, runningAt(0))
}

// TestAClockSetBackDoesNotBlind: what was put off by seconds comes, though its time is an hour away
// by now, or some minutes, which might be how long to wait.
func TestAClockSetBackDoesNotBlind(t *testing.T) {
	now := time.Unix(1e9, 0)
	s, _ := agent.Begin(simDevice, simRing, agent.Memory{})
	s, effects := agent.Step(s, agent.Looked{Number: 1, Err: errors.New("the runtime does not answer")}, now)
	if n, _ := count[agent.Look](effects); n != 0 {
		t.Fatal("a look that failed is repeated at once")
	}
	for later, want := range map[time.Duration]int{-time.Hour: 1, -4 * time.Minute: 1, 0: 0, time.Second: 1} {
		_, effects = agent.Step(s, agent.Changed{}, now.Add(later))
		if n, _ := count[agent.Look](effects); n != want {
			t.Errorf("%v later by the clock it looks %d times, want %d", later, n, want)
		}
	}
}

// TestASlotThatWasChangedMeanwhileIsToldAgain, though it stands as before: who published another
// release there, and then this one again, waits to hear that it is over.
func TestASlotThatWasChangedMeanwhileIsToldAgain(t *testing.T) {
	for since, want := range map[uint64]int{1: 0, 3: 1} {
		s, _ := settled(t)
		slot := s.Have()[appA].Release
		set := sign(simKey, wire.DesiredState{Device: simDevice, Generation: 3, Previous: algebra.DigestOf(nil),
			Apps: map[algebra.App]wire.App{appA: {Version: slot.Version, Digest: slot.Deployment, Since: since}}})
		s, _ = agent.Step(s, agent.Offered{Raw: set.Raw()}, time.Now())
		s, _ = agent.Step(s, agent.Saved{State: set}, time.Now())
		_, effects := agent.Step(s, agent.Looked{Number: 2, Have: s.Have()}, time.Now())
		if n, tell := count[agent.Tell](effects); n != want || n > 0 && tell.State.Wanted != 3 {
			t.Errorf("changed at generation %d, it is told %d times, last %+v", since, n, tell.State)
		}
	}
}

// TestOfANewGenerationOnlyWhatIsSeenIsTold: what died unnoticed before it was accepted is not told as
// running under it, not even while the runtime gives no answer.
func TestOfANewGenerationOnlyWhatIsSeenIsTold(t *testing.T) {
	s, _ := settled(t)
	slot := s.Have()[appA].Release
	set := sign(simKey, wire.DesiredState{Device: simDevice, Generation: 3, Previous: algebra.DigestOf(nil),
		Apps: map[algebra.App]wire.App{appA: {Version: slot.Version, Digest: slot.Deployment, Since: 3}}})
	now := time.Now()
	s, _ = agent.Step(s, agent.Offered{Raw: set.Raw()}, now)
	for _, e := range []agent.Event{agent.Saved{State: set}, agent.Looked{Number: 2, Err: errors.New("no answer")}} {
		var effects []agent.Effect
		s, effects = agent.Step(s, e, now)
		if n, tell := count[agent.Tell](effects); n != 0 {
			t.Errorf("after %T it tells %+v, and has not looked", e, tell.State)
		}
		now = now.Add(time.Minute)
	}
	s, _ = agent.Step(s, agent.Woke{}, now)
	_, effects := agent.Step(s, agent.Looked{Number: 3}, now)
	if n, tell := count[agent.Tell](effects); n != 1 || tell.State.Wanted != 3 || tell.State.Phase == algebra.Running {
		t.Errorf("once it has looked it tells %d times, last %+v", n, tell.State)
	}
}

// TestWhatDiesWhileItsSuccessorIsFetchedIsTold: an image may be on its way for minutes, and budgets count
// on what is told.
func TestWhatDiesWhileItsSuccessorIsFetchedIsTold(t *testing.T) {
	s, _ := settled(t)
	slot := s.Have()[appA].Release
	now := time.Now()
	set := chain(2)[1]
	s, _ = agent.Step(s, agent.Offered{Raw: set.Raw()}, now)
	s, _ = agent.Step(s, agent.Saved{State: set}, now)
	s, effects := agent.Step(s, agent.Looked{Number: 2, Have: map[algebra.App]agent.Observed{appA: {Release: slot, Phase: algebra.Running}}}, now)
	if n, _ := count[agent.Fetch](effects); n != 1 {
		t.Fatalf("it fetches %d deployments, want the one that follows", n)
	}
	s, _ = agent.Step(s, agent.Changed{App: appA}, now)
	_, effects = agent.Step(s, agent.Looked{Number: 3, Have: map[algebra.App]agent.Observed{appA: {Release: slot, Phase: algebra.Failed, Detail: "exit code 1"}}}, now)
	if n, tell := count[agent.Tell](effects); n != 1 || tell.State.Phase != algebra.Failed || tell.State.Running.Release() != slot {
		t.Errorf("it tells %d times, last %+v; want what died", n, tell.State)
	}
}

// settled is an agent that runs what it accepted, at generation 1.
func settled(t *testing.T) (agent.State, []agent.Effect) {
	t.Helper()
	set := chain(1)[0]
	spec := specOf(set)
	s, _ := agent.Begin(simDevice, simRing, agent.Memory{Accepted: set, Specs: []algebra.Deployment{spec}})
	run := algebra.Release{Version: spec.Version(), Deployment: spec.Digest(), Values: algebra.Values{}.Digest()}
	return agent.Step(s, agent.Looked{Number: 1, Have: map[algebra.App]agent.Observed{appA: {Release: run, Phase: algebra.Running}}}, time.Now())
}
