package skew_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// before is the last commit in which a slot of a desired state did not say since when it is as it is,
// a run did not say what it settles, and plan files were of format 1.3. With each release the release
// before takes its place.
const before = "d3881926473532c6d1615da8c77808bd15cd6330"

const root = "../.."

// binaries are muster and muster-agent of one version.
type binaries struct{ version, muster, agent string }

// older builds the version before, once.
func older(t *testing.T) binaries {
	t.Helper()
	return built(t, "older", filepath.Join(root, "bin/skew", before[:12]), nil)
}

// planted builds the agent of the version before with another name for a field of the wire.
func planted(t *testing.T) binaries {
	t.Helper()
	return built(t, "planted", filepath.Join(root, "bin/skew", before[:12]+"-planted"), func(src string) {
		file := filepath.Join(src, "executor/wire/desired.go")
		text, err := os.ReadFile(file)
		must(t, err)
		changed := bytes.Replace(text, []byte("`json:\"generation\"`"), []byte("`json:\"number\"`"), 1)
		if bytes.Equal(text, changed) {
			t.Fatal("nothing was planted")
		}
		must(t, os.WriteFile(file, changed, 0o644))
	})
}

// built builds a checkout of before into a folder, unless it is there.
func built(t *testing.T, version, into string, edit func(src string)) binaries {
	t.Helper()
	into, err := filepath.Abs(into)
	must(t, err)
	b := binaries{version, filepath.Join(into, "muster"), filepath.Join(into, "muster-agent")}
	if _, err := os.Stat(b.agent); err == nil {
		return b
	}
	if out, err := exec.Command("git", "-C", root, "cat-file", "-e", before+"^{commit}").CombinedOutput(); err != nil {
		t.Skipf("the history of this checkout does not go back to %s, the version before (%s); git fetch --unshallow has it", before[:12], bytes.TrimSpace(out))
	}
	src := t.TempDir()
	if out, err := exec.Command("bash", "-c", `set -o pipefail; git -C "$0" archive "$1" | tar -x -C "$2"`, root, before, src).CombinedOutput(); err != nil {
		t.Fatalf("the tree of %s: %v: %s", before[:12], err, out)
	}
	what := "./cmd/..."
	if edit != nil {
		edit(src)
		what = "./cmd/muster-agent"
	}
	compile(t, src, into+".new", what)
	must(t, os.RemoveAll(into))
	must(t, os.Rename(into+".new", into)) // whole, or not there
	return b
}

// today builds the working tree.
func today(t *testing.T) binaries {
	t.Helper()
	into := t.TempDir()
	compile(t, root, into, "./cmd/...")
	return binaries{"today", filepath.Join(into, "muster"), filepath.Join(into, "muster-agent")}
}

func compile(t *testing.T, src, into, what string) {
	t.Helper()
	must(t, os.MkdirAll(into, 0o755))
	into, err := filepath.Abs(into)
	must(t, err)
	cmd := exec.Command("go", "build", "-o", into+"/", what)
	cmd.Dir = src
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", what, err, out)
	}
}

// muster runs a command to its end and gives what it prints.
func (f *fleet) muster(b binaries, args ...string) string {
	f.Helper()
	out, err := f.command(b, args...)
	if err != nil {
		f.Fatalf("%s muster %s: %v", b.version, strings.Join(args, " "), err)
	}
	return out
}

func (f *fleet) command(b binaries, args ...string) (string, error) {
	cmd := exec.Command(b.muster, args...)
	cmd.Env, cmd.Dir = append(os.Environ(), "MUSTER_CONFIG="+f.path("server/config.toml")), f.dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%w: %s%s", err, out.String(), errs.String())
	}
	return out.String(), nil
}

// ended is an error while the newest run goes on.
func (f *fleet) ended(b binaries) error {
	out, err := f.command(b, "rollout", "list", "-o", "json")
	var runs []struct{ ID, Status string }
	if err == nil {
		err = json.Unmarshal([]byte(out), &runs)
	}
	if err == nil && (len(runs) == 0 || runs[0].Status != "succeeded") {
		err = fmt.Errorf("%v", runs)
	}
	return err
}

// runs lists the ids of runs as a version sees them, the newest first.
func (f *fleet) runs(b binaries) (ids []string) {
	f.Helper()
	var runs []struct{ ID string }
	must(f.T, json.Unmarshal([]byte(f.muster(b, "rollout", "list", "-o", "json")), &runs))
	for _, r := range runs {
		ids = append(ids, r.ID)
	}
	return ids
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
