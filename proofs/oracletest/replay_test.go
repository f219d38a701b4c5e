package oracletest_test

import (
	"flag"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/proofs/oracletest"
)

var update = flag.Bool("update", false, "ask the oracle for the corpus anew")

const corpus = "testdata/corpus.gz"

// record asks the oracle for the corpus: all small worlds and some of each kind.
func record(t *testing.T) {
	live := start(t)
	var asks []string
	for line := range oracletest.SmallWorlds() {
		asks = append(asks, line)
	}
	for line := range oracletest.SmallDifferences() {
		asks = append(asks, line)
	}
	r := rand.New(rand.NewSource(algebratest.Seed))
	for _, kind := range kinds {
		for i := range kind.keep {
			asks = append(asks, kind.draw(oracletest.Dice{R: r, Wild: i%3 == 0}))
		}
	}
	slices.Sort(asks) // like stands by like, which packs better
	var cases []oracletest.Case
	for _, ask := range slices.Compact(asks) {
		answer, err := live.Ask(ask)
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, oracletest.Case{Ask: ask, Answer: answer})
	}
	if err := oracletest.WriteCorpus(corpus, cases); err != nil {
		t.Fatal(err)
	}
}

// replay is the first case in which an engine differs from the recorded model.
func replay(engine oracletest.Engine, cases []oracletest.Case) error {
	for _, c := range cases {
		if have := engine.Answer(c.Ask); have != c.Answer {
			return fmt.Errorf("%s\nmodel %s\ncode  %s", c.Ask, c.Answer, have)
		}
	}
	return nil
}

func read(t *testing.T) []oracletest.Case {
	t.Helper()
	cases, err := oracletest.ReadCorpus(corpus)
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// TestCorpusIsReplayed needs no Coq: the model's answers are on disk.
func TestCorpusIsReplayed(t *testing.T) {
	if *update {
		record(t)
	}
	cases := read(t)
	if len(cases) < 5000 {
		t.Errorf("%d cases, want 5000", len(cases))
	}
	var c classes
	if err := replay(c.engine(), cases); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, x := range cases {
		head, _, _ := strings.Cut(x.Ask, " ")
		kinds[head]++
	}
	c.cases = kinds["(make"]
	t.Logf("%d cases: %v; plans: %v", len(cases), kinds, c.met)
}

// TestReplaySeesWrongEngines plants bugs in what the engine calls.
func TestReplaySeesWrongEngines(t *testing.T) {
	cases := read(t)
	diff := func(bend func([]planner.Action) []planner.Action) oracletest.Engine {
		e := oracletest.Go()
		e.Diff = func(want, have algebra.Placement) []planner.Action { return bend(planner.Diff(want, have)) }
		return e
	}
	plan := func(bend func(*planner.Plan)) oracletest.Engine {
		e := oracletest.Go()
		e.Make = func(w algebra.World, r algebra.Reality) planner.Plan {
			p := planner.Make(w, r)
			bend(&p)
			return p
		}
		return e
	}
	survey := func(bend func(*rollout.LaneView)) oracletest.Engine {
		e := oracletest.Go()
		e.Survey = func(s rollout.Script, r rollout.Run, scene rollout.Scene) rollout.View {
			v := rollout.Survey(s, r, scene)
			for i := range v.Lanes {
				bend(&v.Lanes[i])
			}
			return v
		}
		return e
	}
	merge := func(bend func(base, ours, theirs map[string]string) (worldfile.Merged, diag.List)) oracletest.Engine {
		e := oracletest.Go()
		e.Merge = bend
		return e
	}
	for name, e := range map[string]oracletest.Engine{
		"the last who may go stays": survey(func(l *rollout.LaneView) { l.Ready = l.Ready[:max(1, len(l.Ready))-1] }),
		"nobody goes before the last": survey(func(l *rollout.LaneView) {
			if len(l.Ready) > 2 {
				l.Ready = l.Ready[len(l.Ready)-1:]
			}
		}),
		"ours always wins": merge(func(_, ours, _ map[string]string) (worldfile.Merged, diag.List) {
			return worldfile.Merged{Files: ours}, nil
		}),
		"a deletion is forgotten": merge(func(_, ours, theirs map[string]string) (worldfile.Merged, diag.List) {
			return worldfile.MergeFiles(map[string]string{}, ours, theirs)
		}),
		"the last of three actions is lost": diff(func(a []planner.Action) []planner.Action { return a[:len(a)-len(a)/3] }),
		"actions come backwards": diff(func(a []planner.Action) []planner.Action {
			slices.Reverse(a)
			return a
		}),
		"a stop beside a refusal is lost": plan(func(p *planner.Plan) {
			if len(p.Blocked) > 0 && p.Blocked[0].Why == planner.DeviceRefused {
				p.Changes = slices.DeleteFunc(p.Changes, func(c planner.Change) bool { return c.Reason == planner.Unassigned })
			}
		}),
		"a device goes a wave too late": plan(func(p *planner.Plan) {
			if len(p.Courses) > 0 && len(p.Courses[0].Waves) > 1 {
				if w := p.Courses[0].Waves; len(w[0].Devices) > 1 {
					w[1].Devices, w[0].Devices = append(w[1].Devices, w[0].Devices[0]), w[0].Devices[1:]
				}
			}
		}),
		"what clashes is no block": plan(func(p *planner.Plan) {
			p.Blocked = slices.DeleteFunc(p.Blocked, func(b planner.Blocked) bool { return b.Why == planner.ResourceClash })
		}),
	} {
		if replay(e, cases) == nil {
			t.Errorf("%s: not seen", name)
		}
	}
}
