package planner

import (
	"maps"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// emptied finds the assignments without any claim while slots of their apps stop for want of
// one. That the World before had devices there is not known here: that something stops says so.
func (m *making) emptied(changes []Change) []Emptied {
	stops := map[algebra.App]int{}
	for _, c := range changes {
		if c.Reason == Unassigned {
			stops[c.Action.Target().App]++
		}
	}
	if len(stops) == 0 {
		return nil
	}
	var out []Emptied
	for _, def := range m.demand.Idle() {
		apps := map[string]bool{}
		deploys(def.Expr, def.Expr.Expr(), apps)
		n := 0
		for _, app := range slices.Collect(maps.Keys(stops)) {
			if apps[app.String()] {
				n += stops[app]
			}
		}
		if n > 0 {
			out = append(out, Emptied{m.by(def), n})
		}
	}
	return out
}

// deploys notes the apps that an assignment's rules place, behind names too.
func deploys(b *selectors.Bound, x selectors.Expr, apps map[string]bool) {
	if rule, ok := x.(selectors.Rule); ok {
		for _, d := range rule.Deploy {
			apps[d.App] = true
		}
	}
	if name, ok := x.(selectors.Name); ok {
		named := b.Name(name.Name)
		deploys(named, named.Expr(), apps)
	}
	for _, child := range selectors.Children(x) {
		deploys(b, child, apps)
	}
}
