package main

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// arranged is a fleet as the clauses of a query want it: rows of devices, in an order.
type arranged struct {
	by, show []selectors.Key
	rows     []arrangedRow
	of       int // rows before the limit
}

// arrangedRow is a device, or the devices that agree on the keys of by.
type arrangedRow struct {
	ids   []string
	by    []optional
	shown [][]optional // for each key of show, the distinct values in their order
}

// optional is the value of a key, or that a device lacks it.
type optional struct {
	text    string
	present bool
}

// plain says that a query has no clause.
func plain(q selectors.Query) bool {
	return len(q.By) == 0 && len(q.Show) == 0 && q.Sort == selectors.SortKey{} && q.Limit == 0
}

// arrange groups a fleet by the keys of by, and sorts and limits the rows. What lacks a key
// stands last. A group is sorted by its least value, or its greatest where the order is descending.
func (g ground) arrange(q selectors.Query, f algebra.Fleet) arranged {
	columns := map[selectors.Key]*ranking{}
	for _, k := range slices.Concat(q.By, q.Show, []selectors.Key{q.Sort.Key}) {
		if k = unplaced(k); columns[k] == nil && k != (selectors.Key{}) {
			columns[k] = g.rank(k, f)
		}
	}
	a := arranged{by: q.By, show: q.Show}
	type group struct {
		ordinals []uint32
		by       []int
	}
	var groups []*group
	found := map[string]*group{}
	for i := range f.Ordinals() {
		var at []int
		var id strings.Builder
		for _, k := range q.By {
			r := columns[unplaced(k)].of(i)
			at = append(at, r)
			id.WriteString(strconv.Itoa(r) + ",")
		}
		if len(q.By) == 0 {
			groups = append(groups, &group{ordinals: []uint32{i}})
			continue
		}
		if found[id.String()] == nil {
			found[id.String()] = &group{by: at}
			groups = append(groups, found[id.String()])
		}
		found[id.String()].ordinals = append(found[id.String()].ordinals, i)
	}
	sortBy := columns[unplaced(q.Sort.Key)]
	place := func(x *group) int { // of the group among the values of the key sorted by
		var at []int
		for _, i := range x.ordinals {
			if r := sortBy.of(i); r < sortBy.absent() {
				at = append(at, r)
			}
		}
		switch {
		case len(at) == 0:
			return sortBy.absent()
		case q.Sort.Desc:
			return -slices.Max(at)
		}
		return slices.Min(at)
	}
	places := map[*group]int{}
	if sortBy != nil {
		for _, x := range groups {
			places[x] = place(x)
		}
	}
	slices.SortStableFunc(groups, func(x, y *group) int {
		return cmp.Or(cmp.Compare(places[x], places[y]), slices.Compare(x.by, y.by))
	})
	a.of = len(groups)
	if q.Limit > 0 && q.Limit < len(groups) {
		groups = groups[:q.Limit]
	}
	for _, x := range groups {
		row := arrangedRow{}
		for _, i := range x.ordinals {
			row.ids = append(row.ids, g.roster.ID(i).String())
		}
		for n, k := range q.By {
			row.by = append(row.by, columns[unplaced(k)].value(x.by[n]))
		}
		for _, k := range q.Show {
			row.shown = append(row.shown, columns[unplaced(k)].distinct(x.ordinals))
		}
		a.rows = append(a.rows, row)
	}
	return a
}

// unplaced is a key without where it was written.
func unplaced(k selectors.Key) selectors.Key {
	return selectors.Key{Label: k.Label, Name: k.Name, Cast: k.Cast}
}

// ranking is the values of a key in a fleet in their own order: numbers as numbers, versions
// as versions.
type ranking struct {
	values []string
	places map[string]int
	read   func(ordinal uint32) (string, bool)
}

func (g ground) rank(k selectors.Key, f algebra.Fleet) *ranking {
	r := &ranking{places: map[string]int{}}
	r.read = func(i uint32) (string, bool) { return g.roster.Attributes(i).Value(plainKey(k)) }
	if !k.Label && k.Name == selectors.Heartbeat {
		r.read = func(i uint32) (string, bool) {
			at := g.reality.Records[g.roster.ID(i)].Heard
			return at.UTC().Format(time.RFC3339), !at.IsZero()
		}
	}
	for i := range f.Ordinals() {
		if v, ok := r.read(i); ok {
			r.places[v] = 0
		}
	}
	r.values = slices.Sorted(maps.Keys(r.places))
	less := map[string]selectors.Atom{} // for each value that has an order, the atom key < value
	for _, v := range r.values {
		if x, err := selectors.Parse(k.String() + " < " + v); err == nil {
			if b, err := selectors.Bind(x, selectors.Scope{}); err == nil {
				less[v], _ = b.Expr().(selectors.Atom)
			}
		}
	}
	slices.SortStableFunc(r.values, func(a, b string) int {
		x, y := less[a], less[b]
		switch {
		case x == nil && y == nil:
			return 0
		case x == nil:
			return 1
		case y == nil:
			return -1
		case y.Holds(a, true):
			return -1
		case x.Holds(b, true):
			return 1
		}
		return 0
	})
	for i, v := range r.values {
		r.places[v] = i
	}
	return r
}

// absent is the place of devices without the key, after all values.
func (r *ranking) absent() int { return len(r.values) }

func (r *ranking) of(ordinal uint32) int {
	if v, ok := r.read(ordinal); ok {
		return r.places[v]
	}
	return r.absent()
}

func (r *ranking) value(place int) optional {
	if place == r.absent() {
		return optional{}
	}
	return optional{r.values[place], true}
}

// distinct are the values of some devices, once each.
func (r *ranking) distinct(ordinals []uint32) []optional {
	var places []int
	for _, i := range ordinals {
		places = append(places, r.of(i))
	}
	slices.Sort(places)
	var out []optional
	for _, p := range slices.Compact(places) {
		out = append(out, r.value(p))
	}
	return out
}
