package executor

import (
	"fmt"
	"time"

	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/policies"
)

// judged is a view with the word of the gates on each wave that is about to start. A wave that
// nothing was published of is about to start each time it is looked at, so whoever resumes a
// rollout that was denied has it judged anew.
func (d *driver) judged(v rollout.View) rollout.View {
	for i := range v.Lanes {
		l := &v.Lanes[i]
		if d.run.Value.Lanes[i].State != wire.LaneGoing || len(l.Ready) == 0 || l.Published > 0 {
			continue
		}
		for _, batch := range d.script.Batches(i, l.Ready) {
			if denials := d.waves(batch, v.At); len(denials) > 0 {
				l.Denied = denial(denials)
				break
			}
		}
	}
	return v
}

func (d *driver) waves(batch int, now time.Time) []policies.Result {
	if d.Waves == nil {
		return d.approved.Wave(batch, nil, policies.Options{}, now)
	}
	return d.Waves(d.approved, batch, now)
}

// denial says what is denied first, and how much more.
func denial(all []policies.Result) string {
	text := all[0].Rule + ": " + all[0].Msg
	if len(all) > 1 {
		text += fmt.Sprintf(", and %d more", len(all)-1)
	}
	return text
}
