package algebra

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/musterfleet/muster/selectors"
)

// Select is Roster.Select for expressions of any effect. What a device runs is what it
// reported of its slots; the present time is ObservedAt.
//
// Laws: on static expressions it is Roster.Select; a selector selects the devices whose
// Attributes it matches.
func (r Reality) Select(b *selectors.Bound) Fleet { return r.evaluation(nil).fleet(b) }

// Attributes is a device of the roster as any selector sees it. Its Elements look through all
// slots: for more than a few devices ask Select.
func (r Reality) Attributes(ordinal uint32) selectors.Attributes {
	return sighting{r.Roster.Attributes(ordinal), &r, r.Roster.ID(ordinal)}
}

func (r Reality) evaluation(deployments map[DeploymentRef]Deployment) *evaluation {
	e := newEvaluation(r.Roster, deployments)
	e.seen = &observation{reality: r, groups: map[elementKeys]map[element]*roaring.Bitmap{}}
	return e
}

// sighting is a device with what was seen of it.
type sighting struct {
	selectors.Attributes
	reality *Reality
	id      DeviceID
}

func (s sighting) Now() time.Time { return s.reality.ObservedAt }

func (s sighting) Value(k selectors.Key) (string, bool) {
	if isHeartbeat(k) {
		return heartbeat(s.reality.Records[s.id])
	}
	return s.Attributes.Value(k)
}

func (s sighting) Elements(string) iter.Seq[selectors.Attributes] {
	var list []element
	for at, state := range s.reality.Slots {
		if at.Device == s.id {
			list = append(list, elementOf(at, state))
		}
	}
	slices.SortFunc(list, func(a, b element) int { return a.app.Compare(b.app) })
	return func(yield func(selectors.Attributes) bool) {
		for _, e := range list {
			if !yield(e) {
				return
			}
		}
	}
}

func isHeartbeat(k selectors.Key) bool { return !k.Label && k.Name == selectors.Heartbeat }

// heartbeat is when the device was last heard, as a selector reads it.
func heartbeat(r Record) (string, bool) {
	return r.Heard.UTC().Format(time.RFC3339Nano), !r.Heard.IsZero()
}

// element is what a selector inside any(deploy: …) sees of a slot. Equal ones cannot be told
// apart.
type element struct {
	app      App
	version  Version
	phase    Phase
	restarts int
	since    time.Time // in UTC
}

func elementOf(at Slot, s SlotState) element {
	return element{at.App, s.Release.Version, s.Phase, s.Restarts, s.Since.UTC().Round(0)}
}

// Value is a key of the element; what the device did not say is absent.
func (e element) Value(k selectors.Key) (string, bool) {
	switch k.Name {
	case "app":
		return e.app.String(), true
	case "version":
		return e.version.String(), e.version.String() != ""
	case "phase":
		return e.phase.String(), e.phase != 0
	case "restarts":
		return strconv.Itoa(e.restarts), true
	case "since":
		return e.since.Format(time.RFC3339Nano), !e.since.IsZero()
	}
	return "", false
}

// elementKeys are the keys that a selector on elements asks about.
type elementKeys struct{ app, version, phase, restarts, since bool }

// only is the element with what is not asked about left out, so that few are distinct.
func (k elementKeys) only(e element) element {
	if !k.app {
		e.app = App{}
	}
	if !k.version {
		e.version = Version{}
	}
	if !k.phase {
		e.phase = 0
	}
	if !k.restarts {
		e.restarts = 0
	}
	if !k.since {
		e.since = time.Time{}
	}
	return e
}

// note adds the keys that x asks about.
func (k *elementKeys) note(x selectors.Expr) {
	switch x := x.(type) {
	case selectors.Compare:
		k.add(x.Key)
	case selectors.In:
		k.add(x.Key)
	case selectors.Glob:
		k.add(x.Key)
	case selectors.Contains:
		k.add(x.Key)
	case selectors.Has:
		k.add(x.Key)
	case selectors.Within:
		k.add(x.Key)
	case selectors.Not:
		k.note(x.X)
	case selectors.Binary:
		k.note(x.L)
		k.note(x.R)
	case selectors.Const:
	case selectors.Quant, selectors.Sample, selectors.Name, selectors.Universe, selectors.Nodes, selectors.Filter, selectors.Take, selectors.Rule:
		panic(fmt.Sprintf("algebra: %T in a quantifier", x))
	}
}

func (k *elementKeys) add(key selectors.Key) {
	switch key.Name {
	case "app":
		k.app = true
	case "version":
		k.version = true
	case "phase":
		k.phase = true
	case "restarts":
		k.restarts = true
	case "since":
		k.since = true
	}
}

// observation is a reality arranged for questions about the whole roster.
type observation struct {
	reality Reality
	all     []located // by ordinal
	sorted  bool      // all is filled
	groups  map[elementKeys]map[element]*roaring.Bitmap
}

type located struct {
	ordinal uint32
	element element
}

// having is the devices that have each distinct element, as far as the keys tell.
func (o *observation) having(k elementKeys) map[element]*roaring.Bitmap {
	if g, ok := o.groups[k]; ok {
		return g
	}
	if !o.sorted {
		o.locate()
	}
	ordinals := map[element][]uint32{}
	for _, l := range o.all {
		e := k.only(l.element)
		ordinals[e] = append(ordinals[e], l.ordinal)
	}
	g := make(map[element]*roaring.Bitmap, len(ordinals))
	for e, list := range ordinals {
		g[e] = roaring.BitmapOf(list...)
	}
	o.groups[k] = g
	return g
}

// locate lists the reports of the devices of the roster.
func (o *observation) locate() {
	o.sorted = true
	o.all = make([]located, 0, len(o.reality.Slots))
	for at, state := range o.reality.Slots {
		if i, ok := o.reality.Roster.Ordinal(at.Device); ok {
			o.all = append(o.all, located{i, elementOf(at, state)})
		}
	}
	slices.SortFunc(o.all, func(a, b located) int { return cmp.Compare(a.ordinal, b.ordinal) })
}

// quantified decides the selector once on each distinct element: any is the devices that have
// one on which it holds, every is all but those that have one on which it does not.
func (e *evaluation) quantified(b *selectors.Bound, x selectors.Quant) *roaring.Bitmap {
	var keys elementKeys
	keys.note(x.By)
	var found []*roaring.Bitmap
	for element, on := range e.seen.having(keys) {
		if b.MatchesElement(x.By, element, e.seen.reality.ObservedAt) != x.Every {
			found = append(found, on)
		}
	}
	some := roaring.FastOr(found...)
	if x.Every {
		return roaring.AndNot(e.roster.all, some)
	}
	return some
}

// heard is the devices on whose record the test holds.
func (e *evaluation) heard(holds func(Record) bool) *roaring.Bitmap {
	return bitmapWhere(e.roster.Len(), func(i uint32) bool {
		return holds(e.seen.reality.Records[e.roster.ID(i)])
	})
}

func (e *evaluation) within(x selectors.Within) *roaring.Bitmap {
	return e.heard(func(r Record) bool { return !r.Heard.IsZero() && x.Admits(r.Heard, e.seen.reality.ObservedAt) })
}

// attribute is the devices on which an atom holds: of what was declared, or of when they were
// heard.
func (e *evaluation) attribute(a selectors.Atom) *roaring.Bitmap {
	if !isHeartbeat(a.Subject()) {
		return e.atom(a)
	}
	return e.heard(func(r Record) bool { return a.Holds(heartbeat(r)) })
}
