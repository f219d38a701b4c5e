package cel_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/cel"
	"github.com/musterfleet/muster/proofs/bench"
)

// What a review costs by number of actions and of policies, and with a policy for which each
// action is a class of its own.
func TestBenchPolicies(t *testing.T) {
	bench.Start(t)
	rows := [][]string{{"actions", "policies", "classes of the last policy", "review", "a judgement"}}
	add := func(p policies.Proposal, actions, count int, own bool) {
		list := ordinaryPolicies()[:count]
		seen := "few"
		if own {
			list[count-1] = policy("action", `device.id.startsWith("edge")`)
			list[count-1].Name, seen = "own", "one an action"
		}
		took := reviewed(t, p, list, actions)
		rows = append(rows, []string{bench.Power(actions), fmt.Sprint(count), seen, bench.Short(took), bench.Short(took / time.Duration(2*actions*count))})
	}
	for _, n := range []int{1_000, 10_000} {
		add(large(t, n), n, 20, false)
	}
	const most = 100_000
	p := large(t, most)
	for _, n := range []int{1, 5, 10, 20} {
		add(p, most, n, false)
	}
	add(p, most, 20, true)
	bench.Record(t, bench.Section{Title: "Policies in CEL over a plan", Rows: rows,
		Text: "The review of a plan in memory: each policy judges each action and its inverse, once per class of\nactions that agree on what it reads. The last row has one policy of the twenty that reads the name of the device."})
}

// reviewed is the least time of three reviews that nothing objects in.
func reviewed(t *testing.T, p policies.Proposal, list []algebra.Policy, actions int) time.Duration {
	t.Helper()
	gates, problems := cel.Compile(list)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return bench.Least(3, func() {
		if approved, report := policies.Review(p, gates, policies.Options{}); approved.IsZero() || report.Evaluations != actions*len(list) {
			t.Fatal(report.Text(false))
		}
	})
}
