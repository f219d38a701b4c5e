package agent

import (
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// Event is what a State learns: Offered, Saved, Fetched, Prepared, Consulted, Started, Stopped,
// Looked, Changed, Woke, Repeat, Held or End.
//
//sumtype:decl
type Event interface{ event() }

// Offered is a desired state as it came, from whoever sent it.
type Offered struct{ Raw []byte }

// Saved ends a Save.
type Saved struct {
	State wire.Verified
	Err   error
}

// Fetched ends a Fetch.
type Fetched struct {
	App        algebra.App
	Release    algebra.Release
	Deployment algebra.Deployment
	Err        error
}

// Prepared ends a Prepare.
type Prepared struct {
	App     algebra.App
	Release algebra.Release
	Err     error
}

// Consulted ends a Consult; an error is the veto and its reason.
type Consulted struct {
	App        algebra.App
	Have, Want algebra.Release
	Err        error
}

// Held says that somebody at the device holds it, or with no reason that nobody does any more.
type Held struct{ Reason string }

// Started ends a Start.
type Started struct {
	App     algebra.App
	Release algebra.Release
	Err     error
}

// Stopped ends a Stop.
type Stopped struct {
	App algebra.App
	Err error
}

// Looked ends a Look: all that runs, or why that is not known.
type Looked struct {
	Number uint64
	Have   map[algebra.App]Observed
	Err    error
}

// Changed says that something of an app changed by itself; the zero App, that anything may have.
type Changed struct{ App algebra.App }

// Woke is the time a Wake asked for.
type Woke struct{}

// Repeat asks that everything be told again, to whoever may have missed it.
type Repeat struct{}

// End says that the agent shall end: no work is begun but to fill again what it emptied.
type End struct{}

func (Offered) event()   {}
func (Saved) event()     {}
func (Fetched) event()   {}
func (Prepared) event()  {}
func (Consulted) event() {}
func (Held) event()      {}
func (Started) event()   {}
func (Stopped) event()   {}
func (Looked) event()    {}
func (Changed) event()   {}
func (Woke) event()      {}
func (Repeat) event()    {}
func (End) event()       {}
