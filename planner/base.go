package planner

import (
	"encoding/json"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// bases says of a device what a plan of it stands on.
func (m *making) bases() func(into map[algebra.DeviceID]Base, id algebra.DeviceID) {
	facts := factsRead(m.world)
	dynamic := dynamicRules(m.world)
	return func(into map[algebra.DeviceID]Base, id algebra.DeviceID) {
		if _, ok := into[id]; ok {
			return
		}
		rec := m.reality.Records[id]
		b := Base{Registry: rec.Registry, Desired: rec.Desired}
		if i, known := m.roster.Ordinal(id); known && len(facts)+len(dynamic) > 0 {
			b.Read = m.read(i, facts, dynamic)
		}
		into[id] = b
	}
}

// dynamicRules are the assignments whose claims depend on what is observed.
func dynamicRules(w algebra.World) []algebra.Definition {
	return slices.DeleteFunc(slices.Clone(w.Assignments), func(d algebra.Definition) bool {
		return d.Abstract || d.Expr.Effect() == selectors.Static
	})
}

// read is the digest of what the World reads of a device besides its labels.
func (m *making) read(i uint32, facts []string, dynamic []algebra.Definition) algebra.Digest {
	said := map[string][]string{}
	for _, name := range facts {
		if v, ok := m.roster.Value(i, algebra.Key{Name: name}); ok {
			said["fact "+name] = []string{v}
		}
	}
	for _, def := range dynamic {
		for _, c := range m.demand.Assign(def.Expr).At(i) {
			said["rule "+def.Name] = append(said["rule "+def.Name], c.Deployment.Digest().String())
		}
	}
	b, err := json.Marshal(said)
	if err != nil {
		panic("planner: " + err.Error()) // texts always encode
	}
	return algebra.DigestOf(b)
}

// factsRead lists the facts that the rules of a World and the values of its deployments
// depend on, sorted.
func factsRead(w algebra.World) []string {
	r := readsOf(demands(w)...)
	for _, d := range w.Deployments {
		r.takes(d.Deployment)
	}
	var facts []string
	for k := range r.keys {
		if !k.Label {
			facts = append(facts, k.Name)
		}
	}
	slices.Sort(facts)
	return facts
}
