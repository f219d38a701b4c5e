package faults_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var soak = os.Getenv("MUSTER_SOAK") != ""

var only = flag.String("fault", "", "only the faults whose names match this `pattern`")

// TestFaults rolls a version out for each fault, and judges what happened.
func TestFaults(t *testing.T) {
	tried, match := newReport(), regexp.MustCompile(*only)
	r := usual(t)
	for _, s := range scenarios {
		if *only == "" && !soak && !s.quick || !match.MatchString(s.name) {
			continue
		}
		if strings.Contains(s.name, "disk") && r.undisked != nil {
			tried.none(s.name, s.how, r.undisked)
			continue
		}
		r.replicas = s.replicas
		took := r.roll(func() { s.do(r) })
		r.lines(good, r.toDevices[:]...)
		if wrong := r.news(); len(wrong) > 0 {
			t.Fatalf("%s:\n%s", s.name, strings.Join(wrong, "\n"))
		}
		tried.row(s.name, s.how, "converged", took)
		t.Logf("%s: converged after %s", s.name, took.Round(10*time.Millisecond))
	}
	met := r.judged().met
	var judged []string
	for _, law := range slices.Sorted(maps.Keys(met)) {
		judged = append(judged, fmt.Sprintf("*%s* %d times", law, met[law]))
		if met[law] < len(r.devices()) && *only == "" {
			t.Errorf("%s was judged %d times only", law, met[law])
		}
	}
	tried.record(t, "Rollouts", fmt.Sprintf(`Three NATS servers in a cluster with three replicas of each bucket, two hubs with callouts, executors, and %d agents at three sites,
of each of which one device may be down. A change of the whole fleet goes to one device of each site first, and then to the rest; a third of
the devices have it when the fault comes. The time is from there until every device runs it and the executor found nothing left to do, the
length of the fault included; the first row says what that takes without one.

Judged in all: %s.`, len(r.devices()), strings.Join(judged, ", ")))
}
