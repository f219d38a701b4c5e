package kube_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/kube"
)

// TestDeletionNamesWhatItWaitsFor: it says which device runs what was deleted still, that one is
// offline and how to give it up, and waits no more for a device that was put out or given up.
func TestDeletionNamesWhatItWaitsFor(t *testing.T) {
	b := open(t)
	_, err := b.cluster.Import(t.Context(), sampleFiles(t))
	must(t, err)
	first, errs := read(t, b.cluster).World()
	must(t, errs.Err())
	records := map[string]algebra.Record{}
	view := func(s kube.Snapshot) kube.View {
		w, problems := s.World()
		r := seen(t, first, fleetOfThree) // the devices run what was declared at first
		for id, record := range records {
			r.Records[algebra.MustDeviceID(id)] = record
		}
		return kube.View{World: w, Problems: problems, Reality: r}
	}
	b.settle(view)
	must(t, b.of("assignments").Delete(t.Context(), "web", metav1.DeleteOptions{}))
	const waits = "it is being deleted, and goes once no device runs what it placed; "
	says := func(want string) {
		t.Helper()
		b.settle(view)
		if _, reason, message := conditionOf(b.get("assignments", "web"), kube.Accepted); reason != "Leaving" || message != waits+want {
			t.Errorf("%s: %s\nwant %s", reason, message, waits+want)
		}
	}
	record := func(id string, l algebra.Lifecycle, heard time.Time) {
		records[id] = algebra.Record{Registry: 1, Desired: 1, Lifecycle: l, Heard: heard}
	}
	away := observed.Add(-time.Hour)
	const decommission = "; if one never comes back, muster decommission ID gives it up"
	says("2 devices still do: gw-1.site.example has web@1.10")
	record("gw-2", algebra.Enrolled, away)
	says("2 devices still do, 1 of them offline: gw-2 has web@1.10" + decommission)
	record("gw-1.site.example", algebra.Revoked, observed)
	says("gw-2 has web@1.10, and is offline" + decommission)
	record("gw-2", algebra.Decommissioned, observed) // it is there to be told so
	says("gw-2 has web@1.10")
	record("gw-2", algebra.Decommissioned, away)
	b.settle(view)
	if _, err := b.of("assignments").Get(t.Context(), "web", metav1.GetOptions{}); err == nil {
		t.Error("the assignment waits for devices that nobody waits for")
	}
}
