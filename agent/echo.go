package agent

import (
	"reflect"

	"github.com/musterfleet/muster/executor/wire"
)

// echo is when a report is said again. That it was sent does not mean that it arrived: of what the
// fleet's side loses while it fails, or has too much to do, the device learns nothing. So news are
// said again 1, 3, 7 and 15 heartbeats later: who was deaf hears them when it has been deaf for as
// long once more, at the latest. After that everything is told anew by the clock.
type echo struct {
	report wire.Report
	pause  int  // heartbeats before the last time it was said
	left   int  // heartbeats until the next time; 0 is none
	known  bool // it was all said before
}

// longestEcho is the longest pause between two times, in heartbeats.
const longestEcho = 8

// of is the echo of a report that is to be sent. What was said as often as news are is said once more
// only: it is told anew by the clock, or because a link was lost.
func (e echo) of(r wire.Report) echo {
	if e.report == nil || !reflect.DeepEqual(e.report, r) {
		return echo{report: r}
	}
	e.known = e.pause > longestEcho
	return e
}

// sent is the echo of a report that went out.
func (e echo) sent() echo {
	if e.known {
		e.known, e.pause, e.left = false, longestEcho, 1
		return e
	}
	e.pause = max(1, 2*e.pause)
	if e.left = e.pause; e.pause > longestEcho {
		e.left = 0
	}
	return e
}
