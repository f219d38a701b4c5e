package planfile

import (
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/selectors"
)

// bound is what budgets take off the devices that could be down at one time: of the devices of
// a group that only its budget's rollout disrupts, no more are down than the group may have,
// or had before.
type bound struct {
	owner []int // the group of each device, by ordinal; -1 is none
	most  []int // of each group
}

// boundOf finds the groups of a plan. A device that several rollouts disrupt belongs to none and
// counts whole.
func boundOf(p planner.Plan, r algebra.Reality, devices []standing) bound {
	b := bound{owner: make([]int, len(devices))}
	for i := range b.owner {
		b.owner[i] = -1
	}
	by := map[string]planner.Course{}
	for _, c := range p.Courses {
		by[c.Name] = c
	}
	claimed := map[uint32]string{}
	several := map[uint32]bool{}
	for _, c := range p.Changes {
		if _, start := c.Action.(planner.Start); start {
			continue
		}
		i, _ := p.Roster.Ordinal(c.Action.Target().Device)
		if other, ok := claimed[i]; ok && other != c.Rollout {
			several[i] = true
		}
		claimed[i] = c.Rollout
	}
	for name, c := range by {
		if !c.Budget.IsZero() {
			b.add(p.Roster, c, r, devices, func(i uint32) bool {
				who, ok := claimed[i]
				return ok && who == name && !several[i]
			})
		}
	}
	return b
}

// add finds the groups of one budget.
func (b *bound) add(roster *algebra.Roster, c planner.Course, r algebra.Reality, devices []standing, ours func(uint32) bool) {
	type group struct {
		value   string
		lacking bool
	}
	at := map[group]int{}
	size, down := map[int]int{}, map[int]int{}
	for _, g := range c.Groups {
		at[group{g.Value, g.Lacking}] = len(b.most)
		size[len(b.most)] = g.Devices
		b.most = append(b.most, 0)
	}
	for i := range devices {
		g := group{}
		if c.Budget.By != (selectors.Key{}) {
			value, ok := roster.Attributes(uint32(i)).Value(c.Budget.By)
			g = group{value, !ok}
		}
		n, ok := at[g]
		if !ok {
			continue
		}
		if !devices[i].reachable && len(r.Records) > 0 {
			size[n]++ // it counts once it is back
		}
		if ours(uint32(i)) {
			b.owner[i] = n
			if devices[i].down {
				down[n]++
			}
		}
	}
	for _, n := range at {
		b.most[n] = max(c.Budget.Limit(size[n]), down[n])
	}
}

// spared is how many devices of each part budgets keep from being down at the same time. part
// says which one a device is in.
func (b bound) spared(parts int, part func(ordinal int) int) []int {
	out := make([]int, parts)
	if len(b.most) == 0 {
		return out
	}
	count := map[[2]int]int{}
	for i, g := range b.owner {
		if g >= 0 {
			count[[2]int{part(i), g}]++
		}
	}
	for at, n := range count {
		if at[0] >= 0 {
			out[at[0]] += max(0, n-b.most[at[1]])
		}
	}
	return out
}
