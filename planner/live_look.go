package planner

import "github.com/musterfleet/muster/algebra"

// Reality is the reality as the deltas have made it. It costs time in proportion to what changed
// since it was last asked for. It shares memory: the next delta changes it.
func (l *Live) Reality() algebra.Reality { return l.seen.reality() }

// World is the World that is planned for.
func (l *Live) World() algebra.World { return l.world }

// Knows reports whether the content of a deployment is known, whatever the World declares: that may
// be another tomorrow.
func (l *Live) Knows(d algebra.Digest) bool {
	_, known := l.seen.base.Specs[d]
	return known
}

// Record is the standing of a device, and whether the registry has it.
func (l *Live) Record(id algebra.DeviceID) (rec algebra.Record, known bool) {
	if o := l.seen.over[id]; o != nil {
		known = !o.gone
	} else {
		_, known = l.seen.base.Roster.Ordinal(id)
	}
	return l.seen.base.Records[id], known
}

// Part is what the plan says of a device.
func (l *Live) Part(id algebra.DeviceID) Part { return l.part(id) }

// Does reports whether the plan does anything here.
func (p Part) Does() bool { return len(p.Changes)+len(p.Registry) > 0 }
