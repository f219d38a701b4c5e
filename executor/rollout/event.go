package rollout

import (
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// Event is something that happened to a run.
//
//sumtype:decl
type Event interface{ event() } // sealed: Seen, Pause, Resume, Approve, Undo, Cancel

// Seen is a new look at the fleet, or only the passing of time.
type Seen struct{ View View }

// Pause stops publishing until Resume. What is published comes to its end.
type Pause struct{ By string }

// Resume goes on with a run that is paused or held; a gate that does not pass holds it again.
type Resume struct{ By string }

// Approve goes on, and lets the wave at which a lane is held pass whatever it shows.
type Approve struct{ By string }

// Undo rolls back all that the run published, and puts it in quarantine.
type Undo struct{ By string }

// Cancel ends the run once what is under way has come to its end. What is published stays.
type Cancel struct{ By string }

func (Seen) event()    {}
func (Pause) event()   {}
func (Resume) event()  {}
func (Approve) event() {}
func (Undo) event()    {}
func (Cancel) event()  {}

// Effect is something the shell is to do, after it has stored the run.
//
//sumtype:decl
type Effect interface{ effect() } // sealed: Publish, Restore, SetApart, Wake, Finish

// Publish publishes a lane's changes to these devices.
type Publish struct {
	Lane    int
	Devices []algebra.DeviceID
}

// Restore publishes to these devices what a lane found there.
type Restore struct {
	Lane    int
	Devices []algebra.DeviceID
}

// SetApart puts what a lane places in quarantine, on all devices of the lane.
type SetApart struct {
	Lane   int
	Reason string
}

// Wake asks for a Seen at that time if none came before.
type Wake struct{ At time.Time }

// Finish ends the run.
type Finish struct{ Status wire.RunStatus }

func (Publish) effect()  {}
func (Restore) effect()  {}
func (SetApart) effect() {}
func (Wake) effect()     {}
func (Finish) effect()   {}
