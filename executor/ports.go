package executor

import (
	"context"
	"errors"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// Transport reaches the fleet's records. executor/nats is the real one, executor/inprocess its
// twin; both pass executor/executortest.
type Transport interface {
	Reader

	// ReadRuns takes the records that are of no device, as Read does: the World in force, runs, the
	// lease and quarantines. In a large fleet they are few, and Read takes seconds.
	ReadRuns(ctx context.Context) (Records, error)

	// Watch delivers every change of devices, runs and quarantines that is made after it returned. The channel is
	// closed when ctx ends or the transport is lost. Who calls Watch and then Read misses nothing and may
	// see a change twice. Of changes of one record that wait for a slow reader all but the newest
	// may be left out.
	Watch(ctx context.Context) (<-chan Change, error)

	// Write carries out each write by itself: result i is that of write i, and one that is
	// refused hinders no other. Writes of one call go out side by side, so at most one of
	// several on the same record wins.
	Write(ctx context.Context, writes []Write) ([]Result, error)
}

// Reader reads the fleet's records.
type Reader interface {
	// Read takes all records. Each is current at some moment of the call, not all at the same
	// one; a write on what was read is refused if the record has moved since.
	Read(ctx context.Context) (Records, error)

	// PlanPart is one part of what PutPlan stored, or an error that wraps ErrNoPlan.
	PlanPart(ctx context.Context, sealed algebra.Digest, part int) ([]byte, error)

	// Spec is the deployment with this digest, or an error that wraps ErrNoSpec.
	Spec(ctx context.Context, d algebra.Digest) (algebra.Deployment, error)
}

// Watcher is a Transport that can tell of everything that Read takes.
type Watcher interface {
	Transport

	// WatchAll is Watch that besides delivers desired states and the World in force.
	WatchAll(ctx context.Context) (<-chan Change, error)
}

// OfRuns reports whether ReadRuns takes a bucket.
func OfRuns(bucket string) bool {
	switch bucket {
	case wire.WorldBucket, wire.RunsBucket, wire.LeasesBucket, wire.QuarantineBucket:
		return true
	}
	return false
}

// Watched reports whether Watch tells of a bucket.
func Watched(bucket string) bool {
	switch bucket {
	case wire.RunsBucket, wire.LeasesBucket, wire.QuarantineBucket, wire.DevicesBucket, wire.InfoBucket, wire.StateBucket, wire.HeartbeatBucket:
		return true
	}
	return false
}

// ErrMoved is the outcome of a write on a revision that is no longer the record's.
var ErrMoved = errors.New("the record has moved since it was read")

// ErrHalted is the outcome of publishing while that is halted: nothing was written.
var ErrHalted = errors.New("publishing is halted")

// ErrNoSpec says that no deployment of this digest is stored.
var ErrNoSpec = errors.New("no such deployment is stored")

// ErrNoPlan says that no plan of this digest is stored.
var ErrNoPlan = errors.New("no such plan is stored")

// Write is one record to be written. Revision is that of the record as the writer read it, 0 if
// there was none: the write happens only if it still is.
//
//sumtype:decl
type Write interface {
	write() // sealed: SetDesired, SetEntry, SetWorld, SetRun, SetLease, SetQuarantine, PutSpec, PutPlan
}

// SetDesired publishes a device's desired state. It takes what was signed and nothing else.
type SetDesired struct {
	State    wire.Verified
	Revision uint64
}

// SetEntry registers a device or changes its entry.
type SetEntry struct {
	Entry    wire.DeviceEntry
	Revision uint64
}

// SetWorld takes the World in force.
type SetWorld struct {
	Record   wire.WorldRecord
	Revision uint64
}

// PutSpec stores a deployment under its digest. It needs no revision: whoever was first stored
// the same bytes.
type PutSpec struct{ Deployment algebra.Deployment }

// SetRun moves a run on.
type SetRun struct {
	Run      wire.Run
	Revision uint64
}

// SetLease takes, keeps or leaves the lease of the fleet.
type SetLease struct {
	Lease    wire.Lease
	Revision uint64
}

// SetQuarantine puts a release in quarantine, or lifts it.
type SetQuarantine struct {
	Record   wire.Quarantined
	Revision uint64
}

// PutPlan stores one part of a sealed plan, by the digest of the whole, counted from 0. It needs
// no revision.
type PutPlan struct {
	Sealed algebra.Digest
	Part   int
	Data   []byte
}

func (SetDesired) write()    {}
func (SetEntry) write()      {}
func (SetWorld) write()      {}
func (SetRun) write()        {}
func (SetLease) write()      {}
func (SetQuarantine) write() {}
func (PutSpec) write()       {}
func (PutPlan) write()       {}

// Result is the outcome of one write. Err is nil, wraps ErrMoved, or says why the outcome is
// not known: the write may have happened, and only reading tells.
type Result struct {
	Revision uint64
	Err      error
}
