package agent

import (
	"maps"
	"slices"

	"github.com/musterfleet/muster/algebra"
)

// conflict reports whether two deployments cannot run side by side: they hold something of the
// host that one at a time can.
func conflict(a, b algebra.Deployment) bool {
	if a.IsZero() || b.IsZero() {
		return false
	}
	other := b.Resources()
	for _, r := range a.Resources() {
		if _, shared := slices.BinarySearch(other, r); shared {
			return true
		}
	}
	return false
}

// holds reports whether what fills the slot holds a resource that d needs. What fills it is
// unknown if its deployment was lost: then it may, unless it is wanted beside d.
func (j job) holds(d algebra.Deployment) bool {
	if j.haveSpec.IsZero() {
		return j.differs
	}
	return conflict(d, j.haveSpec)
}

// coupled reports whether what two slots hold or shall hold share a resource, or one requires
// the other.
func coupled(a, b job) bool {
	for _, x := range []algebra.Deployment{a.haveSpec, a.spec} {
		for _, y := range []algebra.Deployment{b.haveSpec, b.spec} {
			if conflict(x, y) || requires(x, b.app) || requires(y, a.app) {
				return true
			}
		}
	}
	return false
}

func requires(d algebra.Deployment, app algebra.App) bool {
	return !d.IsZero() && slices.Contains(d.Spec().Requires, app)
}

func sortedApps[V any](m map[algebra.App]V) []algebra.App {
	return slices.SortedFunc(maps.Keys(m), algebra.App.Compare)
}
