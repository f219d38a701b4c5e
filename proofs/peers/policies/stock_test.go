package policies

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// tool is where Go keeps the stock tool of that name, built from the version in go.mod.
func tool(t *testing.T, name string) string {
	t.Helper()
	once, _ := built.LoadOrStore(name, sync.OnceValues(func() (string, error) {
		cmd := exec.Command("go", "tool", "-n", name)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), err
	}))
	path, err := once.(func() (string, error))()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return path
}

var built sync.Map

// run is what a program prints, and its exit code.
func run(t *testing.T, program string, args ...string) (stdout string, code int) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "TOKEN=very-secret")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if errs.Len() > 0 {
		t.Logf("%s %s: %s", filepath.Base(program), strings.Join(args, " "), &errs)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// finding is one objection of a rule, in words all tools share.
type finding struct{ rule, msg string }

// conftest is what `conftest test` finds in each file, and its exit code.
func conftest(t *testing.T, files []string, args ...string) (map[string][]finding, int) {
	t.Helper()
	out, code := run(t, tool(t, "conftest"), append(append([]string{"test", "--output", "json"}, args...), files...)...)
	type result struct {
		Msg      string         `json:"msg"`
		Metadata map[string]any `json:"metadata"`
	}
	var reports []struct {
		Filename           string
		Failures, Warnings []result
	}
	if err := json.Unmarshal([]byte(out), &reports); err != nil {
		t.Fatalf("conftest: %v\n%s", err, out)
	}
	found := map[string][]finding{}
	for _, r := range reports {
		for _, one := range append(r.Failures, r.Warnings...) {
			query, _ := one.Metadata["query"].(string)
			found[r.Filename] = append(found[r.Filename], finding{strings.TrimPrefix(query, "data.main."), one.Msg})
		}
	}
	return found, code
}

// opaExec is what `opa exec` decides by one rule on each file.
func opaExec(t *testing.T, files []string, rule, bundle string) map[string][]finding {
	t.Helper()
	args := []string{"exec", "--decision", "main/" + rule, "--bundle", bundle}
	out, _ := run(t, tool(t, "opa"), append(args, files...)...)
	var report struct {
		Result []struct {
			Path   string
			Result []any
			Error  any
		}
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("opa exec: %v\n%s", err, out)
	}
	found := map[string][]finding{}
	for _, r := range report.Result {
		if r.Error != nil {
			t.Fatalf("opa exec: %s: %v", r.Path, r.Error)
		}
		for _, one := range r.Result {
			msg, text := one.(string)
			if object, is := one.(map[string]any); is {
				msg, text = object["msg"].(string)
			}
			if !text {
				t.Fatalf("opa exec: %v", one)
			}
			found[r.Path] = append(found[r.Path], finding{rule, msg})
		}
	}
	return found
}
