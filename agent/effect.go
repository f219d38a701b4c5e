package agent

import (
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// Effect is what a State wants done: Save, Fetch, Prepare, Consult, Start, Stop, Look, Tell, Refuse,
// Trust, Remember or Wake. The first seven are answered by the Event named after them.
//
//sumtype:decl
type Effect interface{ effect() }

// Save makes an accepted desired state outlive a crash, with the deployments it names as far
// as they are known. Nothing is done for it before that.
type Save struct {
	State wire.Verified
	Specs []algebra.Deployment
}

// Fetch gets a deployment by its digest, and keeps it.
type Fetch struct {
	App     algebra.App
	Release algebra.Release
}

// Prepare gets what a start will need.
type Prepare struct {
	App        algebra.App
	Release    algebra.Release
	Deployment algebra.Deployment
}

// Consult asks who may veto whether what runs in a slot may give way. Want is zero where nothing is
// to take its place, Have where nothing runs.
type Consult struct {
	App        algebra.App
	Have, Want algebra.Release
}

// Start brings a release up in an empty slot.
type Start struct {
	App        algebra.App
	Release    algebra.Release
	Deployment algebra.Deployment
	Values     algebra.Values
}

// Stop empties a slot.
type Stop struct{ App algebra.App }

// Look observes all that runs.
type Look struct{ Number uint64 }

// Tell reports a slot.
type Tell struct{ State wire.AppState }

// Refuse reports and logs a desired state that was not accepted; the empty reason says that
// the last refusal no longer stands.
type Refuse struct{ Reason string }

// Trust makes a set of operator keys outlive a crash.
type Trust struct{ Keys wire.Keyset }

// Remember makes the faults outlive a crash.
type Remember struct{ Faults Faults }

// Wake asks for a Woke at or after the time. It takes the place of an earlier one.
type Wake struct{ At time.Time }

func (Save) effect()     {}
func (Fetch) effect()    {}
func (Prepare) effect()  {}
func (Consult) effect()  {}
func (Start) effect()    {}
func (Stop) effect()     {}
func (Look) effect()     {}
func (Tell) effect()     {}
func (Refuse) effect()   {}
func (Trust) effect()    {}
func (Remember) effect() {}
func (Wake) effect()     {}
