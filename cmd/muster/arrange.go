package main

import (
	"cmp"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// arranged is a fleet as the clauses of a query want it: rows of devices, in an order.
type arranged struct {
	roster   *algebra.Roster
	by, show []selectors.Key
	rows     []arrangedRow
	of       int // rows before the limit
}

// arrangedRow is a device, or the devices that agree on the keys of by.
type arrangedRow struct {
	devices []uint32 // ordinals
	by      []optional
	shown   [][]optional // for each key of show, the distinct values in their order
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
// It takes a few passes over the devices, whatever their values.
func (g ground) arrange(q selectors.Query, f algebra.Fleet) arranged {
	devices := slices.Collect(f.Ordinals())
	ranked := map[selectors.Key]*ranking{}
	for _, k := range slices.Concat(q.By, q.Show, []selectors.Key{q.Sort.Key}) {
		if k = unplaced(k); ranked[k] == nil && k != (selectors.Key{}) {
			ranked[k] = g.rank(k, devices)
		}
	}
	rankings := func(keys []selectors.Key) (out []*ranking) {
		for _, k := range keys {
			out = append(out, ranked[unplaced(k)])
		}
		return out
	}
	by, show := rankings(q.By), rankings(q.Show)
	groups := partitioned(len(devices), by)
	if r := ranked[unplaced(q.Sort.Key)]; r != nil {
		places := make([]int, len(groups))
		for i, members := range groups {
			places[i] = r.best(members, q.Sort.Desc)
		}
		order := make([]int, len(groups))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(places[x], places[y]) })
		sorted := make([][]uint32, len(groups))
		for i, at := range order {
			sorted[i] = groups[at]
		}
		groups = sorted
	}
	a := arranged{roster: g.roster, by: q.By, show: q.Show, of: len(groups)}
	if q.Limit > 0 && q.Limit < len(groups) {
		groups = groups[:q.Limit]
	}
	for _, members := range groups {
		row := arrangedRow{devices: make([]uint32, len(members))}
		for i, m := range members {
			row.devices[i] = devices[m]
		}
		for _, r := range by {
			row.by = append(row.by, r.value(r.places[members[0]]))
		}
		for _, r := range show {
			row.shown = append(row.shown, r.distinct(members))
		}
		a.rows = append(a.rows, row)
	}
	return a
}

// partitioned puts n devices, by their numbers, into groups that agree on all rankings, in the order
// of these. Without any each device is a group.
func partitioned(n int, by []*ranking) [][]uint32 {
	all := make([]uint32, n)
	for i := range all {
		all[i] = uint32(i)
	}
	groups := make([][]uint32, 0, n)
	if len(by) == 0 {
		for i := range all {
			groups = append(groups, all[i:i+1])
		}
		return groups
	}
	groups = append(groups, all)
	for _, r := range by {
		var finer [][]uint32
		for _, members := range groups {
			finer = r.split(finer, members)
		}
		groups = finer
	}
	return groups
}

// unplaced is a key without where it was written.
func unplaced(k selectors.Key) selectors.Key {
	return selectors.Key{Label: k.Label, Name: k.Name, Cast: k.Cast}
}
