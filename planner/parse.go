package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
)

// ParseTarget reads the address of a slot, as Target.String writes it.
func ParseTarget(s string) (Target, error) {
	device, app, ok := strings.Cut(s, "/")
	if !ok {
		return Target{}, fmt.Errorf("address %q: want DEVICE/APP", s)
	}
	var t Target
	var err error
	if t.Device, err = algebra.ParseDeviceID(device); err != nil {
		return Target{}, err
	}
	if t.App, err = algebra.ParseApp(app); err != nil {
		return Target{}, err
	}
	return t, nil
}

// ParseReason reads a reason's name.
func ParseReason(s string) (Reason, error) {
	if i := slices.Index(reasonNames[:], s); i > 0 {
		return Reason(i), nil
	}
	return 0, fmt.Errorf("unknown reason %q of an action", s)
}

// ParseBlockReason reads a reason's name.
func ParseBlockReason(s string) (BlockReason, error) {
	if i := slices.Index(blockNames[:], s); i > 0 {
		return BlockReason(i), nil
	}
	return 0, fmt.Errorf("unknown reason %q of a block", s)
}

// ReasonNames are the names of all reasons of actions.
func ReasonNames() []string { return slices.Clone(reasonNames[1:]) }

// BlockReasonNames are the names of all reasons of blocks.
func BlockReasonNames() []string { return slices.Clone(blockNames[1:]) }
