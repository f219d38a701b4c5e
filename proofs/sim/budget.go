package sim

import (
	"context"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/planner"
)

// decides is told what a process is about to do. The queue judges it before it is done.
func (c *console) decides(_ rollout.Script, m rollout.Moment) {
	_, _ = c.asks(context.Background(), func(answer func(any, error)) {
		c.decisions++
		if down := c.takesDown(m); len(down) > 0 {
			c.keepsBudgets(m, down)
		}
		answer(nil, nil)
	})
}

// takesDown are the devices that a decision stops or replaces something on which spends a budget.
func (c *console) takesDown(m rollout.Moment) []algebra.DeviceID {
	plan := c.approved[m.Run.Plan].plan
	var down []algebra.DeviceID
	take := func(lane int, ids []algebra.DeviceID) {
		for _, id := range ids {
			disrupts, spends := false, false
			for _, change := range plan.Changes {
				if change.Action.Target().Device != id || !of(plan.Courses[lane], change.Batch) {
					continue
				}
				if _, start := change.Action.(planner.Start); !start {
					disrupts = true
				}
				spends = spends || change.Rollout == "web"
			}
			if disrupts && spends && !slices.Contains(down, id) {
				down = append(down, id)
			}
		}
	}
	for _, e := range m.Effects {
		switch e := e.(type) {
		case rollout.Publish:
			take(e.Lane, e.Devices)
			c.inWave(plan, m, e)
		case rollout.Restore:
			take(e.Lane, e.Devices)
		case rollout.SetApart, rollout.Wake, rollout.Finish:
		}
	}
	return down
}

func of(course planner.Course, batch int) bool {
	return slices.ContainsFunc(course.Waves, func(w planner.Wave) bool { return w.Batch == batch })
}

// inWave judges that a device is published to in its wave or later, and a wave only after the gates
// before it have passed, or somebody said so.
func (c *console) inWave(plan planner.Plan, m rollout.Moment, e rollout.Publish) {
	lane, course := m.Run.Lanes[e.Lane], plan.Courses[e.Lane]
	for n, w := range course.Waves {
		if w.Kind == planner.OfTail {
			continue
		}
		passed := len(w.Devices) == 0
		for _, v := range lane.Verdicts {
			passed = passed || v.Wave == n && (v.Approved || v.Failed == 0 || (v.Sample-v.Failed)*10_000 >= v.Sample*int(course.Gate.Healthy))
		}
		if n < lane.Wave && !passed {
			c.wrong("waves follow passed gates", "%s publishes wave %d, and wave %d has not passed", c.name, lane.Wave, n)
		}
		for _, id := range e.Devices {
			if n > lane.Wave && slices.Contains(w.Devices, id) {
				c.wrong("waves follow passed gates", "%s publishes to %s of wave %d in wave %d", c.name, id, n, lane.Wave)
			}
		}
	}
}

// keepsBudgets judges that with these devices down no group has more down than its budget, counting
// those that are down: by what the process sees, and by what is true of those that were published to
// and have not come up since, whatever it heard.
func (c *console) keepsBudgets(m rollout.Moment, takes []algebra.DeviceID) {
	plan := c.approved[m.Run.Plan].plan
	var budget algebra.Budget
	for _, course := range plan.Courses {
		if course.Name == "web" {
			budget = course.Budget
		}
	}
	targets := map[algebra.DeviceID]bool{}
	for _, change := range plan.Changes {
		targets[change.Action.Target().Device] = true
	}
	size, down, more := map[string]int{}, map[string][]string{}, map[string]int{}
	for _, d := range c.devices {
		id, sight := d.id, m.Scene.Devices[d.id]
		if sight == nil {
			continue // it joined just now, and the process has not heard of it
		}
		site := sight.Device.Labels["site"]
		managed, up := false, len(c.awaits[id]) == 0
		for _, a := range sight.Apps {
			if a.Published.IsZero() {
				continue
			}
			managed = true
			up = up && a.Running == a.Published && a.Phase == algebra.Running
		}
		awaited := targets[id] && sight.Ours && !up
		if !sight.Online && !awaited || !targets[id] && !managed {
			continue
		}
		size[site]++
		if !up {
			down[site] = append(down[site], id.String())
		} else if slices.Contains(takes, id) {
			more[site]++
		}
	}
	for site, n := range more {
		if most := budget.Limit(size[site]); len(down[site])+n > most {
			c.wrong("a budget is kept", "%s takes %d of %d down at site %s, where %v are down and %d may be", c.name, n, size[site], site, down[site], most)
		}
	}
}
