package planner

import (
	"fmt"
	"slices"

	"cmp"
	"github.com/musterfleet/muster/algebra"
	"strings"
)

// block finds every blocked slot. Those of a conflict or a missing value are known from
// place; the device rules out others; the rest follows from these, device by device: the
// least set that holds a slot if
//
//	its wanted deployment shares a resource with another wanted one, or with one that a
//	blocked slot keeps, or
//	it requires an app that is not wanted there, or is blocked.
//
// What is wanted counts whether it is blocked or not: a World that asks for two holders of one
// port is at odds with itself, whatever else is wrong. So one more block never frees a slot,
// and the least set does not depend on the order in which it is found.
func (m *making) block() {
	m.blockByDevice()
	m.blockClaimed()
	m.blockQuarantined()
	if len(m.traits) == 0 {
		return // no slot depends on another
	}
	var on []tenant
	for i := range uint32(m.roster.Len()) {
		on = on[:0]
		for _, app := range m.apps {
			t := tenant{app, m.traits[m.asked.Release(i, app).Deployment], m.traits[m.have.Release(i, app).Deployment]}
			if t.wanted != nil || t.kept != nil {
				on = append(on, t)
			}
		}
		m.blockTenants(i, on)
	}
}

// block1 blocks a slot for a reason of its own; the first reason found stands.
func (m *making) block1(s slot, why BlockReason, detail string, sources ...algebra.Source) {
	if _, ok := m.blocked[s]; !ok {
		m.blocked[s] = Blocked{Why: why, Detail: detail, Sources: sources}
	}
}

// blockByDevice blocks what the device itself rules out: all of a revoked device, whatever
// else is wrong there, and a release it has refused.
func (m *making) blockByDevice() {
	for id, rec := range m.reality.Records {
		if rec.Lifecycle != algebra.Revoked {
			continue
		}
		i, ok := m.roster.Ordinal(id)
		if !ok {
			continue
		}
		for _, app := range m.apps {
			_, blocked := m.blocked[slot{i, app}]
			if blocked || !m.asked.Release(i, app).IsZero() || !m.have.Release(i, app).IsZero() {
				m.blocked[slot{i, app}] = Blocked{Why: DeviceRevoked, Detail: "the device is revoked"}
			}
		}
	}
	for at, s := range m.reality.Slots {
		if s.Phase != algebra.Refused || s.Release.IsZero() {
			continue
		}
		if i, ok := m.roster.Ordinal(at.Device); ok && s.Release == m.asked.Release(i, at.App) {
			m.block1(slot{i, at.App}, DeviceRefused, s.Detail)
		}
	}
}

// traits is what makes one slot depend on another.
type traits struct {
	deployment algebra.Deployment
	holds      []algebra.Resource // those that deployments of other apps hold too
	requires   []algebra.App
}

// findTraits lists the traits of the deployments that have any, by digest.
func (m *making) findTraits() map[algebra.Digest]*traits {
	holder := map[algebra.Resource]algebra.App{}
	contested := map[algebra.Resource]bool{}
	for _, d := range m.known {
		for _, res := range d.Resources() {
			if app, ok := holder[res]; ok && app != d.App() {
				contested[res] = true
			}
			holder[res] = d.App()
		}
	}
	out := map[algebra.Digest]*traits{}
	for digest, d := range m.known {
		held := slices.DeleteFunc(d.Resources(), func(r algebra.Resource) bool { return !contested[r] })
		if len(held) > 0 || len(d.Requires()) > 0 {
			out[digest] = &traits{d, held, d.Requires()}
		}
	}
	return out
}

// tenant is one slot of a device, with the traits of what is wanted there and what is in place.
type tenant struct {
	app          algebra.App
	wanted, kept *traits // nil without traits
}

// blockTenants blocks the slots of one device that follow from others. The reason told is the
// first that holds once all are found.
func (m *making) blockTenants(i uint32, on []tenant) {
	var found []tenant
	for again := true; again; {
		again = false
		for _, t := range on {
			if t.wanted == nil || m.isBlocked(i, t.app) {
				continue
			}
			if _, out := m.follows(i, t, on); out {
				m.blocked[slot{i, t.app}] = Blocked{}
				found, again = append(found, t), true
			}
		}
	}
	for _, t := range found {
		m.blocked[slot{i, t.app}], _ = m.follows(i, t, on)
	}
}

func (m *making) isBlocked(i uint32, app algebra.App) bool {
	_, blocked := m.blocked[slot{i, app}]
	return blocked
}

// follows says why a slot is blocked, given the blocks so far.
func (m *making) follows(i uint32, t tenant, on []tenant) (Blocked, bool) {
	for _, o := range on {
		if res, ok := shared(t.wanted, o.wanted); ok && o.app != t.app {
			return Blocked{Why: ResourceClash, Detail: fmt.Sprintf("%s and %s both hold %s", t.wanted.deployment, o.wanted.deployment, res)}, true
		}
	}
	for _, o := range on {
		if res, ok := shared(t.wanted, o.kept); ok && o.app != t.app && m.isBlocked(i, o.app) {
			return Blocked{Why: ResourceClash, Detail: fmt.Sprintf("%s holds %s, as does %s, which stays because %s is blocked here", t.wanted.deployment, res, o.kept.deployment, o.app)}, true
		}
	}
	for _, need := range t.wanted.requires {
		if m.isBlocked(i, need) {
			return Blocked{Why: RequirementOut, Detail: fmt.Sprintf("%s requires %s, which is blocked here", t.wanted.deployment, need)}, true
		}
		if m.asked.Release(i, need).IsZero() {
			return Blocked{Why: RequirementOut, Detail: fmt.Sprintf("%s requires %s, which nothing assigns here", t.wanted.deployment, need)}, true
		}
	}
	return Blocked{}, false
}

// shared is a contested resource that both hold.
func shared(a, b *traits) (algebra.Resource, bool) {
	if a == nil || b == nil {
		return "", false
	}
	for _, res := range a.holds {
		if slices.Contains(b.holds, res) {
			return res, true
		}
	}
	return "", false
}

// settled is asked with every blocked slot as it is.
func (m *making) settled() algebra.Placement {
	b := m.asked.Placing()
	for s := range m.blocked {
		b.Put(s.ordinal, s.app, m.have.Release(s.ordinal, s.app))
	}
	return b.Placement()
}

// blocks are the blocked slots as a plan tells them.
func (m *making) blocks() []Blocked {
	var out []Blocked
	for s, b := range m.blocked {
		b.At = Target{m.roster.ID(s.ordinal), s.app}
		slices.SortFunc(b.Sources, func(x, y algebra.Source) int {
			return cmp.Or(strings.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line))
		})
		b.Sources = slices.Compact(b.Sources)
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b Blocked) int { return a.At.Compare(b.At) })
	return out
}
