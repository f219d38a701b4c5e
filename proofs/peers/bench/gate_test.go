package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/invented"
	"github.com/musterfleet/muster/planner/planfile"
	pt "github.com/musterfleet/muster/policies/policiestest"
	"github.com/musterfleet/muster/proofs/bench"
)

// TestBenchGate measures the gating of a saved plan against conftest, the whole process.
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
	}
	bench.Record(t, bench.Section{
		Title: "Gating a plan file",
		Text: "`muster gate` and `conftest test` on the same plan file, by the same twenty rules, which muster has in Rego as conftest and in CEL: from\n" +
			"the start of the process to its end. Both object to the same actions by the same rules. All actions replace; devices are those that\n" +
			"`muster bench devices` invents. muster also judges the inverse of each action. Target at 10⁵: 10× in wall time, a quarter of the memory.",
		Rows: processes,
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

// measure runs a program that may deny, from a small process: see measure.py.
func measure(t *testing.T, program string, args ...string) process {
	t.Helper()
	cmd := exec.Command("python3", append([]string{"measure.py", program}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) || out.Len() == 0 {
		t.Fatalf("%s: %v\n%s", program, err, &errs)
	}
	lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
	var wall, cpu, memory int64
	if _, err := fmt.Sscan(lines[len(lines)-1], &wall, &cpu, &memory); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, &errs)
	}
	return process{time.Duration(wall), time.Duration(cpu), memory, out.Bytes()}
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

// megabytes is a number of bytes as people say it.
func megabytes(n int64) string { return fmt.Sprintf("%d MB", n>>20) }
