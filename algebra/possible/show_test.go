package possible_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/possible"
	"github.com/musterfleet/muster/algebra/worldfile"
)

// written is a World being written down.
type written struct{ strings.Builder }

func (w *written) document(kind, name, spec string) {
	fmt.Fprintf(w, "---\napiVersion: muster.fleet/v1alpha1\nkind: %s\nmetadata: {name: %s}\nspec: %s\n", kind, name, spec)
}

func (w *written) deployment(app, version string, port int) {
	w.document("Deployment", app+"-"+version, fmt.Sprintf("{app: %s, version: %q, podman: {containers: [{name: %s, image: %s, ports: [{host: %d}]}]}}", app, version, app, app, port))
}

func (w *written) assign(name, fleet, deploy string, priority int) {
	w.document("Assignment", name, fmt.Sprintf("{fleet: '%s', deploy: [%s], priority: %d}", fleet, deploy, priority))
}

func (w *written) load(t *testing.T) algebra.World {
	t.Helper()
	world, wrong := worldfile.Load(fstest.MapFS{"world.yaml": {Data: []byte(w.String())}})
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	return world
}

// TestFiveOfTwoHundred: in a strict World of 200 assignments there are five pairs that can clash
// and five that nearly do. The five are told, and nothing else; each witness, loaded as a
// device, gets both deployments.
func TestFiveOfTwoHundred(t *testing.T) {
	w := &written{}
	w.document("World", "w", "{strict: true, gates: none}")
	for i := range 30 {
		w.deployment(fmt.Sprintf("app%d", i), "1.0.0", 1000+i)
		w.deployment(fmt.Sprintf("app%d", i), "2.0.0", 1000+i)
	}
	w.deployment("cache", "1.0.0", 1000) // the port of app0
	w.deployment("proxy", "1.0.0", 1001) // the port of app1
	pair := func(name, f, g, d, e string, p, q int) {
		w.assign(name+"-a", f, d, p)
		w.assign(name+"-b", g, e, q)
	}
	// Five that can clash.
	pair("clash1", `label("site") = "berlin"`, `label("ring") in ("0", "1")`, "app2@1.0.0", "app2@2.0.0", 0, 0)
	pair("clash2", `os.version >= 22.04`, `os.version < 24.04 & arch = aarch64`, "app3@1.0.0", "app3@2.0.0", 5, 5)
	pair("clash3", `label("fw") glob "1.*"`, `ver(label("fw")) >= 1.4.0-rc.1 & ver(label("fw")) < 1.4.0`, "app4@1.0.0", "app4@2.0.0", 0, 0)
	pair("clash4", `sample(5%, "x")`, `{edge[001-400]}[sample(10%, "x")]`, "app5@1.0.0", "app5@2.0.0", 0, 0)
	pair("clash5", `label("role") = "cache"`, `label("site") = "rome"`, "cache@1.0.0", "app0@1.0.0", 0, 7) // a port
	// Five that do not.
	pair("near1", `num(label("slots")) < 3`, `num(label("slots")) >= 3`, "app6@1.0.0", "app6@2.0.0", 0, 0)
	pair("near2", `mem >= 8GiB`, `cpus > 2`, "app7@1.0.0", "app7@2.0.0", 0, 1)
	pair("near3", `label("role") = "proxy"`, `label("site") = "oslo" & label("role") != "proxy"`, "proxy@1.0.0", "app1@1.0.0", 0, 0)
	pair("near4", `ip in 10.0.0.0/9`, `ip in 10.128.0.0/9`, "app8@1.0.0", "app8@2.0.0", 0, 0)
	pair("near5", `label("a") = "1"`, `label("b") = "1"`, "app9@1.0.0", "app9@2.0.0", 0, 0)
	w.assign("near5-c", `label("a") = "1" & has(label("b"))`, "app9@1.0.0", 3) // settles it
	for i := range 200 - 21 {
		w.assign(fmt.Sprintf("plain%03d", i), fmt.Sprintf(`label("place") = "p%d"`, i), fmt.Sprintf("app%d@%d.0.0", 10+i%20, 1+i%2), 0)
	}

	world := w.load(t)
	if len(world.Assignments) != 200 {
		t.Fatalf("%d assignments", len(world.Assignments))
	}
	found := possible.Check(world)
	var told []string
	for _, f := range found {
		told = append(told, f.Message)
		if f.Witness == nil {
			t.Errorf("%s: no witness", f.Message)
			continue
		}
		d, ok := asDevice(*f.Witness)
		if !ok {
			t.Errorf("%s: %s is no device", f.Message, f.Witness)
			continue
		}
		if both := clashesOn(world, d); len(both) != 1 || !strings.Contains(f.Message, both[0].a) || !strings.Contains(f.Message, both[0].b) {
			t.Errorf("%s: the witness %s gets %v", f.Message, f.Witness, both)
		}
		if f.Source.Line == 0 || f.Other.Line == 0 || f.Source == f.Other {
			t.Errorf("%s: places %s and %s", f.Message, f.Source, f.Other)
		}
	}
	slices.Sort(told)
	for i, m := range told {
		if i >= 5 || !strings.HasPrefix(m, fmt.Sprintf("clash%d-", i+1)) {
			t.Errorf("told: %s", m)
		}
	}
	if len(told) != 5 {
		t.Errorf("%d findings, want 5", len(told))
	}
}
