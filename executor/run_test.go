package executor_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/musterfleet/muster/executor"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// TestStepTellsTheStoryOfARun is a run of three devices, one of which fails.
func TestStepTellsTheStoryOfARun(t *testing.T) {
	on := func(n executor.Tally) executor.Tally { n.Targets, n.Published = 3, 3; return n }
	story := []struct {
		event  executor.Event
		status executor.Status
		does   []executor.Effect
	}{
		{executor.Begin{}, executor.Publishing, []executor.Effect{executor.Publish{}}},
		{executor.Begin{}, executor.Publishing, nil},
		{executor.Published{At: noon, Tally: on(executor.Tally{})}, executor.Waiting,
			[]executor.Effect{executor.WaitUntil{At: noon.Add(executor.DefaultDeadline)}}},
		{executor.Progress{At: noon.Add(time.Second), Tally: on(executor.Tally{Healthy: 2})}, executor.Waiting,
			[]executor.Effect{executor.WaitUntil{At: noon.Add(executor.DefaultDeadline)}}},
		{executor.Progress{At: noon.Add(2 * time.Second), Tally: on(executor.Tally{Healthy: 2, Failed: 1})}, executor.Failed,
			[]executor.Effect{executor.Finish{Status: executor.Failed}}},
		{executor.Progress{At: noon.Add(3 * time.Second), Tally: on(executor.Tally{Healthy: 3})}, executor.Failed, nil},
	}
	run := executor.Run{Status: executor.Planned}
	for i, s := range story {
		var does []executor.Effect
		run, does = executor.Step(run, s.event)
		if run.Status != s.status || !reflect.DeepEqual(does, s.does) {
			t.Fatalf("event %d %#v: %s and %#v, want %s and %#v", i, s.event, run.Status, does, s.status, s.does)
		}
	}
}

// TestSilenceEndsAtTheDeadline: a device that never answers counts as failed then, not before.
func TestSilenceEndsAtTheDeadline(t *testing.T) {
	silent := executor.Tally{Targets: 2, Published: 2, Healthy: 1}
	run, _ := executor.Step(executor.Run{Status: executor.Planned, Deadline: time.Minute}, executor.Begin{})
	run, _ = executor.Step(run, executor.Published{At: noon, Tally: silent})
	run, _ = executor.Step(run, executor.Progress{At: noon.Add(time.Minute - 1), Tally: silent})
	if run.Status != executor.Waiting {
		t.Fatalf("a moment before the deadline the run is %s, want waiting", run.Status)
	}
	run, _ = executor.Step(run, executor.Progress{At: noon.Add(time.Minute), Tally: silent})
	if run.Status != executor.Failed || run.Tally.Failed != 1 {
		t.Fatalf("at the deadline the run is %s with %+v, want failed with one failed device", run.Status, run.Tally)
	}
}
