package rollout

import (
	"cmp"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/musterfleet/muster/algebra"
)

// zoneKey is the label, or else the fact, that names a device's time zone; without one its
// clock is UTC.
const zoneKey = "timezone"

func zoneOf(d algebra.Device) string { return cmp.Or(d.Labels[zoneKey], d.Facts[zoneKey], "UTC") }

// Open reports whether a device may be published to now, and if not, when that may change; zero
// is never. No windows are always open. A window is open if it opened less than its length ago.
func Open(windows []algebra.Window, at time.Time, zone *time.Location) (bool, time.Time) {
	if len(windows) == 0 {
		return true, time.Time{}
	}
	var next time.Time
	for _, w := range windows {
		times, err := cron.ParseStandard(w.Cron)
		if err != nil {
			continue // a World with it does not load; a plan from elsewhere is closed there
		}
		opened := times.Next(at.In(zone).Add(-w.For))
		if !opened.IsZero() && !opened.After(at) {
			return true, time.Time{}
		}
		if !opened.IsZero() && (next.IsZero() || opened.Before(next)) {
			next = opened
		}
	}
	return false, next
}
