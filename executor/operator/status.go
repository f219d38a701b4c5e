package operator

import (
	"log/slog"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// Status is what an operator is about, for those who look at it from outside.
type Status struct {
	Standing Standing `json:"standing"`
	// World is the last that loaded, from Commit if that is known.
	World    algebra.Digest `json:"world,omitzero"`
	Commit   string         `json:"commit,omitempty"`
	LoadedAt time.Time      `json:"loadedAt,omitzero"`
	// Broken is why the newest World does not load; empty if it does.
	Broken string `json:"broken,omitempty"`
	// Pending is on how many devices something differs from what is declared.
	Pending int `json:"pending"`
}

// Standing is what an operator is doing, and since when.
type Standing struct {
	State State     `json:"state"`
	Why   string    `json:"why,omitempty"`
	Run   string    `json:"run,omitempty"`
	Since time.Time `json:"since,omitzero"`
	// Plan is the plan that was denied or waits to be approved.
	Plan algebra.Digest `json:"plan,omitzero"`
}

// State is the kind of a Standing.
type State string

// The states.
const (
	Starting    State = "starting"
	NoWorld     State = "no-world"    // none has loaded yet
	Unreachable State = "unreachable" // the connection to the fleet was lost
	Standby     State = "standby"     // another replica acts
	Overtaken   State = "overtaken"   // somebody else put a World in force by hand
	InSync      State = "in-sync"     // all is published as declared
	Waiting     State = "waiting"     // what differs is on devices that are offline
	Denied      State = "denied"      // a gate denies the plan
	Unapproved  State = "unapproved"  // the plan waits for somebody's word
	Planned     State = "planned"     // in mode DryRun: what it would do
	Running     State = "running"     // a run is carried out
	Held        State = "held"        // a run waits for somebody to decide
	Cancelled   State = "cancelled"   // somebody cancelled the run of this World
	HaltedState State = "halted"      // publishing is halted
	Busy        State = "busy"        // somebody else carries out a run
	Retrying    State = "retrying"    // the last run failed; it tries again later
)

// States are all states.
var States = []State{Starting, NoWorld, Unreachable, Standby, Overtaken, InSync, Waiting, Denied, Unapproved, Planned, Running, Held,
	Cancelled, HaltedState, Busy, Retrying}

// Status is the present one.
func (o *Operator) Status() Status {
	if s := o.status.Load(); s != nil {
		return *s
	}
	return Status{Standing: Standing{State: Starting}}
}

// stand notes a standing. It is told once, until it is another.
func (o *Operator) stand(now Standing) {
	s := o.Status()
	was := s.Standing
	now.Since = was.Since
	if was == now {
		return
	}
	if was.State != now.State || was.Run != now.Run || was.Plan != now.Plan {
		now.Since = o.Now()
	}
	s.Standing = now
	o.Log.Info(string(now.State), said("why", now.Why, "run", now.Run)...)
	o.tell(s)
}

func (o *Operator) tell(s Status) {
	if o.Status() == s {
		return
	}
	o.status.Store(&s)
	if o.Tell != nil {
		o.Tell(s)
	}
}

// said are the attributes that say something.
func said(pairs ...string) []any {
	var out []any
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, slog.String(pairs[i], pairs[i+1]))
		}
	}
	return out
}
