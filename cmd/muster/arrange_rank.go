package main

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// ranking is where each of some devices stands by a key, in the key's own order: numbers as
// numbers, versions as versions. A device without the key stands at absent, after all others.
type ranking struct {
	places []uint32
	absent uint32
	text   func(place uint32) string
}

// rank ranks devices, given by their ordinals.
func (g ground) rank(k selectors.Key, devices []uint32) *ranking {
	r := &ranking{places: make([]uint32, len(devices)), absent: uint32(len(devices))}
	switch {
	case !k.Label && k.Name == selectors.Heartbeat:
		c := g.heartbeats(devices)
		r.byColumn(k, c, func(i int) uint32 { return c.Codes[i] })
	case !k.Label && (k.Name == "name" || k.Name == "id"):
		for i := range r.places {
			r.places[i] = uint32(i) // devices come in the order of their ids
		}
		r.text = func(place uint32) string { return g.roster.ID(devices[place]).String() }
	default:
		c, ok := g.roster.Column(algebra.Key{Label: k.Label, Name: k.Name})
		if !ok {
			c.Codes = make([]uint32, g.roster.Len())
		}
		r.byColumn(k, c, func(i int) uint32 { return c.Codes[devices[i]] })
	}
	return r
}

// byColumn ranks by the values of a column, given the code of each device.
func (r *ranking) byColumn(k selectors.Key, c algebra.Column, code func(i int) uint32) {
	order := k.Order(c.Values)
	place := make([]uint32, len(order)+1) // by code
	for at, value := range order {
		place[value+1] = uint32(at)
	}
	r.absent = uint32(len(order))
	place[0] = r.absent
	for i := range r.places {
		r.places[i] = place[code(i)]
	}
	r.text = func(place uint32) string { return c.Values[order[place]] }
}

// heartbeats are when devices were heard of, as a column of them alone.
func (g ground) heartbeats(devices []uint32) algebra.Column {
	heard := make([]string, len(devices))
	codes := map[string]uint32{}
	for i, d := range devices {
		if at := g.reality.Records[g.roster.ID(d)].Heard; !at.IsZero() {
			heard[i] = at.UTC().Format(time.RFC3339)
			codes[heard[i]] = 0
		}
	}
	c := algebra.Column{Values: slices.Sorted(maps.Keys(codes)), Codes: make([]uint32, len(devices))}
	for i, v := range c.Values {
		codes[v] = uint32(i) + 1
	}
	for i, v := range heard {
		c.Codes[i] = codes[v]
	}
	return c
}

// best is the place by which a group is sorted: the least, or turned round the greatest, of the
// devices that have the key.
func (r *ranking) best(members []uint32, desc bool) int {
	best, some := 0, false
	for _, m := range members {
		at := int(r.places[m])
		if r.places[m] == r.absent {
			continue
		}
		if !some || desc && at > best || !desc && at < best {
			best, some = at, true
		}
	}
	switch {
	case !some:
		return int(r.absent)
	case desc:
		return -best
	}
	return best
}

// split adds the parts of a group that agree on the key, in its order.
func (r *ranking) split(into [][]uint32, members []uint32) [][]uint32 {
	sorted := make([]uint32, len(members))
	if few := int(r.absent) <= 4*len(members); few { // a counting sort
		starts := make([]int, r.absent+2)
		for _, m := range members {
			starts[r.places[m]+1]++
		}
		for i := 1; i < len(starts); i++ {
			starts[i] += starts[i-1]
		}
		for _, m := range members {
			at := &starts[r.places[m]]
			sorted[*at] = m
			*at++
		}
	} else {
		copy(sorted, members)
		slices.SortStableFunc(sorted, func(a, b uint32) int { return cmp.Compare(r.places[a], r.places[b]) })
	}
	from := 0
	for i := 1; i <= len(sorted); i++ {
		if i == len(sorted) || r.places[sorted[i]] != r.places[sorted[from]] {
			into = append(into, sorted[from:i:i])
			from = i
		}
	}
	return into
}

func (r *ranking) value(place uint32) optional {
	if place == r.absent {
		return optional{}
	}
	return optional{r.text(place), true}
}

// distinct are the values of some devices, once each.
func (r *ranking) distinct(members []uint32) []optional {
	places := map[uint32]bool{}
	for _, m := range members {
		places[r.places[m]] = true
	}
	var out []optional
	for _, p := range slices.Sorted(maps.Keys(places)) {
		out = append(out, r.value(p))
	}
	return out
}
