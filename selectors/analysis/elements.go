package analysis

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/musterfleet/muster/selectors"
)

// Element is a deployment that a device runs, by the keys of any(deploy: …).
type Element map[string]string

// Value is a key of the element.
func (e Element) Value(k selectors.Key) (string, bool) {
	value, ok := e[k.Name]
	return value, ok
}

// settleDeployed finds which of the quantified predicates some deployment of a device can be as,
// together. A device has at most one deployment of an app, so an app that a predicate names
// gives one element, and any other app as many as there are predicates.
//
//	any(app = web & phase = Running) & any(app = web & phase = Failed)    no device
//	any(phase = Running) & any(phase = Failed)                            some
func (v *variable) settleDeployed(o Options) error {
	if len(v.bodies) > mostBodies {
		return &Budget{fmt.Sprintf("too many different any(%s: …) at once: %d, at most %d", v.name, len(v.bodies), mostBodies)}
	}
	inner := Options{Now: o.Now, Nodes: o.Nodes, Seen: o.Seen}
	g := newGatherer(inner)
	app := g.literal(selectors.Key{Name: "app"}, "", atom{holds: func(string, bool) bool { return true }}).(literal).variable
	g.variables[app].copies = len(v.bodies)
	s, err := g.space(v.bodies)
	if err != nil {
		return err
	}
	// What is reachable is kept with the elements that reach it, the fewest first.
	reached := map[uint64][]Element{0: nil}
	order := []uint64{0}
	for r, some := range s.variables[app].regions {
		kinds, err := s.kinds(app, r, v.bodies)
		if err != nil {
			return err
		}
		for _, name := range append([]string{some.value}, some.more...) {
			for _, q := range slices.Clone(order) {
				for _, k := range kinds {
					if _, ok := reached[q|k.on]; ok {
						continue
					}
					e := maps.Clone(k.element)
					e["app"] = name
					reached[q|k.on] = append(slices.Clone(reached[q]), e)
					order = append(order, q|k.on)
				}
			}
			if len(order) > mostRegions {
				return &Budget{fmt.Sprintf("too many different any(%s: …) at once: more than %d ways to be as they say", v.name, mostRegions)}
			}
		}
	}
	for range v.bodies {
		v.where = append(v.where, noRegions(len(order)))
	}
	for r, q := range order {
		v.regions = append(v.regions, region{present: q != 0, elements: reached[q]})
		v.found[fmt.Sprint(q)] = r
		for i := range v.bodies {
			if q>>i&1 != 0 {
				v.where[i].add(r)
			}
		}
	}
	v.inner = s
	return nil
}

// elementKind is a way to decide the predicates on one element, and such an element.
type elementKind struct {
	on      uint64
	element Element
}

// kinds are the ways that elements whose app is in a region decide the predicates.
func (s *Space) kinds(app, region int, bodies []Predicate) (out []elementKind, err error) {
	defer recovered(&err)
	in := noRegions(len(s.variables[app].regions))
	in.add(region)
	here := s.diagram.where(app, in)
	var roots []node
	for i := range bodies {
		root := s.Set(i)
		if !root.built {
			return nil, tooManyNodes
		}
		roots = append(roots, root.node)
	}
	for on, at := range s.signatures(here, roots) {
		choice := s.cheapest(at, nil)
		e := Element{}
		for i, v := range s.variables {
			if r := v.regions[choice[i]]; r.present {
				e[v.key.Name] = r.value
			}
		}
		mask := uint64(0)
		for i := range bodies {
			if on[i] == '1' {
				mask |= 1 << i
			}
		}
		out = append(out, elementKind{mask, e})
	}
	slices.SortFunc(out, func(a, b elementKind) int { return int(a.on) - int(b.on) })
	return out, nil
}

// deployedRegion is the region of what a device runs.
func (v *variable) deployedRegion(d selectors.Attributes, now time.Time) (int, bool) {
	device, ok := d.(selectors.Elements)
	if !ok {
		return 0, false
	}
	mask := uint64(0)
	for e := range device.Elements(selectors.Deploy) {
		in := v.inner.locate(e, now)
		for i := range v.bodies {
			if v.inner.contains(v.inner.Set(i).node, in) {
				mask |= 1 << i
			}
		}
	}
	r, ok := v.found[fmt.Sprint(mask)]
	return r, ok
}
