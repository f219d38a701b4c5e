package planner

import (
	"fmt"
	"slices"

	"github.com/musterfleet/muster/algebra"
)

// block1 blocks a slot; the first reason found stands.
func (m *making) block1(s slot, why BlockReason, detail string, sources ...algebra.Source) {
	if _, ok := m.blocked[s]; !ok {
		m.blocked[s] = Blocked{Why: why, Detail: detail, Sources: sources}
	}
}

// block finds every blocked slot, to the fixpoint: a slot that is kept may hold a resource
// that others want, and an app may require one that is blocked.
func (m *making) block() {
	m.blockByDevice()
	contested := m.contested()
	if len(contested) == 0 && !m.anyRequires() {
		return // no slot depends on another
	}
	for i := range uint32(m.roster.Len()) {
		apps := m.slotsOf(i)
		for again := true; again; {
			again = m.round(i, apps, contested)
		}
	}
}

// blockByDevice blocks what the device itself rules out: all of a revoked device, and a
// release it has refused.
func (m *making) blockByDevice() {
	for id, rec := range m.reality.Records {
		i, ok := m.roster.Ordinal(id)
		if !ok || rec.Lifecycle != algebra.Revoked {
			continue
		}
		for _, app := range m.slotsOf(i) {
			m.block1(slot{i, app}, DeviceRevoked, "the device is revoked")
		}
	}
	for at, s := range m.reality.Slots {
		i, ok := m.roster.Ordinal(at.Device)
		if ok && s.Phase == algebra.Refused && !s.Release.IsZero() && s.Release == m.asked.Release(i, at.App) {
			m.block1(slot{i, at.App}, DeviceRefused, s.Detail)
		}
	}
}

// slotsOf lists the apps that are asked for, in place or blocked on a device.
func (m *making) slotsOf(i uint32) []algebra.App {
	var apps []algebra.App
	for _, app := range m.apps {
		_, blocked := m.blocked[slot{i, app}]
		if blocked || !m.asked.Release(i, app).IsZero() || !m.have.Release(i, app).IsZero() {
			apps = append(apps, app)
		}
	}
	return apps
}

// contested is the resources that deployments of two apps hold; no other can clash.
func (m *making) contested() map[algebra.Resource]bool {
	holder := map[algebra.Resource]algebra.App{}
	out := map[algebra.Resource]bool{}
	for _, d := range m.known {
		for _, res := range d.Resources() {
			if app, ok := holder[res]; ok && app != d.App() {
				out[res] = true
			}
			holder[res] = d.App()
		}
	}
	return out
}

func (m *making) anyRequires() bool {
	for _, d := range m.known {
		if len(d.Requires()) > 0 {
			return true
		}
	}
	return false
}

// round blocks what follows from the blocks so far on one device, all at once so that the
// order of apps does not matter, and reports whether it found any.
func (m *making) round(i uint32, apps []algebra.App, contested map[algebra.Resource]bool) bool {
	found := map[algebra.App]Blocked{}
	for _, app := range apps {
		d, ok := m.wanted(i, app)
		if !ok {
			continue
		}
		for _, need := range d.Requires() {
			if _, ok := m.wanted(i, need); !ok {
				found[app] = Blocked{Why: RequirementOut, Detail: m.whyOut(i, d, need)}
			}
		}
		for _, other := range apps {
			if res, how, ok := m.clash(i, d, other, contested); ok {
				found[app] = Blocked{Why: ResourceClash, Detail: fmt.Sprintf("%s and %s %s both hold %s", d, how, m.holder(i, other), res)}
			}
		}
	}
	for app, b := range found {
		m.block1(slot{i, app}, b.Why, b.Detail, b.Sources...)
	}
	return len(found) > 0
}

// wanted is the deployment asked for in a slot that is not blocked.
func (m *making) wanted(i uint32, app algebra.App) (algebra.Deployment, bool) {
	if _, blocked := m.blocked[slot{i, app}]; blocked {
		return algebra.Deployment{}, false
	}
	rel := m.asked.Release(i, app)
	return m.known[rel.Deployment], !rel.IsZero()
}

// holder is the deployment that counts in another slot: the wanted one, or the kept one if
// the slot is blocked.
func (m *making) holder(i uint32, app algebra.App) algebra.Deployment {
	if d, ok := m.wanted(i, app); ok {
		return d
	}
	return m.known[m.have.Release(i, app).Deployment]
}

func (m *making) clash(i uint32, d algebra.Deployment, other algebra.App, contested map[algebra.Resource]bool) (algebra.Resource, string, bool) {
	if other == d.App() {
		return "", "", false
	}
	how := "the wanted"
	if _, blocked := m.blocked[slot{i, other}]; blocked {
		how = "the kept"
	} else if _, ok := m.wanted(i, other); !ok {
		return "", "", false // it is being stopped, before anything starts
	}
	o := m.holder(i, other)
	if o.IsZero() {
		return "", "", false
	}
	for _, res := range d.Resources() {
		if contested[res] && slices.Contains(o.Resources(), res) {
			return res, how, true
		}
	}
	return "", "", false
}

func (m *making) whyOut(i uint32, d algebra.Deployment, need algebra.App) string {
	if _, blocked := m.blocked[slot{i, need}]; blocked {
		return fmt.Sprintf("%s requires %s, which is blocked here", d, need)
	}
	return fmt.Sprintf("%s requires %s, which nothing assigns here", d, need)
}

// settled is asked with every blocked slot as it is.
func (m *making) settled() algebra.Placement {
	b := algebra.NewPlacing(m.roster)
	for _, app := range m.apps {
		for i := range uint32(m.roster.Len()) {
			rel := m.asked.Release(i, app)
			if _, blocked := m.blocked[slot{i, app}]; blocked {
				rel = m.have.Release(i, app)
			}
			b.Put(i, app, rel)
		}
	}
	return b.Placement()
}
