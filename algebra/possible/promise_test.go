package possible_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/possible"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/proofs/bench"
)

// vast is a World of so many assignments, of as many apps as it has deployments in two versions:
// each for a site and a part of its devices, some at higher priority than others. Now and then one
// clashes with that of the site before.
func vast(assignments, apps int) *written {
	w := &written{}
	w.document("World", "w", "{gates: none}")
	for i := range apps {
		w.deployment(fmt.Sprintf("app%d", i), "1.0.0", 1000+i)
		w.deployment(fmt.Sprintf("app%d", i), "2.0.0", 1000+i)
	}
	for i := range assignments {
		app, site, version := i%apps, i/apps, 1+i/apps%2
		if i%101 == 100 {
			site-- // which has the other version
		}
		fleet := fmt.Sprintf(`label("site") = "site-%d" & arch = aarch64 & label("ring") in ("0", "%d") & os.version >= 22.04 & !has(label("hold"))`, site, 1+i%3)
		w.assign(fmt.Sprintf("a%d", i), fleet, fmt.Sprintf("app%d@%d.0.0", app, version), i%7/6)
	}
	return w
}

// TestBenchConflicts measures loading a World, and all that is found out about it.
func TestBenchConflicts(t *testing.T) {
	bench.Start(t)
	rows := [][]string{{"assignments", "of apps", "load", "check", "both", "findings"}}
	for _, size := range [][2]int{{100, 2}, {1000, 20}, {10_000, 200}, {10_000, 2000}, {10_000, 10}} {
		files := fstest.MapFS{"world.yaml": {Data: []byte(vast(size[0], size[1]).String())}}
		load, check, both, told := time.Hour, time.Hour, time.Hour, 0
		for range 2 {
			var world algebra.World
			var found []possible.Finding
			loaded := bench.CPU(func() { world, _ = worldfile.Load(files) })
			checked := bench.CPU(func() { found = possible.Check(world) })
			load, check, both, told = min(load, loaded), min(check, checked), min(both, loaded+checked), len(found)
			if len(world.Assignments) != size[0] {
				t.Fatalf("%d assignments, want %d", len(world.Assignments), size[0])
			}
			for _, f := range found {
				if strings.Contains(f.Message, "not decided") {
					t.Error(f.Message)
				}
			}
		}
		rows = append(rows, []string{bench.Power(size[0]), fmt.Sprint(size[1]), bench.Short(load), bench.Short(check), bench.Short(both), fmt.Sprint(told)})
		if both > 3*time.Second {
			t.Errorf("%d assignments of %d apps take %s, want 3 s", size[0], size[1], bench.Short(both))
		}
	}
	bench.Record(t, bench.Section{
		Title: "Conflicts of a World",
		Text: "From the text of a World to all that is found out about it before a device is seen: conflicts of rules and of host resources, rules that never\n" +
			"apply, priorities counted. Each assignment is for one of many sites and four terms more. Of more than 100 conflicts the first 100 are told.\n" +
			"Times are of the processor, garbage collection included. Target: 10⁴ assignments within 3 s.",
		Rows: rows,
	})
}
