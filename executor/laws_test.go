package executor_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/executor"
)

// step is the function under test, or one with a planted bug.
type step func(executor.Run, executor.Event) (executor.Run, []executor.Effect)

// stepLaws plays random events: an ended run never changes, Publish comes at most once and
// Succeeded means that every online target is healthy, and that there was one.
func stepLaws(f step, ended *int) func(kinds []int, counts []int) bool {
	return func(kinds, counts []int) bool {
		run, published := executor.Run{Status: executor.Planned}, 0
		for i, kind := range kinds {
			before := run
			var effects []executor.Effect
			run, effects = f(run, eventOf(kind, i, counts))
			for _, e := range effects {
				if _, ok := e.(executor.Publish); ok {
					published++
				}
			}
			if before.Status.Ended() {
				*ended++
				if !reflect.DeepEqual(before, run) || len(effects) > 0 {
					return false
				}
			}
			if n := run.Tally; run.Status == executor.Succeeded && (n.Healthy+n.Offline != n.Targets || n.Healthy == 0 && n.Targets > 0) {
				return false
			}
		}
		return published <= 1
	}
}

func eventOf(kind, i int, counts []int) executor.Event {
	at := noon.Add(time.Duration(i) * time.Minute)
	n := func(j int) int { return counts[(i+j)%len(counts)] }
	t := executor.Tally{Targets: n(0) + n(1) + n(2), Published: n(0) + n(1), Healthy: n(0), Failed: min(n(1), n(3)), Offline: n(2)}
	switch kind {
	case 0:
		return executor.Begin{}
	case 1:
		return executor.Published{At: at, Tally: t}
	case 2, 3:
		return executor.Progress{At: at, Tally: t}
	default:
		return executor.Cancel{}
	}
}

func checkStep(t *testing.T, f step) (ok bool, ended int) {
	p := gopter.DefaultTestParametersWithSeed(20261123)
	p.MinSuccessfulTests, p.MinSize = 2000, 4
	law := prop.ForAll(stepLaws(f, &ended), gen.SliceOf(gen.Frequency(map[int]gopter.Gen{
		6: gen.Const(0), 7: gen.Const(1), 8: gen.Const(2), 1: gen.Const(4)})), gen.SliceOfN(7, gen.IntRange(0, 2)))
	return law.Check(p).Passed(), ended
}

func TestStepLaws(t *testing.T) {
	ok, ended := checkStep(t, executor.Step)
	if !ok {
		t.Error("a law of Step is broken; seed 20261123")
	}
	if ended < 400 {
		t.Errorf("only %d events met an ended run: the law is near vacuous", ended)
	}
}

func TestStepLawsCatchPlantedBugs(t *testing.T) {
	bugs := map[string]step{
		"ended runs begin again": func(r executor.Run, e executor.Event) (executor.Run, []executor.Effect) {
			if _, ok := e.(executor.Begin); ok && r.Status.Ended() {
				r.Status = executor.Planned
			}
			return executor.Step(r, e)
		},
		"settled is success": func(r executor.Run, e executor.Event) (executor.Run, []executor.Effect) {
			r, effects := executor.Step(r, e)
			if r.Status == executor.Failed {
				r.Status = executor.Succeeded
			}
			return r, effects
		},
	}
	for name, bug := range bugs {
		if ok, _ := checkStep(t, bug); ok {
			t.Errorf("planted bug %q passed the laws of Step", name)
		}
	}
}
