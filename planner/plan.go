package planner

import (
	"fmt"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// Plan is what it takes to bring what is published to what is declared: data, bound to the
// World and the Reality it was made from. Changing it runs nothing.
type Plan struct {
	World    algebra.Digest
	Observed time.Time
	// Roster is the devices with their labels after Registry is applied.
	Roster *algebra.Roster
	// Registry is the changes that Device documents bring. They are outside leastness and
	// come before all changes.
	Registry []algebra.Relabelling
	// Courses are how the changes go out, wave by wave; those of several run side by side.
	Courses []Course
	// Changes are the actions, in the order of batch and target.
	Changes []Change
	// Emptied are the assignments that no device answers to any more.
	Emptied []Emptied
	// Blocked are the slots left as they are though something else is wanted there or known to be wrong.
	Blocked []Blocked
	// InFlight are the slots that are published as wanted and do not run so yet.
	InFlight []InFlight
	// Drift are the slots that report something else than what is published, whether a change
	// is about to mend that or not.
	Drift []Drift
	// Unchanged counts the slots that are published as wanted and run.
	Unchanged int
	// AtRest lists them; Whole fills it.
	AtRest []AtRest
	// ImageSizes are the bytes of images, by reference, as far as the World has them.
	ImageSizes map[string]int64
	// Partial says that changes were left out on request: the plan does not take all of what is
	// published to what is declared.
	Partial bool
	// Base is the standing of each device that a change touches, by which staleness is seen.
	Base map[algebra.DeviceID]Base

	// What AtRest is made of, in a plan that Make made.
	resting   map[algebra.App]algebra.Fleet
	published algebra.Placement
	known     map[algebra.Digest]algebra.Deployment
}

// Base is what a device was like when the plan was made: the revisions of its registry entry
// and its desired state, 0 being none, and a digest of what the World reads there besides.
type Base struct {
	Registry, Desired uint64
	// Read covers the facts that rules and values read, and the claims of dynamic rules; it is
	// zero where the World reads labels only.
	Read algebra.Digest
}

// Change is one action with its reason and where that was written.
type Change struct {
	ID     string // c1, c2, … in the order of Plan.Changes
	Action Action
	Reason Reason
	// By is the assignment that makes the winning claim; its zero value where there is none.
	By By
	// Want is the deployment to be placed; none for a Stop. Have is the one in place, as far as known.
	Want, Have algebra.Deployment
	// Values is what Want takes from the device.
	Values algebra.Values
	// Requires are the changes of this device, by id, that come before this one.
	Requires []string
	// Batch is that of its wave: see Plan.WaveOf. Rollout is the one that claims it, whose budget
	// it spends, by name; where it hangs together with others, the wave may be another's.
	Batch   int
	Rollout string
}

// Emptied is an assignment that makes no claim on any device, while slots of its apps stop: a
// fleet in use came to nothing.
type Emptied struct {
	By    By
	Stops int
}

// By names the declaration a change follows from.
type By struct {
	Assignment string
	// Rule is the assignment's canonical text, Term the part of it that selects the device.
	Rule, Term string
	Source     algebra.Source
}

// Blocked is a slot the plan leaves alone, and why.
type Blocked struct {
	At     Target
	Why    BlockReason
	Detail string
	// Sources are the declarations at odds.
	Sources []algebra.Source
}

// InFlight is a slot that is on its way.
type InFlight struct {
	At    Target
	Want  algebra.Release
	Phase algebra.Phase // 0 when the device has said nothing of this release
	Since time.Time
	// Detail is the device's last word on it, or on what was in the slot before.
	Detail string
}

// AtRest is a slot that is published as wanted and runs.
type AtRest struct {
	At   Target
	Want algebra.Release
	// Deployment is what it runs; none where only its digest is known.
	Deployment algebra.Deployment
}

// Reason is why a change is in the plan.
type Reason uint8

// The reasons.
const (
	Assigned Reason = iota + 1
	VersionChanged
	WorkloadChanged
	ValuesChanged
	Unassigned
	Retired
)

var reasonNames = [...]string{"", "start_because_assigned", "replace_because_version_changed",
	"replace_because_workload_changed", "replace_because_values_changed", "stop_because_unassigned", "stop_because_decommissioned"}

// String is the reason's name in the plan file.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return fmt.Sprintf("Reason(%d)", uint8(r))
}

// BlockReason is why a slot is left alone.
type BlockReason uint8

// The reasons for leaving a slot alone (SEMANTICS, "Placement, difference, leastness").
const (
	Conflict       BlockReason = iota + 1 // two deployments at the highest priority
	ResourceClash                         // another wanted or kept deployment holds the same host resource
	RequirementOut                        // an app it requires is absent or blocked
	DeviceRefused                         // the device vetoed this release
	DeviceRevoked                         // the device is revoked
	ValueMissing                          // the device lacks a label or fact that the deployment takes a value from
	ClaimedTwice                          // the rollouts of two fleets claim it
	Quarantined                           // a run found that this release fails
)

var blockNames = [...]string{"", "conflict", "resource_clash", "requirement_missing", "refused_by_device", "device_revoked", "value_missing",
	"claimed_by_two_rollouts", "quarantined"}

// String is the reason's name in the plan file.
func (r BlockReason) String() string {
	if int(r) < len(blockNames) {
		return blockNames[r]
	}
	return fmt.Sprintf("BlockReason(%d)", uint8(r))
}

// Actions is the bare actions of the plan.
func (p Plan) Actions() []Action {
	out := make([]Action, len(p.Changes))
	for i, c := range p.Changes {
		out[i] = c.Action
	}
	return out
}

// IsEmpty reports whether there is nothing to do: no action and no change of the registry.
func (p Plan) IsEmpty() bool { return len(p.Changes) == 0 && len(p.Registry) == 0 }

// HasConflict reports whether some slot is blocked by a conflict of claims.
func (p Plan) HasConflict() bool {
	for _, b := range p.Blocked {
		if b.Why == Conflict {
			return true
		}
	}
	return false
}

// Counts is the number of actions of each kind.
type Counts struct {
	Start   int `json:"start"`
	Replace int `json:"replace"`
	Stop    int `json:"stop"`
}

// Counts counts the actions.
func (p Plan) Counts() (n Counts) {
	for _, c := range p.Changes {
		switch c.Action.(type) {
		case Start:
			n.Start++
		case Replace:
			n.Replace++
		case Stop:
			n.Stop++
		}
	}
	return n
}
