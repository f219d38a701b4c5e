package planfile

import (
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
)

// together is, for each batch, the devices it disrupts, each once, with the apps there.
type together []map[uint32][]algebra.App

func disruptions(p planner.Plan) together {
	var out together
	batch := -1
	for _, c := range p.Changes {
		if _, start := c.Action.(planner.Start); start {
			continue
		}
		if c.Batch != batch { // changes come in the order of batches
			out, batch = append(out, map[uint32][]algebra.App{}), c.Batch
		}
		at := c.Action.Target()
		if i, ok := p.Roster.Ordinal(at.Device); ok {
			out[len(out)-1][i] = append(out[len(out)-1][i], at.App)
		}
	}
	return out
}

// most is how many devices one batch disrupts at most.
func (t together) most() int {
	most := 0
	for _, devices := range t {
		most = max(most, len(devices))
	}
	return most
}

// byApp is most for each app.
func (t together) byApp() map[algebra.App]int {
	most := map[algebra.App]int{}
	for _, devices := range t {
		n := map[algebra.App]int{}
		for _, apps := range devices {
			for _, app := range apps {
				n[app]++
				most[app] = max(most[app], n[app])
			}
		}
	}
	return most
}

// byCode is most for each code of a column.
func (t together) byCode(codes []uint32) map[uint32]int {
	most := map[uint32]int{}
	for _, devices := range t {
		n := map[uint32]int{}
		for i := range devices {
			code := codes[i]
			n[code]++
			most[code] = max(most[code], n[code])
		}
	}
	return most
}
