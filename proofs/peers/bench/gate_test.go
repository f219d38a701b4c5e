package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/open-policy-agent/conftest/policy"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/invented"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/cel"
	pt "github.com/musterfleet/muster/policies/policiestest"
	"github.com/musterfleet/muster/policies/rego"
	"github.com/musterfleet/muster/proofs/bench"
)

// TestBenchGate measures the gating of a saved plan against conftest: the whole process, and the
// judging of a plan that is read already.
func TestBenchGate(t *testing.T) {
	bench.Start(t)
	ours, theirs := filepath.Join(t.TempDir(), "muster"), tool(t, "conftest")
	build := exec.Command("go", "build", "-o", ours, "./cmd/muster")
	build.Dir, build.Env = "../../..", append(os.Environ(), "GOFLAGS=-tags=remote,containers_image_openpgp", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "cel", "rules.yaml"), documents(rules))
	write(t, filepath.Join(dir, "rego", "rules.rego"), module(rules))
	processes := [][]string{{"actions", "plan file", "objections", "by", "wall", "CPU", "memory", "conftest / muster: wall", "CPU", "memory"}}
	alone := [][]string{{"actions", "conftest", "muster, CEL", "conftest / muster", "muster, Rego", "conftest / muster"}}
	for _, n := range []int{1_000, 10_000, 100_000} {
		plan := filepath.Join(dir, fmt.Sprintf("plan-%d.json", n))
		size := writePlan(t, plan, n)
		stock := measure(t, theirs, "test", plan, "--policy", filepath.Join(dir, "rego"), "--output", "json", "--no-color")
		want := ofConftest(t, stock.out)
		processes = append(processes, []string{bench.Power(n), megabytes(size), fmt.Sprint(len(want)), "conftest", bench.Short(stock.wall), bench.Short(stock.cpu), megabytes(stock.memory), "", "", ""})
		for _, language := range []string{"CEL", "Rego"} {
			var have process
			for range 3 {
				if one := measure(t, ours, "gate", plan, "-p", filepath.Join(dir, strings.ToLower(language)), "-o", "json"); have.out == nil || one.wall < have.wall {
					have = one
				}
			}
			if found := ofMuster(t, have.out); !slices.Equal(found, want) {
				t.Errorf("%d actions in %s: %d objections, conftest has %d", n, language, len(found), len(want))
			}
			processes = append(processes, []string{"", "", "", "muster, " + language, bench.Short(have.wall), bench.Short(have.cpu), megabytes(have.memory),
				bench.Times(stock.wall, have.wall), bench.Times(stock.cpu, have.cpu), fmt.Sprintf("%.1f×", float64(stock.memory)/float64(have.memory))})
			if n == 100_000 && (stock.wall < 10*have.wall || stock.memory < 4*have.memory) {
				t.Errorf("%s: %s as fast as conftest with %d MB, want 10× with a quarter of %d MB", language, bench.Times(stock.wall, have.wall), have.memory>>20, stock.memory>>20)
			}
		}
		stockAlone, byLanguage := judgedAlone(t, plan, dir)
		row := []string{bench.Power(n), bench.Short(stockAlone)}
		for _, took := range byLanguage {
			row = append(row, bench.Short(took), bench.Times(stockAlone, took))
			if n == 100_000 && stockAlone < 50*took {
				t.Errorf("evaluation alone is %s as fast as conftest's, want 50×", bench.Times(stockAlone, took))
			}
		}
		alone = append(alone, row)
	}
	bench.Record(t, bench.Section{
		Title: "Gating a plan file",
		Text: "`muster gate` and `conftest test` on the same plan file, by the same twenty rules, which muster has in Rego as conftest and in CEL: from\n" +
			"the start of the process to its end. Both object to the same actions by the same rules. All actions replace; devices are those that\n" +
			"`muster bench devices` invents. muster also judges the inverse of each action. Target at 10⁵: 10× in wall time, a quarter of the memory.",
		Rows: processes,
	})
	bench.Record(t, bench.Section{
		Title: "Judging a plan that is read already",
		Text: "The same rules on the same plans, once the file is read and the rules are compiled: `policy.Engine.Check` of conftest, `policies.Judge` of\n" +
			"muster. Target at 10⁵: 50×.",
		Rows: alone,
	})
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// writePlan writes the plan that replaces an app on n devices, and tells its size.
func writePlan(t *testing.T, file string, n int) int64 {
	t.Helper()
	world := func(version string) algebra.World {
		return pt.World(t, fmt.Sprintf(`kind: Deployment
metadata: {name: web}
spec:
  app: web
  version: %q
  podman:
    containers:
    - {name: web, image: "registry.example/web:%s", command: [httpd, -f, -p, "8080"], env: {MODE: prod, SITE: {fromLabel: site}}, ports: [{host: 8080}],
       restart: always, health: {exec: [wget, -q, -O-, "http://127.0.0.1:8080"], every: 5s, failures: 3}, resources: {memory: 64MiB}}`, version, version),
			pt.Assignment("web", "all", "web"))
	}
	p := pt.Propose(t, slices.Collect(invented.Devices(n)), world("1.0.0"), world("2.0.0"))
	text := planfile.From(p.Plan, p.Reality, p.Request, p.Now).JSON()
	write(t, file, string(text))
	return int64(len(text))
}

