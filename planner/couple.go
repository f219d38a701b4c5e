package planner

import (
	"slices"

	"github.com/musterfleet/muster/algebra"
)

// lead says which course takes each action, given those that claim it. Actions on one device that depend on each other
// go out together, so the first of their courses takes them all; their budgets stay those of
// the rollouts that claim them.
//
// Two actions depend on each other if what they stop or start shares a resource of the host,
// or one requires the app of the other.
func (m *making) lead(actions []Action, claimed []int) []int {
	out := slices.Clone(claimed)
	if len(m.traits) == 0 {
		return out
	}
	for from := 0; from < len(actions); {
		to := from + 1
		for to < len(actions) && actions[to].Target().Device == actions[from].Target().Device {
			to++
		}
		join(actions[from:to], out[from:to], m.traits)
		from = to
	}
	return out
}

// join gives the actions of one device that hang together the first of their courses.
func join(actions []Action, course []int, traits map[algebra.Digest]*traits) {
	if len(slices.Compact(slices.Clone(course))) < 2 {
		return
	}
	for again := true; again; {
		again = false
		for i, a := range actions {
			for j, b := range actions {
				if course[i] < course[j] && dependent(a, b, traits) {
					course[j], again = course[i], true
				}
			}
		}
	}
}

func dependent(a, b Action, traits map[algebra.Digest]*traits) bool {
	left, next := ends(a)
	leftThere, nextThere := ends(b)
	for _, x := range []algebra.Release{left, next} {
		for _, y := range []algebra.Release{leftThere, nextThere} {
			s, t := traits[x.Deployment], traits[y.Deployment]
			if _, both := shared(s, t); both || needs(s, b.Target().App) || needs(t, a.Target().App) {
				return true
			}
		}
	}
	return false
}

func needs(t *traits, app algebra.App) bool { return t != nil && slices.Contains(t.requires, app) }
