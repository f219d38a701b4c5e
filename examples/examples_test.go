// Package examples_test loads each example and looks at what it asks for.
package examples_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/worldfile"
)

func load(t *testing.T, fsys fs.FS) algebra.World {
	t.Helper()
	w, errs := worldfile.Load(fsys)
	if len(errs) > 0 {
		t.Fatalf("the World does not load:\n%v", errs)
	}
	return w
}

// folders are the examples: each folder here is one.
func folders(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() {
			out = append(out, e.Name())
		}
	}
	if len(out) == 0 {
		t.Fatal("no examples")
	}
	return out
}

func TestExamplesLoad(t *testing.T) {
	for _, dir := range folders(t) {
		w := load(t, os.DirFS(dir))
		t.Logf("%s: %d devices, %d fleets, %d deployments, %d assignments, %d policies", dir,
			len(w.Devices), len(w.Fleets), len(w.Deployments), len(w.Assignments), len(w.Policies))
		if !w.NoGates && len(w.Policies) == 0 {
			t.Errorf("%s: no policy, and it does not say gates: none: no plan of it could pass", dir)
		}
	}
}

func TestExamplesAreFormatted(t *testing.T) {
	for _, dir := range folders(t) {
		fsys := os.DirFS(dir)
		top, err := fs.Glob(fsys, "*.yaml")
		below, wrong := fs.Glob(fsys, "*/*.yaml")
		paths := append(top, below...)
		if err := errors.Join(err, wrong); err != nil || len(paths) == 0 {
			t.Fatalf("%s: no files: %v", dir, err)
		}
		for _, p := range paths {
			if strings.HasPrefix(path.Base(p), ".") {
				continue // of other tools
			}
			text, err := fs.ReadFile(fsys, p)
			if err != nil {
				t.Fatal(err)
			}
			out, errs := worldfile.Format(text)
			if len(errs) > 0 || !bytes.Equal(out, text) {
				t.Errorf("%s/%s is not as muster fmt prints it: %v\n%s", dir, p, errs, out)
			}
		}
	}
}

// edge is a fleet for examples/edge: a canary, a plain one, one on hold and one elsewhere.
func edge(t *testing.T) []algebra.Device {
	t.Helper()
	return []algebra.Device{
		{ID: algebra.MustDeviceID("edge1"), Labels: map[string]string{"env": "prod", "site": "berlin", "ring": "0"}},
		{ID: algebra.MustDeviceID("edge2"), Labels: map[string]string{"env": "prod", "site": "lyon"}},
		{ID: algebra.MustDeviceID("edge3"), Labels: map[string]string{"env": "prod", "site": "lyon", "hold": ""}},
		{ID: algebra.MustDeviceID("edge4"), Labels: map[string]string{"env": "test", "site": "lyon"}},
	}
}

// runs lists what a World gives each device, as device deployment.
func runs(t *testing.T, w algebra.World, devices []algebra.Device) []string {
	t.Helper()
	roster, err := algebra.NewRoster(devices)
	if err != nil {
		t.Fatal(err)
	}
	roster, _ = w.Relabel(roster)
	var out []string
	for claim, fleet := range w.On(algebra.NewReality(roster, time.Time{})).Assignment().All() {
		for id := range fleet.IDs() {
			out = append(out, fmt.Sprintf("%s %s at %d", id, claim.Deployment, claim.Priority))
		}
	}
	slices.Sort(out)
	return out
}

var metrics = []string{
	"edge1 metrics@0.9.0 at 0", "edge2 metrics@0.9.0 at 0",
	"edge-005 metrics@0.9.0 at 0", "edge-006 metrics@0.9.0 at 0",
}

func TestEdge(t *testing.T) {
	w := load(t, os.DirFS("edge"))
	want := append([]string{"edge1 web@1.0.0 at 0", "edge2 web@1.0.0 at 0"}, metrics...)
	slices.Sort(want)
	if have := runs(t, w, edge(t)); !slices.Equal(have, want) {
		t.Errorf("have %q\nwant %q", have, want)
	}
}

// TestEdgeMoves does what the README says about a new version.
func TestEdgeMoves(t *testing.T) {
	for _, c := range []struct {
		old, new string
		want     []string
	}{
		{"web@1.0.0", "web@1.1.0", []string{"edge1 web@1.1.0 at 0", "edge2 web@1.1.0 at 0"}},
		{"  abstract: true\n", "", []string{"edge1 web@1.0.0 at 0", "edge1 web@1.1.0 at 10", "edge2 web@1.0.0 at 0"}},
	} {
		w := load(t, edited(t, "edge", "assignments.yaml", c.old, c.new))
		want := append(slices.Clone(c.want), metrics...)
		slices.Sort(want)
		if have := runs(t, w, edge(t)); !slices.Equal(have, want) {
			t.Errorf("%q for %q:\nhave %q\nwant %q", c.new, c.old, have, want)
		}
	}
}

// edited is a folder with the one occurrence of a text in one file replaced.
func edited(t *testing.T, dir, file, old, text string) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	paths, err := fs.Glob(os.DirFS(dir), "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		b, err := os.ReadFile(dir + "/" + p)
		if err != nil {
			t.Fatal(err)
		}
		if p == file {
			if n := strings.Count(string(b), old); n != 1 {
				t.Fatalf("%s/%s has %q %d times, want once", dir, p, old, n)
			}
			b = bytes.Replace(b, []byte(old), []byte(text), 1)
		}
		out[p] = &fstest.MapFile{Data: b}
	}
	return out
}

// TestFedora compares the size of each assignment with what ansible gives for the role.
func TestFedora(t *testing.T) {
	w := load(t, os.DirFS("fedora"))
	file, err := os.Open("fedora/devices.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() // it was only read
	var devices []algebra.Device
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var d algebra.Device
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		devices = append(devices, d)
	}
	roster, err := algebra.NewRoster(devices)
	if err != nil {
		t.Fatal(err)
	}
	demand := w.On(algebra.NewReality(roster, time.Time{}))
	var have strings.Builder
	for _, a := range w.Assignments {
		for _, fleet := range demand.Assign(a.Expr).All() {
			fmt.Fprintf(&have, "%s %d\n", a.Name, fleet.Len())
		}
	}
	want, err := os.ReadFile("fedora/want.txt")
	if err != nil {
		t.Fatal(err)
	}
	if have.String() != string(want) {
		t.Errorf("have\n%s\nwant\n%s", have.String(), want)
	}
	for _, f := range w.Fleets {
		if demand.Fleet(f.Expr).IsEmpty() {
			t.Errorf("@%s is empty", f.Name)
		}
	}
}