// process is what a run of a program took.
type process struct {
	wall, cpu time.Duration
	memory    int64
	out       []byte
}

// measure runs a program that may deny.
func measure(t *testing.T, program string, args ...string) process {
	t.Helper()
	cmd := exec.Command(program, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	began := time.Now()
	err := cmd.Run()
	took := time.Since(began)
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) || out.Len() == 0 {
		t.Fatalf("%s: %v\n%s", program, err, &errs)
	}
	s := cmd.ProcessState
	return process{took, s.UserTime() + s.SystemTime(), s.SysUsage().(*syscall.Rusage).Maxrss << 10, out.Bytes()}
}

// tool is where Go keeps the stock tool of that name, built from the version in go.mod.
func tool(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "tool", "-n", name).Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}

// ofConftest are the objections in a report of conftest: rule and address, sorted.
func ofConftest(t *testing.T, text []byte) []string {
	t.Helper()
	var reports []struct {
		Failures []struct {
			Msg      string
			Metadata map[string]any
		}
	}
	if err := json.Unmarshal(text, &reports); err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, r := range reports {
		for _, f := range r.Failures {
			query, _ := f.Metadata["query"].(string)
			found = append(found, strings.TrimPrefix(query, "data.main.deny_")+" "+f.Msg)
		}
	}
	slices.Sort(found)
	return found
}

// ofMuster are those of a report of muster. Of inverses conftest knows nothing.
func ofMuster(t *testing.T, text []byte) []string {
	t.Helper()
	var report struct {
		Results []struct {
			Rule, Address, Msg string
			Inverse            bool
		}
	}
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, r := range report.Results {
		if !r.Inverse {
			about := r.Address
			if about == "" { // a rule in Rego, which says it
				about = r.Msg
			}
			found = append(found, strings.TrimPrefix(r.Rule, "deny_")+" "+about)
		}
	}
	slices.Sort(found)
	return found
}

// judgedAlone is how long conftest takes to judge a plan that is read, and how long muster does by
// the rules in CEL and in Rego.
func judgedAlone(t *testing.T, plan, dir string) (time.Duration, []time.Duration) {
	t.Helper()
	text, err := os.ReadFile(plan)
	if err != nil {
		t.Fatal(err)
	}
	var input map[string]any
	if err := json.Unmarshal(text, &input); err != nil {
		t.Fatal(err)
	}
	file, err := planfile.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	text = nil
	engine, err := policy.Load([]string{filepath.Join(dir, "rego")}, policy.CompilerOptions{RegoVersion: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	stock := bench.Least(1, func() {
		if _, err := engine.Check(context.Background(), map[string]any{plan: input}, "main"); err != nil {
			t.Fatal(err)
		}
	})
	clear(input)
	var took []time.Duration
	for _, gates := range []policies.Gates{inCEL(t), inRego(t, dir)} {
		took = append(took, bench.Least(3, func() {
			if r, err := policies.Judge(file, gates, policies.Options{}); err != nil || !r.Denied() {
				t.Fatal(err)
			}
		}))
	}
	return stock, took
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

// megabytes is a number of bytes as people say it.
func megabytes(n int64) string { return fmt.Sprintf("%d MB", n>>20) }
