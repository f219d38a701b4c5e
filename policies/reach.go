package policies

import (
	"fmt"
	"strings"

	"github.com/musterfleet/muster/algebra"
)

// Reach is the devices that who asks for a plan may deploy to. The zero value has no limit.
type Reach struct {
	// Who is what people call them, On the fleets of their grants.
	Who string
	On  []string
	// Devices are those of the fleets, by the labels that the registry has: what a plan makes of
	// labels brings no device within reach.
	Devices algebra.Fleet
	Limited bool
}

// beyond are the changes on devices out of reach. A device that the registry does not know yet
// is in nobody's fleet.
func (r *review) beyond(reach Reach) {
	if !reach.Limited {
		return
	}
	within := map[string]bool{}
	for id := range reach.Devices.IDs() {
		within[id.String()] = true
	}
	for i := range r.file.ResourceChanges {
		c := &r.file.ResourceChanges[i]
		if within[c.Device.ID] {
			continue
		}
		r.results = append(r.results, Result{Rule: ruleReach, Level: Deny, ChangeID: c.ID, Address: c.Address, Loc: c.Source, device: c.Device.ID, order: i,
			Msg: fmt.Sprintf("%s may deploy to %s only", reach.Who, strings.Join(reach.On, ", "))})
	}
}
