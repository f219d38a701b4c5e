package wire

import "time"

// Duty is who does a piece of work that one of several replicas is to do, or that a replica is
// there: then it is its own duty, and its beat keeps all that it holds.
type Duty struct {
	Name string `json:"name"`
	// Holder is the replica that does it; empty if nobody does.
	Holder string `json:"holder,omitempty"`
	// Fence grows by one each time that another replica takes it.
	Fence uint64 `json:"fence,omitempty"`
	// Beat changes as long as the replica is alive, and Lasts is for how long after that it counts
	// as alive, by the clock of whoever waits. Only the duty of being there has them.
	Beat  uint64        `json:"beat,omitempty"`
	Lasts time.Duration `json:"lasts,omitempty"`
}
