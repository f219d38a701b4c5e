package podman

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
)

// container is what is known of one container of a slot.
type container struct {
	name     string
	labels   map[string]string
	siblings int    // how many containers the deployment has
	status   string // podman's: created, running, exited, …
	policy   string // podman's restart policy
	exit     int
	oom      bool
	killed   bool // through podman, so that podman will not restart it
	looping  bool // podman restarts it again and again
	fault    string
	started  time.Time
	finished time.Time
	restarts int
	health   health
}

// health is the state of a container's declared check.
type health uint8

const (
	unchecked health = iota // none is declared
	waiting                 // it has not passed yet
	passed
	failed
)

const (
	// grace is how long podman may take to restart a container by its policy.
	grace = 250 * time.Millisecond
	// steady is how long a looping container must stay up to count as running.
	steady = 10 * time.Second
)

// severity orders the phases a container can have: a slot stands as its worst container.
var severity = []algebra.Phase{algebra.Failed, algebra.Stopping, algebra.Starting, algebra.Running, algebra.Completed}

// judge says what a slot holds by its containers, of which there is at least one: the worst
// phase among them. A slot that lacks a container, or mixes releases, is Failed.
func judge(cs []container, now time.Time) agent.Observed {
	cs = slices.Clone(cs)
	slices.SortFunc(cs, func(a, b container) int { return strings.Compare(a.name, b.name) })
	var o agent.Observed
	var why []string
	count := map[algebra.Phase]int{}
	for i, c := range cs {
		rel, err := release(c.labels)
		switch {
		case err != nil:
			count[algebra.Failed]++
			why = append(why, fmt.Sprintf("container %s: %v", c.name, err))
		case i > 0 && rel != o.Release:
			count[algebra.Failed]++
			why = append(why, fmt.Sprintf("container %s: belongs to another release than %s", c.name, cs[0].name))
		}
		if i == 0 {
			o.Release = rel
		}
		phase, detail := c.judge(now)
		count[phase]++
		if detail != "" {
			why = append(why, fmt.Sprintf("container %s: %s", c.name, detail))
		}
		o.Restarts += c.restarts
	}
	if n := cs[0].siblings; n != len(cs) {
		count[algebra.Failed]++
		why = append(why, fmt.Sprintf("%d of %d containers are there", len(cs), n))
	}
	for _, p := range severity {
		if count[p] > 0 {
			o.Phase = p
			break
		}
	}
	o.Detail = strings.Join(why, "; ")
	return o
}

func (c container) judge(now time.Time) (algebra.Phase, string) {
	switch c.status {
	case "running":
		switch {
		case c.looping && now.Sub(c.started) < steady:
			return algebra.Failed, fmt.Sprintf("keeps ending, %s, restarted %d times", c.end(), c.restarts)
		case c.health == failed:
			return algebra.Failed, "health check failed"
		case c.health == waiting:
			return algebra.Starting, ""
		}
		return algebra.Running, ""
	case "exited", "stopped":
		return c.judgeEnded(now)
	case "stopping", "removing":
		return algebra.Stopping, ""
	case "created", "initialized", "configured":
		return algebra.Failed, "created but never started"
	case "paused":
		return algebra.Failed, "paused by somebody"
	}
	return algebra.Failed, "podman says " + c.status
}

func (c container) judgeEnded(now time.Time) (algebra.Phase, string) {
	restarts := c.policy == "always" || c.policy == "on-failure" && c.exit != 0
	switch {
	case c.fault != "":
		return algebra.Failed, c.fault
	case c.exit == 0 && !restarts:
		return algebra.Completed, ""
	case restarts && !c.killed && now.Sub(c.finished) < grace:
		return algebra.Starting, ""
	}
	return algebra.Failed, c.end()
}

// end says how the container's last run ended.
func (c container) end() string {
	switch {
	case c.oom:
		return "out of memory"
	case c.exit > 128:
		return fmt.Sprintf("ended by signal %d", c.exit-128)
	}
	return fmt.Sprintf("ended with exit code %d", c.exit)
}
