package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v3"
)

// job is a job of a GitHub workflow or of a GitLab pipeline, as far as a machine without them
// can run it.
type job struct {
	Steps []struct { // GitHub
		Name, Uses, If, Run string
	}
	Script []string // GitLab
}

// steps is `steps CODE FILE JOB`: it runs the scripts of a job as they are written, by the shell
// that the CI system uses, in the script's folder and environment. A step that uses an action, or
// the gh command, is left out, which the log says. The first step that fails gives the exit
// code; after it only those that are to run always do.
func steps(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: steps CODE FILE JOB")
	}
	text := ts.ReadFile(args[1])
	var workflow struct{ Jobs map[string]job }
	ts.Check(yaml.Unmarshal([]byte(text), &workflow))
	pipeline := map[string]yaml.Node{}
	ts.Check(yaml.Unmarshal([]byte(text), &pipeline))
	var j job
	if own, ok := workflow.Jobs[args[2]]; ok {
		j = own
	} else if node, ok := pipeline[args[2]]; ok {
		ts.Check(node.Decode(&j))
	}
	var out strings.Builder
	code := "0"
	run := func(name, script string) {
		ts.Logf("step: %s", name)
		cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
		cmd.Dir = ts.MkAbs(".")
		cmd.Env = environment(ts)
		said, err := cmd.CombinedOutput()
		out.Write(said)
		ts.Logf("%s", said)
		var ended *exec.ExitError
		switch {
		case errors.As(err, &ended):
			if code == "0" {
				code = strings.TrimPrefix(ended.Error(), "exit status ")
			}
		case err != nil:
			ts.Fatalf("%v", err)
		}
	}
	ran := 0
	for _, s := range j.Steps {
		switch {
		case s.Uses != "":
			ts.Logf("left out: uses %s", s.Uses)
		case strings.Contains(s.Run, "gh "):
			ts.Logf("left out: %s, as there is no gh", s.Name)
		case code == "0" || strings.Contains(s.If, "always()"):
			ran++
			run(s.Name, s.Run)
		}
	}
	if len(j.Script) > 0 { // GitLab joins the lines into one script
		ran++
		run(args[2], strings.Join(j.Script, "\n"))
	}
	ts.Check(os.WriteFile(ts.MkAbs("steps.out"), []byte(out.String()), 0o644))
	if ran == 0 {
		ts.Fatalf("%s: job %s has nothing to run", args[1], args[2])
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}

// environment is that of the script, with the variables the CI systems set.
func environment(ts *testscript.TestScript) []string {
	work := ts.Getenv("WORK")
	env := []string{"PATH=" + ts.Getenv("PATH"), "HOME=" + work, "GIT_CONFIG_NOSYSTEM=1",
		"RUNNER_TEMP=" + filepath.Join(work, "runner"), "GITHUB_STEP_SUMMARY=" + filepath.Join(work, "summary.md"),
		"GITHUB_BASE_REF=main", "GITHUB_REPOSITORY=acme/fleet", "GITHUB_REF=refs/pull/41/merge",
		"CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main"}
	if config := ts.Getenv("MUSTER_CONFIG"); config != "" {
		env = append(env, "MUSTER_CONFIG="+config)
	}
	return env
}
