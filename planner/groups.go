package planner

import (
	"maps"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// managed is the devices that have something or are to: those that can be down. Only budgets
// ask for it.
func (m *making) managed(targets map[int][]uint32) algebra.Fleet {
	if !slices.ContainsFunc(m.claimants.list, func(r algebra.Rollout) bool { return !r.Budget.IsZero() }) {
		return m.roster.None()
	}
	all := m.roster.None()
	for _, on := range targets {
		all = all.Union(m.fleet(on))
	}
	var has []uint32
	apps := m.have.Apps()
	for i := range uint32(m.roster.Len()) {
		for _, app := range apps {
			if !m.have.Release(i, app).IsZero() {
				has = append(has, i)
				break
			}
		}
	}
	return all.Union(m.fleet(has))
}

// groups cuts the devices by the budget's key.
func (m *making) groups(b algebra.Budget, managed, online algebra.Fleet) []Group {
	if b.IsZero() {
		return nil
	}
	devices := managed.Intersect(online)
	if b.By == (selectors.Key{}) {
		return []Group{m.group(Group{}, devices, b)}
	}
	var out []Group
	for _, value := range m.values(b.By, devices) {
		g := m.group(Group{Value: value.value, Lacking: value.lacking}, value.fleet, b)
		out = append(out, g)
	}
	return out
}

type valued struct {
	value   string
	lacking bool
	fleet   algebra.Fleet
}

func (m *making) values(by selectors.Key, devices algebra.Fleet) []valued {
	at := map[string][]uint32{}
	var lacking []uint32
	for i := range devices.Ordinals() {
		if v, ok := m.roster.Attributes(i).Value(by); ok {
			at[v] = append(at[v], i)
		} else {
			lacking = append(lacking, i)
		}
	}
	var out []valued
	for _, v := range slices.Sorted(maps.Keys(at)) {
		out = append(out, valued{v, false, m.fleet(at[v])})
	}
	if len(lacking) > 0 {
		out = append(out, valued{"", true, m.fleet(lacking)})
	}
	return out
}

func (m *making) group(g Group, devices algebra.Fleet, b algebra.Budget) Group {
	g.Devices, g.Limit = devices.Len(), b.Limit(devices.Len())
	for i := range devices.Ordinals() {
		if !m.available(i) {
			g.Down++
		}
	}
	return g
}

// available reports whether a device runs all that is published to it.
func (m *making) available(i uint32) bool {
	for app, rel := range m.have.At(i) {
		s := m.reality.Slots[algebra.Slot{Device: m.roster.ID(i), App: app}]
		if s.Release != rel || s.Phase != algebra.Running && s.Phase != algebra.Completed {
			return false
		}
	}
	return true
}
