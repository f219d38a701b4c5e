package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/open-policy-agent/conftest/policy"

	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/cel"
	"github.com/musterfleet/muster/policies/rego"
	"github.com/musterfleet/muster/proofs/bench"
)

// TestBenchJudge measures the judging of a plan that is read already against conftest.
func TestBenchJudge(t *testing.T) {
	bench.Start(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "rego", "rules.rego"), module(rules))
	rows := [][]string{{"actions", "by", "wall", "CPU", "conftest / muster: wall", "CPU"}}
	for _, n := range []int{1_000, 10_000, 100_000} {
		plan := filepath.Join(dir, fmt.Sprintf("plan-%d.json", n))
		writePlan(t, plan, n)
		stock := judgedByConftest(t, plan, dir)
		rows = append(rows, []string{bench.Power(n), "conftest", bench.Short(stock.wall), bench.Short(stock.cpu), "", ""})
		file := decoded(t, plan)
		for _, by := range []struct {
			language string
			gates    policies.Gates
		}{{"CEL", inCEL(t)}, {"Rego", inRego(t, dir)}} {
			took := spent(7, func() {
				if r, err := policies.Judge(file, by.gates, policies.Options{}); err != nil || !r.Denied() {
					t.Fatal(err)
				}
			})
			rows = append(rows, []string{"", "muster, " + by.language, bench.Short(took.wall), bench.Short(took.cpu),
				bench.Times(stock.wall, took.wall), bench.Times(stock.cpu, took.cpu)})
			if n == 100_000 && stock.wall < 50*took.wall && stock.cpu < 50*took.cpu {
				t.Errorf("%s: evaluation alone is %s as fast as conftest's, with %s less CPU; want 50×", by.language,
					bench.Times(stock.wall, took.wall), bench.Times(stock.cpu, took.cpu))
			}
		}
	}
	bench.Record(t, bench.Section{
		Title: "Judging a plan that is read already",
		Text: "The same rules on the same plans, once the file is read and the rules are compiled: `policy.Engine.Check` of conftest, `policies.Judge` of\n" +
			"muster, the least CPU of seven. Target at 10⁵: 50×.",
		Rows: rows,
	})
}

// spent is what some runs took of this process: the wall time of the quickest, and the CPU of the one
// that took least, as other work disturbs the two in ways of its own.
func spent(times int, run func()) process {
	var least process
	for i := range times {
		before, began := used(), time.Now()
		run()
		took := process{wall: time.Since(began), cpu: used() - before}
		if i == 0 {
			least = took
		}
		least.wall, least.cpu = min(least.wall, took.wall), min(least.cpu, took.cpu)
	}
	return least
}

// used is the time this process has had of all cores.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // of no process but this one
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func judgedByConftest(t *testing.T, plan, dir string) process {
	t.Helper()
	text, err := os.ReadFile(plan)
	if err != nil {
		t.Fatal(err)
	}
	var input map[string]any
	if err := json.Unmarshal(text, &input); err != nil {
		t.Fatal(err)
	}
	engine, err := policy.Load([]string{filepath.Join(dir, "rego")}, policy.CompilerOptions{RegoVersion: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	return spent(1, func() {
		if _, err := engine.Check(context.Background(), map[string]any{plan: input}, "main"); err != nil {
			t.Fatal(err)
		}
	})
}

func decoded(t *testing.T, plan string) planfile.File {
	t.Helper()
	text, err := os.ReadFile(plan)
	if err != nil {
		t.Fatal(err)
	}
	file, err := planfile.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func inCEL(t *testing.T) policies.Gates {
	t.Helper()
	world, problems := worldfile.Load(fstest.MapFS{"rules.yaml": {Data: []byte(documents(rules))}})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	gates, problems := cel.Compile(world.Policies)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return gates
}

func inRego(t *testing.T, dir string) policies.Gates {
	t.Helper()
	modules, err := rego.Read(os.DirFS(filepath.Join(dir, "rego")))
	if err != nil {
		t.Fatal(err)
	}
	gates, problems := rego.Compile(rego.Set{Modules: modules})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return gates
}
