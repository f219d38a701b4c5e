package rollout_test

import (
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/rollout"
)

// TestWindowsFollowTheDevicesClock: one window, three zones, a change of the clocks between.
func TestWindowsFollowTheDevicesClock(t *testing.T) {
	w := []algebra.Window{{Cron: "0 22 * * 1-5", For: 6 * time.Hour}}
	at := func(text, zone string) bool {
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Skipf("no time zones here: %v", err)
		}
		isOpen, _ := rollout.Open(w, when, loc)
		return isOpen
	}
	for _, c := range []struct {
		at, zone string
		want     bool
	}{
		{"2026-11-25T22:00:00Z", "UTC", true},           // a Wednesday
		{"2026-11-25T21:59:59Z", "UTC", false},          //
		{"2026-11-26T03:59:59Z", "UTC", true},           // until four, on Thursday
		{"2026-11-26T04:00:00Z", "UTC", false},          //
		{"2026-11-28T23:00:00Z", "UTC", false},          // a Saturday
		{"2026-11-25T21:30:00Z", "Europe/Berlin", true}, // 22:30 there
		{"2026-07-22T20:30:00Z", "Europe/Berlin", true}, // 22:30 there in summer
		{"2026-11-25T22:30:00Z", "America/New_York", false},
		{"2026-11-26T03:30:00Z", "America/New_York", true},
	} {
		if got := at(c.at, c.zone); got != c.want {
			t.Errorf("%s in %s: open is %t", c.at, c.zone, got)
		}
	}
}
