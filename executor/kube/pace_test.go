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
		id := fmt.Sprintf("d%d", i)
		changes = append(changes, Mirror{Device: algebra.MustDeviceID(id)}, SetStatus{Of: named("Device", id)})
	}
	changes = append(changes, SetStatus{Of: named("Fleet", "all")}, Hold{named("Assignment", "web")})
	count := map[string]int{}
	for _, ch := range bounded(changes, 3) {
		count[subject(ch)]++
	}
	if fmt.Sprint(count) != "map[Assignment/web:1 Device/d0:2 Device/d1:2 Device/d2:2 Fleet/all:1]" {
		t.Errorf("kept: %v", count)
	}
}

// TestHeardIsToldInTurns: a status is never ahead of the device and never further behind than it may be,
// and however great a fleet is that is heard all the time, its statuses change some thirty times a second.
func TestHeardIsToldInTurns(t *testing.T) {
	for _, n := range []int{1, 1000, 10_000, 100_000} {
		every := heardEvery(n)
		if most := float64(n) / every.Seconds(); most > 34 || every > 5*time.Minute && most < 16 {
			t.Errorf("%d devices are told each %s: %.0f writes a second", n, every, most)
		}
	}
	const devices, every = 1000, 5 * time.Minute
	at := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	most := 0
	for step := range 30 { // ten seconds each: a thirtieth of the devices is due
		now, due := at.Add(time.Duration(step)*10*time.Second), 0
		for i := range devices {
			id := algebra.MustDeviceID(fmt.Sprintf("gw-%d", i))
			told := heardAs(id, now, every)
			if told.After(now) || now.Sub(told) >= every {
				t.Fatalf("%s was heard at %s, and its status says %s", id, now, told)
			}
			if !told.Equal(heardAs(id, now.Add(-10*time.Second), every)) {
				due++
			}
		}
		most = max(most, due)
	}
	if most > 3*devices/30 {
		t.Errorf("%d statuses of %d change within ten seconds", most, devices)
	}
}
