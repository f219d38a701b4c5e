package podman

import (
	"sync"
	"time"
)

// notes keep of the event stream what podman's records do not tell: that a container was
// killed through podman, and how often it was restarted lately.
type notes struct {
	mu       sync.Mutex
	killed   map[string]bool
	restarts map[string][]time.Time
}

// A container restarted more than patience times within lately keeps ending.
const (
	lately   = time.Minute
	patience = 3
)

func newNotes() *notes {
	return &notes{killed: map[string]bool{}, restarts: map[string][]time.Time{}}
}

// take notes an event of a container.
func (n *notes) take(action, id string, at time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch action {
	case "kill", "stop":
		n.killed[id] = true
	case "start":
		delete(n.killed, id)
	case "restart":
		r := append(n.restarts[id], at)
		n.restarts[id] = r[max(0, len(r)-patience-1):]
	case "remove":
		delete(n.killed, id)
		delete(n.restarts, id)
	}
}

func (n *notes) wasKilled(id string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.killed[id]
}

func (n *notes) keepsEnding(id string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := n.restarts[id]
	return len(r) > patience && now.Sub(r[0]) < lately
}
