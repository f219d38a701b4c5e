package planner

import (
	"cmp"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
)

// rollouts are the World's, in the order in which they claim: those of an app, then those of a
// fleet, each by name, at last the default.
func rollouts(w algebra.World) []algebra.Rollout {
	out := slices.SortedFunc(slices.Values(w.Rollouts), func(a, b algebra.Rollout) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a.Name, b.Name))
	})
	return append(out, algebra.DefaultRollout())
}

func rank(r algebra.Rollout) int {
	if r.App.IsZero() {
		return 1
	}
	return 0
}

// claimants are the rollouts of a World and the fleets that some of them are for.
type claimants struct {
	list   []algebra.Rollout // the last takes what no other claims
	app    map[algebra.App]int
	fleets map[int]algebra.Fleet
}

func (m *making) claim() claimants {
	c := claimants{rollouts(m.world), map[algebra.App]int{}, map[int]algebra.Fleet{}}
	for i, r := range c.list[:len(c.list)-1] {
		if r.App.IsZero() {
			c.fleets[i] = m.demand.Fleet(r.Fleet)
		} else {
			c.app[r.App] = i
		}
	}
	return c
}

// of is the rollouts that claim a slot: one, or several of fleets that overlap.
func (c claimants) of(i uint32, app algebra.App) []int {
	if n, ok := c.app[app]; ok {
		return []int{n}
	}
	var out []int
	for n := range c.list {
		if f, ok := c.fleets[n]; ok && f.Contains(i) {
			out = append(out, n)
		}
	}
	if out == nil {
		return []int{len(c.list) - 1}
	}
	return out
}

// blockClaimed blocks the slots that would change and that the rollouts of several fleets claim.
func (m *making) blockClaimed() {
	if len(m.claimants.fleets) < 2 {
		return
	}
	for d := range m.asked.Differences(m.have) {
		by := m.claimants.of(d.Ordinal, d.App)
		if len(by) < 2 {
			continue
		}
		var names []string
		var sources []algebra.Source
		for _, n := range by {
			names = append(names, m.claimants.list[n].Name)
			sources = append(sources, m.claimants.list[n].Source)
		}
		m.block1(slot{d.Ordinal, d.App}, ClaimedTwice, "the rollouts "+strings.Join(names, " and ")+" both claim it", sources...)
	}
}

// blockQuarantined blocks the releases that a run found to fail on these devices.
func (m *making) blockQuarantined() {
	for _, q := range m.reality.Quarantine {
		for _, id := range q.Devices {
			i, ok := m.roster.Ordinal(id)
			if !ok || m.asked.Release(i, q.App).Deployment != q.Deployment || m.asked.Release(i, q.App) == m.have.Release(i, q.App) {
				continue
			}
			m.block1(slot{i, q.App}, Quarantined, q.String())
		}
	}
}
