package possible

import (
	"cmp"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/analysis"
)

// Change is a fleet, or a rule of an assignment, that another World says in other words.
type Change struct {
	Kind, Name string // of the document: Fleet or Assignment
	// Deployment and Priority are of a rule; empty for a fleet, and for an assignment none of
	// whose rules means something else.
	Deployment string
	Priority   int
	// Gained and Lost are the possible devices that only the later or only the earlier World has
	// there: with neither, the words changed and the meaning did not.
	Gained, Lost *Region
	// Err is an *analysis.Budget where that was not decided.
	Err error
}

// Region is a set of possible devices that is not empty.
type Region struct {
	Witness analysis.Device
	// Expr is the set without names; nil where no short expression is found.
	Expr selectors.Expr
}

// Changes compares the fleets and assignments of two Worlds by name, in that order. What is
// written alike, the names it uses included, is not looked at, so that the time is that of what
// was edited.
//
// Law: a device is in what a document of the later World says and not in what the earlier does
// iff it is in the region gained, and the other way round iff it is in the region lost.
func Changes(o analysis.Options, before, after algebra.World) []Change {
	var out []Change
	for _, kind := range []struct {
		name string
		of   func(algebra.World) []algebra.Definition
	}{
		{"Fleet", func(w algebra.World) []algebra.Definition { return w.Fleets }},
		{"Assignment", func(w algebra.World) []algebra.Definition { return w.Assignments }},
	} {
		was, is := byName(kind.of(before)), byName(kind.of(after))
		names := sortedKeys(was)
		for name := range is {
			if _, ok := was[name]; !ok {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			for _, c := range redefined(o, was[name], is[name]) {
				c.Kind, c.Name = kind.name, name
				out = append(out, c)
			}
		}
	}
	return out
}

func byName(definitions []algebra.Definition) map[string]*selectors.Bound {
	out := map[string]*selectors.Bound{}
	for _, d := range definitions {
		out[d.Name] = d.Expr
	}
	return out
}

// redefined compares two definitions of a name; nil is none.
func redefined(o analysis.Options, before, after *selectors.Bound) []Change {
	was, is := spelled(before), spelled(after)
	if text(was) == text(is) {
		return nil
	}
	x, y := slots(was), slots(is)
	var out []Change
	for _, k := range sortedSlots(x, y) {
		c := compare(o, x[k], y[k])
		if c.Gained == nil && c.Lost == nil && c.Err == nil {
			continue
		}
		if k != (slot{}) {
			c.Deployment, c.Priority = k.App+"@"+k.Version, k.priority
		}
		out = append(out, c)
	}
	if len(out) == 0 && text(before) != text(after) {
		out = append(out, Change{})
	}
	return out
}

func text(b *selectors.Bound) string {
	if b == nil {
		return ""
	}
	return selectors.Print(b.Expr())
}

// slot is what devices are given, the zero one that they are in a fleet.
type slot struct {
	selectors.DeployRef
	priority int
}

// extent is the devices that are given something; the zero one is nobody.
type extent struct {
	on   []analysis.Predicate
	expr selectors.Expr // nil where it is not known
}

func slots(b *selectors.Bound) map[slot]extent {
	out := map[slot]extent{}
	switch {
	case b == nil:
	case b.Sort() != selectors.AssignmentSort:
		out[slot{}] = extent{[]analysis.Predicate{analysis.Of(b)}, b.Expr()}
	default:
		for _, c := range Of(b) {
			k := slot{c.ref(), c.Priority}
			had, again := out[k]
			e := extent{append(had.on, c.On), joined(selectors.Or, had.expr, c.fleet)}
			if c.fleet == nil || again && had.expr == nil {
				e.expr = nil
			}
			out[k] = e
		}
	}
	return out
}

func sortedSlots(x, y map[slot]extent) []slot {
	var keys []slot
	for _, m := range []map[slot]extent{x, y} {
		for k := range m {
			if !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	slices.SortFunc(keys, func(a, b slot) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Version, b.Version), cmp.Compare(a.priority, b.priority))
	})
	return keys
}

// compare finds who comes and who goes.
func compare(o analysis.Options, was, is extent) (c Change) {
	s, err := analysis.NewSpace(o, analysis.Either(was.on...), analysis.Either(is.on...))
	if err != nil {
		return Change{Err: err}
	}
	if c.Gained, err = region(o, s.Set(1).Minus(s.Set(0)), is, was); err == nil {
		c.Lost, err = region(o, s.Set(0).Minus(s.Set(1)), was, is)
	}
	c.Err = err
	return c
}

// region is a set that is one extent without another; nil if it is empty.
func region(o analysis.Options, set analysis.Set, in, out extent) (*Region, error) {
	w, some, err := set.Witness()
	if err != nil || !some {
		return nil, err
	}
	r := &Region{Witness: w}
	if in.expr == nil || len(out.on) > 0 && out.expr == nil {
		return r, nil
	}
	b, err := selectors.Bind(without(in.expr, out.expr), selectors.Scope{})
	if err != nil {
		return r, nil
	}
	if x, err := analysis.Simplify(o, b); err == nil {
		r.Expr = x
	}
	return r, nil
}
