package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
)

// place resolves the World into asked. A conflict leaves the slot empty and blocks it; a
// missing value blocks it too, but what is wanted there is known and counts against others.
func (m *making) place() {
	m.winners = m.demand.Assignment().Resolve()
	b := algebra.NewPlacing(m.roster)
	conflicts := map[algebra.App]algebra.Fleet{}
	for _, app := range m.winners.Apps() {
		conflicts[app] = m.winners.Conflicts(app)
	}
	for claim, fleet := range m.winners.Claims().All() {
		d := claim.Deployment
		takes := len(d.Takes()) > 0
		fixed := algebra.Release{Version: d.Version(), Deployment: d.Digest(), Values: algebra.Values{}.Digest()}
		for i := range fleet.Minus(conflicts[d.App()]).Ordinals() {
			if m.retired[m.roster.ID(i)] {
				continue
			}
			if !takes {
				b.Put(i, d.App(), fixed)
				continue
			}
			values, missing := d.Values(m.roster.Attributes(i))
			if len(missing) > 0 {
				m.block1(slot{i, d.App()}, ValueMissing, fmt.Sprintf("%s takes %s, which the device lacks", d, strings.Join(missing, ", ")), m.source(claim, i)...)
				b.Put(i, d.App(), algebra.Release{Version: d.Version(), Deployment: d.Digest()})
				continue
			}
			b.Put(i, d.App(), algebra.Release{Version: d.Version(), Deployment: d.Digest(), Values: values.Digest()})
		}
	}
	m.asked = b.Placement()
	m.apps = slices.SortedFunc(slices.Values(slices.Concat(m.winners.Apps(), m.have.Apps())), algebra.App.Compare)
	m.apps = slices.Compact(m.apps)
	for app, fleet := range conflicts {
		for i := range fleet.Ordinals() {
			if !m.retired[m.roster.ID(i)] {
				m.conflict(i, app)
			}
		}
	}
}

func (m *making) conflict(i uint32, app algebra.App) {
	var names []string
	var sources []algebra.Source
	claims := m.winners.At(i, app)
	for _, c := range claims {
		names = append(names, c.Deployment.String())
		sources = append(sources, m.source(c, i)...)
	}
	m.block1(slot{i, app}, Conflict, fmt.Sprintf("%s at priority %d", strings.Join(names, " and "), claims[0].Priority), sources...)
}

func (m *making) source(c algebra.Claim, i uint32) []algebra.Source {
	var out []algebra.Source
	for _, def := range m.demand.MadeBy(c, i) {
		out = append(out, def.Source)
	}
	return out
}
