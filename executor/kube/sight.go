package kube

import (
	"sync"
	"time"
)

// sight is whether the fleet can be seen, and since when and why it cannot.
type sight struct {
	mu    sync.Mutex
	why   string
	since time.Time
}

// note takes in why the fleet cannot be seen, empty if it can, and reports that this is new. Of a
// reason that changes the first one stays: a status that tells it changes no more than it must.
func (s *sight) note(why string, now time.Time) (fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case why == "":
		s.why = ""
	case s.why == "":
		s.why, s.since = why, now
		return true
	}
	return false
}

// lost is why the fleet cannot be seen, and for how long; empty if it can.
func (s *sight) lost(now time.Time) (why string, so time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.why == "" {
		return "", 0
	}
	return s.why, now.Sub(s.since)
}

// yields reports whether a loop that has not seen the fleet for so long lets others go first: not at
// once, as it may see it again soon, and then now and again, as another may see it that could not.
func yields(so, lasts time.Duration) bool { return so%(4*lasts) >= lasts && so%(4*lasts) < 2*lasts }
