package planner

import (
	"cmp"

	"github.com/musterfleet/muster/algebra"
)

// Target is one slot: an app on a device.
type Target struct {
	Device algebra.DeviceID
	App    algebra.App
}

// String is the address of the slot: gw-1/web.
func (t Target) String() string { return t.Device.String() + "/" + t.App.String() }

// Compare orders targets by device, then app.
func (t Target) Compare(o Target) int {
	return cmp.Or(t.Device.Compare(o.Device), t.App.Compare(o.App))
}

// Action is the smallest thing a plan does: it changes what fills one slot.
//
//sumtype:decl
type Action interface {
	Target() Target
	action() // sealed: Start, Replace, Stop
}

// Start fills an empty slot.
type Start struct {
	At   Target
	Want algebra.Release
}

// Replace stops what is in the slot and then starts another release there.
type Replace struct {
	At         Target
	Have, Want algebra.Release
}

// Stop empties a slot.
type Stop struct {
	At   Target
	Have algebra.Release
}

// Target is the slot the action changes.
func (a Start) Target() Target { return a.At }

// Target is the slot the action changes.
func (a Replace) Target() Target { return a.At }

// Target is the slot the action changes.
func (a Stop) Target() Target { return a.At }

func (Start) action()   {}
func (Replace) action() {}
func (Stop) action()    {}

// Diff is the least list of actions that takes have to want, ordered by target: Start where
// only want fills the slot, Stop where only have does, Replace where the releases differ.
// Both placements must be of one roster.
//
// Laws: applied to have in any order, with any repetition, it gives want; every action in it
// is in every correct list; it is empty iff nothing differs; and restricted to a device it
// is the Diff of the restrictions, which is why the agent may run the same function. Its
// order is that of the roster's ids, so nothing is sorted.
func Diff(want, have algebra.Placement) []Action {
	var out []Action
	roster := want.Roster()
	for d := range want.Differences(have) {
		at := Target{roster.ID(d.Ordinal), d.App}
		switch {
		case d.There.IsZero():
			out = append(out, Start{at, d.Here})
		case d.Here.IsZero():
			out = append(out, Stop{at, d.There})
		default:
			out = append(out, Replace{at, d.There, d.Here})
		}
	}
	return out
}
