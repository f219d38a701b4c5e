package kube

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/musterfleet/muster/algebra"
)

// TestBounded: a look writes for so many devices and all documents, and nothing of a device by halves.
func TestBounded(t *testing.T) {
	named := func(kind, name string) *unstructured.Unstructured {
		u := &unstructured.Unstructured{Object: map[string]any{}}
		u.SetKind(kind)
		u.SetName(name)
		return u
	}
	var changes []Change
	for i := range 5 {
		o := fresh(algebra.MustDeviceID(fmt.Sprintf("d%d", i)))
		changes = append(changes, Mirror{Of: o}, SetStatus{Of: o})
	}
	changes = append(changes, SetStatus{Of: named("Fleet", "all")}, Hold{named("Assignment", "web")})
	count := map[string]int{}
	for _, ch := range bounded(changes, 3) {
		count[ref(of(ch))]++
	}
	if fmt.Sprint(count) != "map[Assignment/web:1 Device/d0:2 Device/d1:2 Device/d2:2 Fleet/all:1]" {
		t.Errorf("kept: %v", count)
	}
}

// TestHeardIsToldNowAndThen: a status is never ahead of the device and never further behind than it may
// be, says of a device that went away when it was last heard, and however great a fleet is that is heard
// all the time, its statuses change some thirty times a second.
func TestHeardIsToldNowAndThen(t *testing.T) {
	for _, n := range []int{1, 1000, 10_000, 100_000} {
		every := heardEvery(n)
		if most := float64(n) / every.Seconds(); most > 34 || every > 5*time.Minute && most < 16 {
			t.Errorf("%d devices are told each %s: %.0f writes a second", n, every, most)
		}
	}
	heard := time.Date(2026, 11, 26, 8, 0, 0, 1e6, time.UTC)
	said, writes := "", 0
	for range 60 { // each ten seconds
		heard = heard.Add(10 * time.Second)
		now := heardSaid(said, heard, true, 5*time.Minute)
		if at, err := time.Parse(time.RFC3339, now); err != nil || at.After(heard) || heard.Sub(at) > 5*time.Minute {
			t.Fatalf("heard at %s, said %s", heard, now)
		}
		if now != said {
			writes++
		}
		said = now
	}
	if writes != 2 {
		t.Errorf("%d writes in ten minutes, want 2", writes)
	}
	if last := heardSaid(said, heard, false, 5*time.Minute); last != "2026-11-26T08:10:00Z" || heardSaid(last, heard, false, 5*time.Minute) != last {
		t.Errorf("of a device that went away: %s", last)
	}
	if back := heardSaid("2027-01-01T00:00:00Z", heard, true, 5*time.Minute); back != "2026-11-26T08:10:00Z" {
		t.Errorf("a status that is ahead stays: %s", back)
	}
}
