package policies

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/rego"
)

// traps are policies that the author meant to deny the careless plan, which takes things away
// and starts privileged containers. Stock conftest exits with 0 on each.
var traps = map[string]struct {
	module, want string
	args         []string // of conftest
}{
	"a misspelt key of the plan": {`deny contains c.id if { some c in input.resource_changes; "delete" in c.chnage.actions }`, `has no "chnage"; did you mean change?`, nil},
	"a misspelt key below what may be null": {`deny contains c.id if { some c in input.resource_changes; c.change.after.podmn.containers[_].privileged }`,
		`has no "podmn"; did you mean podman?`, nil},
	"a misspelt name of a rule": {`dney_root contains "x" if input.applyable`, "dney_root decides nothing", nil},
	"a prefix nobody asks":      {`block_root contains "x" if input.applyable`, "block_root decides nothing", nil},
	"a misspelt namespace":      {`deny contains "x" if input.applyable`, "deny: x", []string{"--namespace", "mian"}},
	"an exemption of everything": {"deny_root contains c.id if some c in input.resource_changes\nexception contains [\"root\"] if input.resource_changes[_].name == \"web\"",
		"exception exempts a rule for the whole plan", nil},
	"an error of a builtin":       {`deny contains "x" if to_number(input.resource_changes[_].device.id) > 0`, "cannot be evaluated: to_number", nil},
	"a verdict that is no set":    {`deny := "x" if input.applyable`, "only a set of objections", nil},
	"a verdict that is an object": {`deny[c.id] := "x" if some c in input.resource_changes`, "only a set of objections", nil},
	"an objection of no shape":    {`deny contains 7 if input.applyable`, "an objection is a text, or an object with msg; this is 7", nil},
	"an empty message":            {`deny contains ""`, "deny: it objects, and its message is empty", nil},
	"data nobody gave":            {`deny contains c.id if { some c in input.resource_changes; c.name in data.stateful }`, "data.stateful is defined by no module and no data", nil},
	"an allow rule":               {"default allow := false\nallow if input.summary.delete == 0", "allow decides nothing", nil},
	"the environment":             {`deny contains "x" if opa.runtime().env.TOKEN != "very-secret"`, "opa.runtime is not for policies: it depends on the environment", nil},
	"the clock":                   {`deny contains "x" if time.now_ns() < 0`, "time.now_ns is not for policies", nil},
	"chance":                      {`deny contains "x" if rand.intn("x", 9) > 9`, "rand.intn is not for policies", nil},
}

// What passes there in silence is refused or denied here, in words.
func TestTraps(t *testing.T) {
	p := plans(t)[0]
	for name, c := range traps {
		t.Run(name, func(t *testing.T) {
			dir := write(t, c.module)
			if found, code := conftest(t, []string{p.path}, append([]string{"--policy", dir}, c.args...)...); code != 0 || len(found[p.path]) > 0 {
				t.Errorf("conftest has learnt: exit %d, %v", code, found)
			}
			if said := refusal(t, p, c.module); !strings.Contains(said, c.want) {
				t.Errorf("got  %s\nwant %s", said, c.want)
			}
		})
	}
}

// A loop that takes long runs to its end there, whatever it holds up.
func TestTrapLoop(t *testing.T) {
	module := `deny contains "x" if count([1 | some i in numbers.range(1, 6000); some j in numbers.range(1, 6000); i * j == 7]) > 6`
	p := plans(t)[0]
	began := time.Now()
	if found, code := conftest(t, []string{p.path}, "--policy", write(t, module)); code != 0 || len(found[p.path]) > 0 {
		t.Errorf("conftest has learnt: exit %d, %v", code, found)
	}
	theirs := time.Since(began)
	began = time.Now()
	if said := refusal(t, p, module); !strings.Contains(said, "it costs too much: more than 5") {
		t.Errorf("after %v: %s", time.Since(began), said)
	}
	t.Logf("conftest passes the plan after %v, muster denies it after %v", theirs, time.Since(began))
}

// The network is there for stock policies.
func TestTrapNetwork(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	module := `deny contains "x" if http.send({"method": "get", "url": "` + server.URL + `/?plan=" + "x"}).status_code == 500`
	module = strings.Replace(module, `/?plan=" + "x"`, `/?plan=x"`, 1)
	p := plans(t)[0]
	if _, code := conftest(t, []string{p.path}, "--policy", write(t, module)); code != 0 || asked.Load() == 0 {
		t.Errorf("conftest: exit %d, %d requests", code, asked.Load())
	}
	before := asked.Load()
	if said := refusal(t, p, module); !strings.Contains(said, "http.send is not for policies: it depends on the network") || asked.Load() != before {
		t.Errorf("got %s", said)
	}
}

// A plan as a list makes each of its changes an input of its own there, which no rule fits.
func TestTrapList(t *testing.T) {
	p := plans(t)[0]
	list, err := json.Marshal(p.file.ResourceChanges)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "list.json")
	if err := os.WriteFile(path, list, 0o644); err != nil {
		t.Fatal(err)
	}
	dir := write(t, `deny contains "x" if count([c | some c in input.resource_changes; "delete" in c.change.actions]) > 2`)
	if found, code := conftest(t, []string{p.path}, "--policy", dir); code != 1 || len(found[p.path]) != 1 {
		t.Errorf("conftest on the plan: exit %d, %v", code, found)
	}
	if _, code := conftest(t, []string{path}, "--policy", dir); code != 0 {
		t.Errorf("conftest on the list: exit %d", code)
	}
	if _, err := planfile.Decode(list); err == nil || !strings.Contains(err.Error(), "not a plan file") {
		t.Errorf("muster on the list: %v", err)
	}
}

// An unknown decision is a pass for opa exec.
func TestTrapDecision(t *testing.T) {
	p := plans(t)[0]
	dir := write(t, `dney contains "x" if input.applyable`)
	if out, code := run(t, tool(t, "opa"), "exec", "--decision", "main/deny", "--bundle", dir, "--fail-non-empty", p.path); code != 0 {
		t.Errorf("opa exec: exit %d\n%s", code, out)
	}
}

// write puts a module into a directory of its own.
func write(t *testing.T, module string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "policy.rego"), []byte("package main\n\n"+module+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// refusal is why muster does not let a plan pass by a module; empty if it does.
func refusal(t *testing.T, p plan, module string) string {
	t.Helper()
	gates, problems := rego.Compile(rego.Set{Modules: []rego.Module{{File: "policy.rego", Text: "package main\n\n" + module}}})
	if problems.Err() != nil {
		return problems.Error()
	}
	report, err := policies.Judge(p.file, gates, policies.Options{AllowStop: 100})
	if err != nil {
		t.Fatal(err)
	}
	if !report.Denied() {
		return ""
	}
	return report.Text(false)
}
