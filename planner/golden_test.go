package planner_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/selectors"
)

var update = flag.Bool("update", false, "write the plans into the goldens; read the difference before you commit it")

// TestPlans plans each testdata/*.txtar and compares the plan's text with the file "want.plan" in it,
// and the plan file with "want.json" where there is one. New scenario: one new file, no Go.
//
//	world.yaml   the World
//	before.yaml  deployments that are published but no longer in the World
//	reality      one statement a line, devices folded as in edge[01-12]:
//	             device edge[01-12] ring=0 arch:aarch64   labels with =, facts with :
//	             revoked gw-1                             or decommissioned, requested
//	             published gw-1/web web@1 label:site=a    values, where they are not the device's
//	             Running gw-1/web web@1 exit code 1       any phase, with what the device says
//
// Each plan is also held to the laws: permuted input gives the same bytes, the published plan
// leaves nothing to do, and a device's part of it is the plan of that device alone.
func TestPlans(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files := map[string]string{}
			for _, f := range archive.Files {
				files[f.Name] = string(f.Data)
			}
			s := readSituation(t, files)
			checkGoldenLaws(t, s)
			have := map[string]string{"want.plan": text(s), "want.json": file(s)}
			if _, ok := files["want.plan"]; !ok {
				archive.Files = append(archive.Files, txtar.File{Name: "want.plan"})
			}
			for i, f := range archive.Files {
				want, ok := have[f.Name]
				if ok && *update {
					archive.Files[i].Data = []byte(want)
				} else if ok && want != string(f.Data) {
					t.Errorf("%s: have\n%s\nwant\n%s", f.Name, want, f.Data)
				}
			}
			if *update {
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func text(s algebratest.Situation) string {
	return planner.Text(planner.Make(s.World, s.Reality()), planner.Style{})
}

func file(s algebratest.Situation) string {
	r := s.Reality()
	return string(planfile.From(planner.Make(s.World, r), r, planfile.Request{User: "ann", Operation: "apply"}, algebratest.Now).JSON())
}

func checkGoldenLaws(t *testing.T, s algebratest.Situation) {
	t.Helper()
	plan := planner.Make(s.World, s.Reality())
	if found := planner.Drifted(s.Reality()); !slices.Equal(found, plan.Drift) {
		t.Errorf("drift without a World is %v", found)
	}
	for seed := range int64(5) {
		if o := s.Shuffled(seed); text(o) != text(s) || file(o) != file(s) {
			t.Errorf("in another order the plan is\n%s", text(o))
		}
	}
	end := publish(s, plan, plan.Actions()...)
	if last := planner.Make(end.World, end.Reality()); !last.IsEmpty() || !sameBlocks(last, plan) {
		t.Errorf("once it is published there is left\n%s", planner.Text(last, planner.Style{}))
	}
	for id := range plan.Roster.All().IDs() {
		here := func(at algebra.DeviceID) bool { return at == id }
		alone := s.Only(here)
		if own := planner.Make(alone.World, alone.Reality()); !sameParts(own, plan, here) {
			t.Errorf("alone %s has the plan\n%s", id, planner.Text(own, planner.Style{}))
		}
	}
	if have, want := saidByPlanner(plan), oracle(s); have != want {
		t.Errorf("the plan is\n%s\nthe reference has\n%s", have, want)
	}
}

// readSituation reads the files of a golden.
func readSituation(t *testing.T, files map[string]string) algebratest.Situation {
	t.Helper()
	s := algebratest.Situation{
		World: loadWorld(t, "world.yaml", files["world.yaml"]), Published: map[algebra.Slot]algebra.Release{},
		Records: map[algebra.DeviceID]algebra.Record{}, Slots: map[algebra.Slot]algebra.SlotState{}, Specs: map[algebra.Digest]algebra.Deployment{},
	}
	known := map[string]algebra.Deployment{}
	for _, d := range s.World.Deployments {
		known[d.String()] = d.Deployment
	}
	if before, ok := files["before.yaml"]; ok {
		for _, d := range loadWorld(t, "before.yaml", before).Deployments {
			known[d.String()] = d.Deployment
		}
	}
	for n, line := range strings.Split(files["reality"], "\n") {
		if err := readFact(&s, known, strings.Fields(line)); err != nil {
			t.Fatalf("reality:%d: %s: %v", n+1, line, err)
		}
	}
	return s
}

func loadWorld(t *testing.T, name, text string) algebra.World {
	t.Helper()
	w, errs := worldfile.Load(fstest.MapFS{name: &fstest.MapFile{Data: []byte(text)}})
	if len(errs) > 0 {
		var b strings.Builder
		_ = errs.Render(&b, false) // a Builder takes everything
		t.Fatal(b.String())
	}
	return w
}

// readFact reads one line of a reality.
func readFact(s *algebratest.Situation, known map[string]algebra.Deployment, words []string) error {
	if len(words) == 0 {
		return nil
	}
	if len(words) < 2 {
		return fmt.Errorf("want a verb and devices")
	}
	folded, app, _ := strings.Cut(words[1], "/")
	names, err := selectors.ExpandNodes(folded)
	if err != nil {
		return err
	}
	for _, name := range names {
		id, err := algebra.ParseDeviceID(name)
		if err != nil {
			return err
		}
		switch words[0] {
		case "device":
			s.Devices = append(s.Devices, readDevice(id, words[2:]))
			continue
		case "revoked", "decommissioned", "requested":
			life, err := algebra.ParseLifecycle(words[0])
			if err != nil {
				return err
			}
			s.Records[id] = algebra.Record{Lifecycle: life}
			continue
		}
		if len(words) < 3 {
			return fmt.Errorf("want a deployment")
		}
		d, ok := known[words[2]]
		if !ok || d.App().String() != app {
			return fmt.Errorf("no deployment %s of app %q", words[2], app)
		}
		at := algebra.Slot{Device: id, App: d.App()}
		i := slices.IndexFunc(s.Devices, func(dev algebra.Device) bool { return dev.ID == id })
		if i < 0 {
			return fmt.Errorf("device %s is not there yet", id)
		}
		values, _ := d.Values(s.Devices[i])
		rel := algebra.Release{Version: d.Version(), Deployment: d.Digest(), Values: values.Digest()}
		if words[0] == "published" {
			for _, pair := range words[3:] {
				key, value, _ := strings.Cut(pair, "=")
				values[key] = value
			}
			rel.Values = values.Digest()
			s.Published[at], s.Specs[d.Digest()] = rel, d
			continue
		}
		phase, err := algebra.ParsePhase(words[0])
		if err != nil {
			return err
		}
		s.Slots[at] = algebra.SlotState{Release: rel, Phase: phase, Since: algebratest.Now, Detail: strings.Join(words[3:], " ")}
	}
	return nil
}

func readDevice(id algebra.DeviceID, words []string) algebra.Device {
	d := algebra.Device{ID: id, Labels: map[string]string{}, Facts: map[string]string{}}
	for _, w := range words {
		if key, value, ok := strings.Cut(w, "="); ok {
			d.Labels[key] = value
		} else if key, value, ok := strings.Cut(w, ":"); ok {
			d.Facts[key] = value
		}
	}
	return d
}
