package planner_test

import (
	"fmt"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/selectors/selectorstest"
)

// sizes are how many devices the benchmarks have; each runs ten apps.
var sizes = []int{1e4, 1e5}

// large is a fleet on which all is published as declared, but for the devices of ring 1, one
// in a hundred, that get another version of every app. Two apps share a port on devices that
// never have both, one app requires another, one takes a value.
func large(n int) algebratest.Situation {
	v := selectorstest.Vocabulary{Versions: map[string][]string{}}
	s := algebratest.Situation{Published: map[algebra.Slot]algebra.Release{}, Records: map[algebra.DeviceID]algebra.Record{}}
	var deployments []algebra.Deployment
	for i := range 10 {
		app := fmt.Sprintf("app%d", i)
		v.Versions[app] = []string{"1", "2"}
		for _, version := range v.Versions[app] {
			c := algebra.Container{Name: app, Image: app + ":" + version}
			var requires []string
			switch i {
			case 1, 2:
				c.Ports = []algebra.Port{{Host: 80}}
			case 3:
				requires = []string{"app0"}
			case 4:
				c.Env = map[string]algebra.EnvValue{"SITE": {FromLabel: "site"}}
			}
			d := algebratest.MustDeployment(app, version, c, requires...)
			s.World.Deployments = append(s.World.Deployments, algebra.DeclaredDeployment{Name: d.String(), Deployment: d})
			if version == "1" {
				deployments = append(deployments, d)
			}
		}
		from := map[int]string{1: `label("kind") = "a"`, 2: `label("kind") = "b"`}[i]
		if from == "" {
			from = "all"
		}
		s.World.Assignments = append(s.World.Assignments, algebra.Definition{Name: app,
			Expr: v.MustBind(fmt.Sprintf(`(%s -> {%s@1}) | ((%[1]s)[label("ring") = "1"] -> {%[2]s@2} at 10)`, fleetOf(from), app))})
	}
	for i := range n {
		d := algebra.Device{ID: algebra.MustDeviceID(fmt.Sprintf("edge%07d.lab.example.org", i)), Facts: map[string]string{"arch": "aarch64"}, Labels: map[string]string{
			"site": fmt.Sprintf("site-%d", i%997), "kind": string(rune('a' + i%2)), "ring": map[bool]string{true: "1", false: "0"}[i%100 == 7]}}
		s.Devices = append(s.Devices, d)
		s.Records[d.ID] = algebra.Record{Lifecycle: algebra.Enrolled, Registry: 1, Desired: 1, Heard: algebratest.Now}
		for k, dep := range deployments {
			if k == 1 && i%2 == 1 || k == 2 && i%2 == 0 {
				continue
			}
			values, _ := dep.Values(d)
			s.Published[algebra.Slot{Device: d.ID, App: dep.App()}] = algebra.Release{Version: dep.Version(), Deployment: dep.Digest(), Values: values.Digest()}
		}
	}
	return s
}

func fleetOf(selector string) string {
	if selector == "all" {
		return selector
	}
	return "all[" + selector + "]"
}

// running is the reality in which every device runs what is published.
func running(s algebratest.Situation) algebra.Reality {
	s.Slots = map[algebra.Slot]algebra.SlotState{}
	r := s.Reality()
	for at, rel := range s.Published {
		r.Slots[at] = algebra.SlotState{Release: rel, Phase: algebra.Running, Since: algebratest.Now}
	}
	return r
}

func BenchmarkMake(b *testing.B) {
	for _, n := range sizes {
		s := large(n)
		r := running(s)
		b.Run(fmt.Sprintf("devices=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if p := planner.Make(s.World, r); p.Counts().Replace != n/100*9 || len(p.Blocked) > 0 {
					b.Fatalf("%d replaced, %d blocked", p.Counts().Replace, len(p.Blocked))
				}
			}
		})
	}
}

func BenchmarkDiff(b *testing.B) {
	for _, n := range sizes {
		s := large(n)
		have := running(s).Published
		edit := have.Placing()
		for i := 7; i < n; i += 100 {
			for app, rel := range have.At(uint32(i)) {
				rel.Version = algebra.MustVersion("2")
				edit.Put(uint32(i), app, rel)
			}
		}
		want := edit.Placement()
		b.Run(fmt.Sprintf("devices=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := len(planner.Diff(want, have)); got != n/100*9 {
					b.Fatalf("%d actions", got)
				}
			}
		})
	}
}

// BenchmarkCopy is the yardstick of BenchmarkDiff: a copy of both placements' columns.
func BenchmarkCopy(b *testing.B) {
	for _, n := range sizes {
		from, to := make([]uint32, 20*n), make([]uint32, 20*n)
		b.Run(fmt.Sprintf("devices=%d", n), func(b *testing.B) {
			b.SetBytes(int64(4 * len(from)))
			for b.Loop() {
				copy(to, from)
			}
		})
	}
}
